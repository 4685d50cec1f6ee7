"""`import_holidays --calendar NAME (--year 2026 | --file FILE.json)`: a year into a calendar."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from common.errors import RuleBroken
from staff.holiday_years import Notice, fill, from_file, from_library
from staff.models import Calendar


class Command(BaseCommand):
    """Fills in China's holidays and working weekend days of a year (`docs/calendars.md`); doing it
    again changes nothing, and no day that a person entered is touched."""

    help = "Fill the holidays of a year into a calendar (docs/calendars.md)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--calendar", required=True, help="name of the calendar")
        parser.add_argument("--year", type=int, help="the year; with --file, its year must agree")
        parser.add_argument("--file", type=Path, help="the notice as JSON in the holiday-cn form")

    def handle(self, *args: Any, **options: Any) -> None:
        calendar = _calendar(options["calendar"])
        try:
            notice = _notice(options["year"], options["file"])
        except RuleBroken as broken:
            raise CommandError(str(broken)) from broken
        days = fill(calendar, notice)
        self.stdout.write(
            _("“%(calendar)s”已有 %(year)d 年的 %(days)d 个特殊日期（%(source)s）。")
            % {
                "calendar": calendar.name,
                "year": notice.year,
                "days": days,
                "source": notice.source,
            }
        )


def _calendar(name: str) -> Calendar:
    found = Calendar.objects.filter(name=name).first()
    if found is None:
        names = "、".join(Calendar.objects.values_list("name", flat=True)) or "–"
        raise CommandError(
            _("没有叫“%(name)s”的服务日历；现有：%(names)s") % {"name": name, "names": names}
        )
    return found


def _notice(year: int | None, file: Path | None) -> Notice:
    if file is None:
        if year is None:
            raise CommandError(_("请给出 --year 或 --file。"))
        return from_library(year)
    notice = from_file(file)
    if year not in (None, notice.year):
        raise CommandError(
            _("文件里是 %(found)d 年的通知，不是 %(year)d 年的。")
            % {"found": notice.year, "year": year}
        )
    return notice
