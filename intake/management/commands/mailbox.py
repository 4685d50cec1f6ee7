"""`mailbox KEY --address A ...`: sets up a way in for mail, or changes it."""

from __future__ import annotations

import os
from argparse import ArgumentParser, BooleanOptionalAction
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.db.models import Model
from django.utils.translation import gettext as _

from common.time import database_now
from complaints.models import Category, Channel
from intake import inlets
from intake.mail import imap
from intake.mail.mailboxes import settings_of
from intake.models import Inlet, Mailbox
from staff.models import Branch, BranchKind, Person

Row = TypeVar("Row", bound=Model)

_PLAIN = (
    "address",
    "host",
    "port",
    "security",
    "user",
    "folder",
    "plus",
    "acknowledge",
    "hourly",
    "machines",
)


class Command(BaseCommand):
    """What is not named stays as it is. The password comes from the environment
    (MAILBOX_PASSWORD), so that no list of processes shows it (`docs/mail.md`)."""

    help = "Set up a way in for mail (docs/mail.md); the password is read from MAILBOX_PASSWORD."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("key")
        parser.add_argument("--address", help="where customers write to")
        parser.add_argument("--name", help="what it is called, and who answers by mail")
        parser.add_argument("--branch", metavar="CODE", help="whose mails they are; headquarters'")
        parser.add_argument("--receiver", metavar="USER", help="who hears them first")
        parser.add_argument("--category", metavar="CODE", help="where no keyword says another")
        parser.add_argument("--host", help="the IMAP server; none when a mail server pipes")
        parser.add_argument("--port", type=int)
        parser.add_argument("--security", choices=["tls", "starttls", "none"])
        parser.add_argument("--user", help="the address, if not given")
        parser.add_argument("--folder")
        parser.add_argument("--plus", action=BooleanOptionalAction, default=None)
        parser.add_argument("--acknowledge", action=BooleanOptionalAction, default=None)
        parser.add_argument("--hourly", type=int, help="more of one sender in an hour wait")
        parser.add_argument(
            "--machines", nargs="*", metavar="ADDRESS", help="taken, though automatic"
        )
        parser.add_argument("--active", action=BooleanOptionalAction, default=None)
        parser.add_argument(
            "--from-now", action="store_true", help="leave out what is in the mailbox already"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        inlet = Inlet.objects.filter(key=options["key"]).first()
        if inlet is not None and inlet.channel != Channel.MAIL:
            raise CommandError(_("这个代码已用于别的渠道。"))
        inlet = inlet or Inlet(key=options["key"], name=options["key"], channel=Channel.MAIL)
        _apply(inlet, options)
        inlet.save()
        if options["from_now"]:
            _skip_to_the_end(inlet)
        self.stdout.write(f"{inlet.key}: {settings_of(inlet)}")


def _apply(inlet: Inlet, options: dict[str, Any]) -> None:
    named = {name: options[name] for name in _PLAIN if options[name] is not None}
    try:
        if named.get("address"):
            validate_email(named["address"])
    except ValidationError as wrong:
        raise CommandError(_("这不是邮件地址。")) from wrong
    inlet.settings = {**inlet.settings, **named}
    inlet.name = options["name"] or inlet.name
    if options["active"] is not None:
        inlet.is_active = options["active"]
    if options["branch"] or inlet.branch_id is None:
        inlet.branch = _branch(options["branch"])
    if options["receiver"]:
        inlet.receiver = _found(Person, username=options["receiver"])
    if options["category"]:
        inlet.category = _found(Category, code=options["category"])
    if "MAILBOX_PASSWORD" in os.environ:
        inlets.seal(inlet, password=os.environ["MAILBOX_PASSWORD"])


def _branch(code: str | None) -> Branch:
    if code:
        return _found(Branch, code__iexact=code)
    return _found(Branch, kind=BranchKind.HEADQUARTERS)


def _found(model: type[Row], **named: str) -> Row:
    found = model._default_manager.filter(**named).first()
    if found is None:
        raise CommandError(_("没有找到：%(what)s") % {"what": "、".join(named.values())})
    return found


def _skip_to_the_end(inlet: Inlet) -> None:
    try:
        password = inlets.secrets_of(inlet).get("password", "")
        with imap.opened(settings_of(inlet), password) as folder:
            Mailbox.objects.update_or_create(
                inlet=inlet,
                defaults={
                    "uid_validity": folder.uid_validity,
                    "last_uid": folder.uid_next - 1,
                    "polled_at": database_now(),
                },
            )
    except imap.FAULTS as fault:
        raise CommandError(_("打不开邮箱：%(error)s") % {"error": type(fault).__name__}) from fault
