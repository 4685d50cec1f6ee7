"""`reconcile_intake [--day]`, for cron: what came on a day against what became of it."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, ArgumentTypeError
from datetime import date, timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from common.time import database_now
from intake import reconciliation


class Command(BaseCommand):
    """A line of JSON for each way in; 1 when one has a difference or something that waits for
    more than ten minutes, else 0 (`docs/intake.md`)."""

    help = "Print what came in on a day and what became of it; exit 1 on a difference."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--day", type=_day, help="YYYY-MM-DD, the firm's day; else yesterday")

    def handle(self, *args: Any, **options: Any) -> None:
        at = database_now()
        day = options["day"] or _today(at) - timedelta(days=1)
        found = reconciliation.lines(day, day, at=at)
        for line in found:
            self.stdout.write(reconciliation.as_json(line))
        if any(line.is_wrong for line in found):
            sys.exit(1)


def _today(at: Any) -> date:
    return timezone.localtime(at, timezone.get_default_timezone()).date()


def _day(said: str) -> date:
    try:
        return date.fromisoformat(said)
    except ValueError as error:
        raise ArgumentTypeError("YYYY-MM-DD") from error
