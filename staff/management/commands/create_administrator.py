"""The first person of an empty house: asks for a name and a password on the terminal."""

from __future__ import annotations

import getpass
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils.translation import gettext as _

from staff import branches, people
from staff.models import Branch, BranchKind, Person, Role


class Command(BaseCommand):
    """`create_administrator [--username U --name N --firm F]`: the password is asked for, or
    read from the first line of standard input with `--password-stdin`."""

    help = "Create headquarters and the first administrator of an empty installation."

    def add_arguments(self, parser: CommandParser) -> None:
        """What may be said beforehand; the rest is asked for."""
        parser.add_argument("--username")
        parser.add_argument("--name")
        parser.add_argument("--firm", help="the name of headquarters")
        parser.add_argument("--password-stdin", action="store_true")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        """Ask for what is missing and create both. Raises CommandError on a bad answer."""
        username = options["username"] or self._ask(_("管理员用户名："))
        name = options["name"] or self._ask(_("姓名："))
        password = self._password(options["password_stdin"])
        headquarters = Branch.objects.filter(kind=BranchKind.HEADQUARTERS).first()
        if headquarters is None:
            firm = options["firm"] or self._ask(_("公司总部名称："))
            headquarters = Branch(code="HQ", name=firm, kind=BranchKind.HEADQUARTERS)
            self._check(headquarters.clean_fields, exclude=["path", "sort_key"])
            branches.save(headquarters)
        candidate = Person(
            username=username, name=name, role=Role.ADMINISTRATOR, branch=headquarters
        )
        self._check(candidate.clean_fields, exclude=["password", "sort_key"])
        self._check(candidate.validate_constraints)
        self._check(validate_password, password, candidate)
        people.hire(
            username, name=name, role=Role.ADMINISTRATOR, branch=headquarters, password=password
        )
        self.stdout.write(_("管理员 %(name)s 已建立。") % {"name": username})

    def _ask(self, question: str) -> str:
        answer = input(question).strip()
        return answer or self._ask(question)

    def _password(self, from_stdin: bool) -> str:
        if from_stdin:
            return input()
        password = getpass.getpass(_("密码："))
        if password != getpass.getpass(_("再输一次密码：")):
            raise CommandError(_("两次输入的密码不一样。"))
        return password

    def _check(self, check: Any, *args: Any, **kwargs: Any) -> None:
        try:
            check(*args, **kwargs)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
