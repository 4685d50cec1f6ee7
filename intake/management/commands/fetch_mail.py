"""`fetch_mail [--inlet KEY]`: takes in at once what is new in the mailboxes."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from common.time import database_now
from complaints.models import Channel
from intake import inlets
from intake.mail import polling
from intake.mail.mailboxes import settings_of


class Command(BaseCommand):
    """The same that a worker does each minute (`docs/mail.md`)."""

    help = "Take in what is new in the mailboxes (docs/mail.md)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--inlet", metavar="KEY", help="only this one")

    def handle(self, *args: Any, **options: Any) -> None:
        found = self._one(options["inlet"]) if options["inlet"] else polling.poll_all(database_now)
        for key, came in found.items():
            self.stdout.write(f"{key}: {came}")
        if any(isinstance(came, str) for came in found.values()):
            raise CommandError(_("有邮箱没有收取成功。"))

    def _one(self, key: str) -> dict[str, int | str]:
        inlet = inlets.active(Channel.MAIL, key)
        if inlet is None or not settings_of(inlet).host:
            raise CommandError(_("没有这个邮箱：%(key)s") % {"key": key})
        return {key: polling.poll(inlet, database_now)}
