"""A week begins on Monday 00:00 in the firm's zone and ends before the next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from common.errors import RuleBroken
from reports.periods import Week


@pytest.mark.parametrize(
    ("written", "year", "number"),
    [
        ("2026-W47", 2026, 47),
        ("2026-w07", 2026, 7),
        ("2026W7", 2026, 7),
        (" 2026-W53 ", 2026, 53),
        ("\uff12\uff10\uff12\uff16-\uff37\uff14\uff17", 2026, 47),
    ],
)
def test_a_week_is_read_as_people_write_it(written: str, year: int, number: int) -> None:
    assert Week.parse(written) == Week(year, number)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("", "week.unreadable"),
        ("47", "week.unreadable"),
        ("2026-11-16", "week.unreadable"),
        ("2026-W47; DROP TABLE", "week.unreadable"),
        ("2026-W\x00", "week.unreadable"),
        ("2026-W\u0664\u0667", "week.unreadable"),
        ("2026-W00", "week.no_such"),
        ("2026-W54", "week.no_such"),
        ("2025-W53", "week.no_such"),
        ("0001-W01", "week.no_such"),
        ("9999-W52", "week.no_such"),
    ],
)
def test_what_is_no_week_is_refused_beside_its_field(written: str, code: str) -> None:
    with pytest.raises(RuleBroken) as refused:
        Week.parse(written)
    assert (refused.value.code, refused.value.field) == (code, "week")


def test_a_week_is_half_open_in_the_firms_zone() -> None:
    week = Week(2026, 47)
    assert week.start == datetime(2026, 11, 15, 16, tzinfo=UTC)
    assert week.end == datetime(2026, 11, 22, 16, tzinfo=UTC)
    assert Week.containing(week.start) == week
    assert Week.containing(week.end - timedelta(microseconds=1)) == week
    assert Week.containing(week.end) == Week(2026, 48)
    assert Week.containing(week.start - timedelta(microseconds=1)) == Week(2026, 46)


def test_an_hour_is_lost_in_the_week_that_summer_time_begins(settings: Any) -> None:
    settings.TIME_ZONE = "Europe/Berlin"
    week = Week(2026, 13)
    hours = (week.end.astimezone(UTC) - week.start.astimezone(UTC)) / timedelta(hours=1)
    assert hours == 7 * 24 - 1
    assert Week.containing(week.end - timedelta(microseconds=1)) == week


def test_weeks_follow_each_other_over_the_end_of_the_year() -> None:
    assert Week(2026, 53).next == Week(2027, 1)
    assert Week(2027, 1).previous == Week(2026, 53)
    assert Week(2025, 52).next == Week(2026, 1)
    assert Week(2026, 53).end == Week(2027, 1).start
    assert str(Week(2027, 1)) == "2027-W01"
    assert "2027 年第 1 周" in Week(2027, 1).label
    assert "01-04 至 01-10" in Week(2027, 1).label


def test_a_written_week_reads_back_as_itself() -> None:
    week = Week(2000, 1)
    for _step in range(52 * 12):
        assert Week.parse(str(week)) == week
        week = week.next
