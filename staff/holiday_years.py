"""Filling a year of holidays into a calendar, from the library or from a file of the notice."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from holidays.countries.china import China

from common import worktime
from common.errors import RuleBroken
from common.worktime import DAYS
from staff.models import Calendar, CalendarDay, CalendarYear

#: Working weekend days are worked like the weekday next to them.
_LIKE = {5: 4, 6: 0}
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Notice:
    """The holidays of a year and the weekend days that are worked for them, with their names."""

    year: int
    source: str
    off: dict[date, str]
    worked: dict[date, str]


def from_library(year: int) -> Notice:
    """What the library knows of China's year. Raises RuleBroken `holidays.unknown` for a year
    whose working weekend days it does not know: then the notice was not in it yet."""
    known = China(years=year, language="zh_CN")  # type: ignore[no-untyped-call]
    worked = sorted(day for day in known.weekend_workdays if day.year == year)
    if not worked:
        raise RuleBroken(
            "holidays.unknown",
            _("holidays %(version)s 还没有 %(year)d 年的放假通知；请升级它，或用 --file 导入。")
            % {"version": version("holidays"), "year": year},
            field="year",
        )
    off = {day: name for day, name in sorted(known.items()) if day.year == year}
    return Notice(
        year,
        f"holidays {version('holidays')}",
        dict.fromkeys(_weekends_beside(off, known.weekend_workdays), _("周末连休")) | off,
        dict.fromkeys(worked, _("调休上班")),
    )


def from_file(path: Path) -> Notice:
    """The notice in a file of the holiday-cn form. Raises RuleBroken `holidays.file`."""
    try:
        said = json.loads(path.read_text("utf-8-sig"))
        days = [_day(said_day) for said_day in said["days"]]
        year, papers = int(said["year"]), [str(paper) for paper in said.get("papers", ())]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise RuleBroken(
            "holidays.file",
            _("%(file)s 不是 holiday-cn 格式的放假文件：%(why)r") % {"file": path, "why": error},
            field="file",
        ) from error
    return Notice(
        year,
        " ".join(papers or [path.name])[:200],
        {day: name for day, name, is_off in days if is_off},
        {day: f"{name}{_('调休上班')}" for day, name, is_off in days if not is_off},
    )


@transaction.atomic
def fill(calendar: Calendar, notice: Notice) -> int:
    """Make what earlier imports of the year wrote what the notice says now; how many days it has.
    Days that a person entered, and days of a later year's notice, stay as they are."""
    Calendar.objects.select_for_update().get(pk=calendar.pk)
    wanted = {day.date: day for day in _days(calendar, notice)}
    CalendarDay.objects.filter(calendar=calendar, imported_for=notice.year).delete()
    dates = CalendarDay.objects.filter(calendar=calendar, date__in=wanted)
    dates.filter(imported_for__lt=notice.year).delete()
    taken = set(dates.values_list("date", flat=True))
    CalendarDay.objects.bulk_create(day for on, day in wanted.items() if on not in taken)
    CalendarYear.objects.update_or_create(
        calendar=calendar, year=notice.year, defaults={"source": notice.source}
    )
    return len(wanted)


def _days(calendar: Calendar, notice: Notice) -> Iterator[CalendarDay]:
    """The rows of a notice. A working Saturday is worked like Friday and a Sunday like Monday;
    where that weekday is closed, the day stays what its week says."""

    def row(day: date, windows: str, note: str) -> CalendarDay:
        return CalendarDay(
            calendar=calendar, date=day, windows=windows, note=note[:60], imported_for=notice.year
        )

    week = worktime.parse_week(calendar.weekly)
    for day, name in notice.off.items():
        yield row(day, "", name)
    for day, name in notice.worked.items():
        like = _LIKE.get(day.weekday(), day.weekday())
        if week[like]:
            yield row(day, DAYS[like], name)


def _weekends_beside(off: Collection[date], worked: Collection[date]) -> Iterator[date]:
    """The weekend days that join a holiday, which the library does not name."""
    for day in off:
        for step in (-_DAY, _DAY):
            beside = day + step
            while beside.weekday() in _LIKE and beside not in worked:
                yield beside
                beside += step


def _day(said: dict[str, Any]) -> tuple[date, str, bool]:
    if not isinstance(said["isOffDay"], bool):
        raise TypeError(said["isOffDay"])
    return date.fromisoformat(said["date"]), str(said["name"]), said["isOffDay"]
