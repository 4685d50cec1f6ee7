"""When a branch is there for its customers, and which years' holidays nobody has entered yet."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from common import worktime
from common.worktime import BadHours, Hours, NeverOpen
from staff.hours import windows_of
from staff.models import Branch, Calendar

logger = logging.getLogger(__name__)

#: How long before its start the next year's holidays are asked for.
_AHEAD = timedelta(days=60)


def hours_of(branch: Branch) -> Hours | None:
    """The published hours: the branch's own, else those of the nearest above; None is round the
    clock. Two queries. Raises BadHours when a stored text can't be read any more."""
    above = Branch.objects.filter(pk__in=branch.ancestor_ids, calendar__isnull=False)
    nearest = max(above.select_related("calendar"), key=lambda one: len(one.path), default=None)
    if nearest is None or nearest.calendar is None:
        return None
    return _hours(nearest.calendar)


def service_start(branch: Branch, at: datetime) -> datetime:
    """When the service window opens for what was told at `at`: `at` itself where it is open, where
    no hours are published, and where they can't say."""
    try:
        hours = hours_of(branch)
        return at if hours is None else worktime.opening(hours, at)
    except (BadHours, NeverOpen) as reason:
        # No case is lost to a bad calendar: its clocks run round the clock.
        logger.error("hours of branch %s can't be used: %r", branch.code, reason)
        return at


def missing_years(at: datetime) -> list[tuple[str, int]]:
    """The calendars in use, by name, with each year whose holidays should be known by now and
    are not: this one, and the next within 60 days of its start."""
    calendars = Calendar.objects.filter(branches__isnull=False).distinct()
    return [
        (calendar.name, year)
        for calendar in calendars.order_by("name").prefetch_related("years")
        for year in _years_wanted(calendar, at)
        if year not in {known.year for known in calendar.years.all()}
    ]


def _hours(calendar: Calendar) -> Hours:
    week = worktime.parse_week(calendar.weekly)
    return Hours(
        worktime.zone(calendar.zone).key,
        week,
        {day.date: windows_of(day.windows, week) for day in calendar.days.all()},
    )


def _years_wanted(calendar: Calendar, at: datetime) -> list[int]:
    """This year and, near its end, the next, where the calendar's branches are."""
    try:
        there = worktime.zone(calendar.zone)
    except BadHours:
        there = worktime.zone("UTC")
    return sorted({at.astimezone(there).year, (at + _AHEAD).astimezone(there).year})
