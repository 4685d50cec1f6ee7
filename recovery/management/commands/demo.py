"""Load the demo firm into an empty house, or say who can sign in to it."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from common.time import database_now
from recovery.demo.firm import FIRM, PEOPLE, SIGN_INS
from recovery.demo.load import SIGN_IN_WORD, load_cases, load_firm
from staff.models import Person, Role

_EVERY = 100


class Command(BaseCommand):
    """`demo` writes the firm and three weeks of cases; a house with people of its own is left
    alone. `--firm` writes the firm without its cases, `--sign-ins` prints one sign-in for each
    role."""

    help = "Load the demo firm into an empty database."

    def add_arguments(self, parser: CommandParser) -> None:
        """What may be asked for on its own."""
        only = parser.add_mutually_exclusive_group()
        only.add_argument("--firm", action="store_true")
        only.add_argument("--sign-ins", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it; doing it again adds only what is missing."""
        if options["sign_ins"]:
            self._print_sign_ins()
            return
        if not Person.objects.exists():
            load_firm()
            self.stdout.write(f"{FIRM}: {len(PEOPLE)} people")
        if not options["firm"] and _is_demo():
            count = load_cases(now=database_now(), progress=self._progress)
            self.stdout.write(f"{FIRM}: {count} complaints loaded")

    def _progress(self, done: int, of: int) -> None:
        if done % _EVERY == 0:
            self.stdout.write(f"{FIRM}: {done} of {of} complaints")
            self.stdout.flush()

    def _print_sign_ins(self) -> None:
        if not _is_demo():
            return
        names = {person.username: person.name for person in PEOPLE}
        for role, username in SIGN_INS.items():
            self.stdout.write(
                f"  {username:<16} {SIGN_IN_WORD}   {names[username]} {Role(role).label}"
            )


def _is_demo() -> bool:
    """Whether the house is the demo firm's."""
    names = list(SIGN_INS.values())
    return Person.objects.filter(username__in=names).count() == len(names)
