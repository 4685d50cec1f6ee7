"""`sla_replay FILE.csv`: scenarios of working time, one JSON object a row; needs no database."""

from __future__ import annotations

import csv
import json
from argparse import ArgumentParser
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from complaints.replay import COLUMNS, replay

_UNREADABLE = 2


class Command(BaseCommand):
    """Prints, for each row in order, its id with what our arithmetic makes of it, or with
    `unsupported` or `error` (`docs/calendars.md`)."""

    help = "Replay scenarios of working time from a CSV file (docs/calendars.md)."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        for row in _rows(options["file"]):
            self.stdout.write(json.dumps(replay(row)))


def _rows(path: Path) -> list[dict[str, str]]:
    """The rows of the file; CommandError with status 2 when it is no file of scenarios."""
    try:
        text = path.read_text("utf-8-sig")
        reader = csv.DictReader(StringIO(text, newline=""), restval="")
        rows = list(reader)
    except (OSError, UnicodeError, csv.Error) as error:
        raise CommandError(
            _("无法读取 %(file)s：%(why)s") % {"file": path, "why": error}, returncode=_UNREADABLE
        ) from error
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        raise CommandError(
            _("%(file)s 不是场景文件，缺少这些列：%(names)s")
            % {"file": path, "names": ", ".join(missing)},
            returncode=_UNREADABLE,
        )
    return rows
