"""`import_people FILE [--dry-run]`: a list of people, without a page."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from common.errors import RuleBroken
from common.time import database_now
from intake.lists.firm_import import import_file
from intake.lists.lines import Line, Verdict
from intake.models import Kind
from staff.models import Person, Role


class Command(BaseCommand):
    """Writes what the list says of people, all or nothing (`docs/import.md`)."""

    help = "Take on, describe and appoint the people of a CSV or XLSX file (docs/import.md)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--by", help="user name of the administrator who imports")
        parser.add_argument("--dry-run", action="store_true", help="show only, write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            shown = import_file(
                Kind.PEOPLE,
                options["file"],
                by=_administrator(options["by"]),
                at=database_now(),
                rehearsal=options["dry_run"],
            )
        except RuleBroken as broken:
            raise CommandError(str(broken)) from broken
        for note in shown.notes:
            self.stderr.write(note)
        for line in shown.lines:
            if line.verdict != Verdict.UNCHANGED:
                self.stderr.write(_told(line))
        self.stdout.write(", ".join(f"{name} {count}" for name, count in shown.counts.items()))


def _told(line: Line) -> str:
    changes = "；".join(f"{each.label} {each.old} → {each.new}" for each in line.changes)
    return f"{line.line} {line.verdict.label} {line.name} {line.reason or changes}"


def _administrator(username: str | None) -> Person:
    """The one named, or the first there is."""
    found = Person.objects.filter(role=Role.ADMINISTRATOR, is_active=True).order_by("pk")
    person = (found.filter(username__iexact=username) if username else found).first()
    if person is None:
        raise CommandError(_("没有这样的系统管理员。"))
    return person
