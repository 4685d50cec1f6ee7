"""Load the demo firm into an empty house, or say who can sign in to it."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from common.time import database_now
from recovery.demo.firm import FIRM, PEOPLE, SIGN_INS
from recovery.demo.load import PASSWORD, load
from staff.models import Person, Role


class Command(BaseCommand):
    """`demo` writes the firm with three weeks of cases; does nothing where people are already.
    `demo --sign-ins` prints one sign-in for each role, and nothing in a house of its own."""

    help = "Load the demo firm into an empty database."

    def add_arguments(self, parser: CommandParser) -> None:
        """The two uses."""
        parser.add_argument("--sign-ins", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do one or the other."""
        if options["sign_ins"]:
            self._print_sign_ins()
        elif not Person.objects.exists():
            count = load(now=database_now(), progress=self._progress)
            self.stdout.write(f"\n{FIRM}: {count} complaints, {len(PEOPLE)} people")

    def _progress(self, done: int, of: int) -> None:
        if done % 50 == 0:
            self.stdout.write(f"\rdemo firm {done}/{of}", ending="")
            self.stdout.flush()

    def _print_sign_ins(self) -> None:
        names = {person.username: person.name for person in PEOPLE}
        if Person.objects.filter(username__in=SIGN_INS.values()).count() < len(SIGN_INS):
            return
        for role, username in SIGN_INS.items():
            label = Role(role).label
            self.stdout.write(f"  {username:<16} {PASSWORD}   {names[username]} {label}")
