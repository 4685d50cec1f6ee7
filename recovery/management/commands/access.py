"""`manage.py access`: who may come through which door."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from recovery.access_table import BEGIN, END, table
from recovery.places import BASE

PAGE = BASE / "docs" / "access.md"


class Command(BaseCommand):
    help = "打印“谁能进哪扇门”的表；--write 把它写进 docs/access.md"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--write", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["write"]:
            write(PAGE)
        else:
            self.stdout.write(table())


def write(page: Path) -> None:
    """Put the table between its two marks."""
    text = page.read_text()
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n{table()}\n{END}{after}")
