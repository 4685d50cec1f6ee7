"""Working time: laws that hold for any hours, and the edges one by one."""

from __future__ import annotations

import time as clock
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from common import worktime
from common.worktime import BadHours, Hours, NeverOpen, Windows, parse_week, parse_windows

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
OFFICE = parse_week("mon-fri 09:00-12:00 13:30-18:00")
SHANGHAI = Hours("Asia/Shanghai", OFFICE)


def shanghai(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Shanghai"))


# Any hours: zones by the days around a change of their clocks, one of which skips a whole day

CHANGES = [
    ("UTC", "2026-11-16"), ("Asia/Shanghai", "2026-10-01"),
    ("America/Los_Angeles", "2026-03-08"), ("America/Los_Angeles", "2026-11-01"),
    ("America/Sao_Paulo", "2015-10-18"), ("America/Sao_Paulo", "2016-02-21"),
    ("Australia/Lord_Howe", "2026-10-04"), ("Australia/Lord_Howe", "2026-04-05"),
    ("Pacific/Apia", "2011-12-30"), ("Africa/Casablanca", "2026-02-15"),
    ("America/St_Johns", "2007-03-11"), ("America/St_Johns", "2007-11-04"),
]  # fmt: skip


@st.composite
def windows(draw: st.DrawFn) -> Windows:
    edges = sorted(draw(st.sets(st.integers(0, 96), max_size=6)))
    return tuple(
        (opens * 15, closes * 15) for opens, closes in zip(edges[::2], edges[1::2], strict=False)
    )


@st.composite
def days(draw: st.DrawFn, near: date) -> dict[date, Windows]:
    chosen = draw(st.dictionaries(st.integers(-30, 30), windows(), max_size=4))
    return {near + timedelta(days=step): said for step, said in chosen.items()}


@st.composite
def hours_and_times(draw: st.DrawFn) -> tuple[Hours, datetime, datetime, datetime]:
    zone, day = draw(st.sampled_from(CHANGES))
    near = date.fromisoformat(day)
    week = tuple(draw(windows()) for _ in range(7))
    assume(any(week))
    hours = Hours(zone, week, draw(days(near)), draw(days(near)))
    middle = datetime.combine(near, time(12), UTC)
    steps = draw(st.lists(st.integers(-30 * 86_400, 30 * 86_400), min_size=3, max_size=3))
    first, second, third = sorted(middle + step * SECOND for step in steps)
    return hours, first, second, third


spans = st.integers(0, 400 * 3600).map(lambda seconds: seconds * SECOND)
some_spans = st.integers(1, 400 * 3600).map(lambda seconds: seconds * SECOND)
laws = settings(max_examples=150, deadline=None)
chosen = hours_and_times()


@laws
@given(chosen, spans)
def test_what_was_added_lies_between(
    said: tuple[Hours, datetime, datetime, datetime], span: timedelta
) -> None:
    hours, start, _, _ = said
    due = worktime.add(hours, start, span)
    assert due >= start
    assert worktime.between(hours, start, due) == span


@laws
@given(chosen)
def test_what_lies_between_has_passed_by_the_end_and_no_second_sooner(
    said: tuple[Hours, datetime, datetime, datetime],
) -> None:
    hours, start, end, _ = said
    worked = worktime.between(hours, start, end)
    assume(worked)
    due = worktime.add(hours, start, worked)
    assert due <= end
    assert worktime.between(hours, due, end) == timedelta(0)
    assert worktime.between(hours, start, due - SECOND) == worked - SECOND


@laws
@given(chosen, some_spans, some_spans)
def test_adding_twice_is_adding_the_sum(
    said: tuple[Hours, datetime, datetime, datetime], one: timedelta, two: timedelta
) -> None:
    hours, start, _, _ = said
    once = worktime.add(hours, start, one + two)
    assert worktime.add(hours, worktime.add(hours, start, one), two) == once


@laws
@given(chosen)
def test_two_stretches_that_meet_add_up(
    said: tuple[Hours, datetime, datetime, datetime],
) -> None:
    hours, first, second, third = said
    assert worktime.between(hours, first, third) == worktime.between(
        hours, first, second
    ) + worktime.between(hours, second, third)


@laws
@given(chosen)
def test_weeks_taken_whole_come_to_the_same_as_day_by_day(
    said: tuple[Hours, datetime, datetime, datetime],
) -> None:
    hours, first, _, third = said
    total, at = timedelta(0), first
    while at < third:
        total += worktime.between(hours, at, min(at + 24 * HOUR, third))
        at += 24 * HOUR
    assert worktime.between(hours, first, third) == total


@laws
@given(chosen, spans, spans)
def test_later_starts_and_longer_spans_are_never_due_sooner(
    said: tuple[Hours, datetime, datetime, datetime], one: timedelta, two: timedelta
) -> None:
    hours, first, second, _ = said
    assert worktime.add(hours, first, one) <= worktime.add(hours, second, one)
    shorter, longer = sorted((one, two))
    assert worktime.add(hours, first, shorter) <= worktime.add(hours, first, longer)


@laws
@given(chosen)
def test_the_opening_is_the_first_moment_that_is_worked(
    said: tuple[Hours, datetime, datetime, datetime],
) -> None:
    hours, at, _, _ = said
    opens = worktime.opening(hours, at)
    assert worktime.is_working(hours, opens)
    assert (opens == at) == worktime.is_working(hours, at)
    assert worktime.between(hours, at, opens) == timedelta(0)


@laws
@given(chosen, st.integers(0, 60))
def test_business_days_lead_to_an_open_moment_and_never_back(
    said: tuple[Hours, datetime, datetime, datetime], count: int
) -> None:
    hours, start, _, _ = said
    due = worktime.add_days(hours, start, count)
    assert worktime.is_working(hours, due)
    assert start <= due <= worktime.add_days(hours, start, count + 1)


@laws
@given(chosen)
def test_where_no_clock_changes_it_is_open_as_the_local_clock_says(
    said: tuple[Hours, datetime, datetime, datetime],
) -> None:
    hours, at, _, _ = said
    hours = replace(hours, zone="Asia/Shanghai")
    local = at.astimezone(ZoneInfo("Asia/Shanghai"))
    minute = local.hour * 60 + local.minute
    todays = hours.shifts.get(local.date(), hours.week[local.weekday()])
    is_open = any(opens <= minute < closes for opens, closes in todays)
    shut = any(opens <= minute < closes for opens, closes in hours.breaks.get(local.date(), ()))
    assert worktime.is_working(hours, at) == (is_open and not shut)


@laws
@given(st.lists(windows(), min_size=7, max_size=7).map(tuple))
def test_a_week_survives_being_written_down(week: tuple[Windows, ...]) -> None:
    assert parse_week(worktime.format_week(week)) == week


# Edges


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        ("2026-11-16T17:00", 1, "2026-11-16T18:00"),  # closing time is not the next opening
        ("2026-11-16T11:00", 1, "2026-11-16T12:00"),
        ("2026-11-16T11:00", 2, "2026-11-16T14:30"),
        ("2026-11-20T17:40", 1, "2026-11-23T09:40"),
        ("2026-11-16T12:00", 0, "2026-11-16T13:30"),
        ("2026-11-16T18:00", 0, "2026-11-17T09:00"),
        ("2026-11-16T09:00", 0, "2026-11-16T09:00"),
    ],
)
def test_working_hours_are_added(start: str, hours: int, due: str) -> None:
    assert worktime.add(SHANGHAI, shanghai(start), hours * HOUR) == shanghai(due)


@pytest.mark.parametrize(
    ("at", "working"),
    [
        ("2026-11-16T08:59:59.999999", False),
        ("2026-11-16T09:00", True),
        ("2026-11-16T11:59:59.999999", True),
        ("2026-11-16T12:00", False),
        ("2026-11-16T18:00", False),
        ("2026-11-21T10:00", False),
    ],
)
def test_opening_time_is_open_and_closing_time_is_closed(at: str, working: bool) -> None:
    assert worktime.is_working(SHANGHAI, shanghai(at)) is working


def test_answers_are_in_utc_and_local_times_are_understood() -> None:
    due = worktime.add(SHANGHAI, shanghai("2026-11-16T10:00"), HOUR)
    assert due.tzinfo is UTC
    assert worktime.opening(SHANGHAI, shanghai("2026-11-16T10:00")).tzinfo is UTC


def test_a_shift_replaces_the_week_and_a_break_is_cut_out() -> None:
    monday, tuesday = date(2026, 11, 16), date(2026, 11, 17)
    hours = replace(
        SHANGHAI,
        shifts={monday: (), tuesday: parse_windows("07:00-08:00 20:00-24:00")},
        breaks={tuesday: parse_windows("07:30-21:00")},
    )
    assert worktime.windows_on(hours, monday) == ()
    assert worktime.windows_on(hours, tuesday) == parse_windows("07:00-07:30 21:00-24:00")
    assert worktime.opening(hours, shanghai("2026-11-16T10:00")) == shanghai("2026-11-17T07:00")


NEVER = ((),) * 7


@pytest.mark.parametrize("shifts", [{}, {date(2026, 11, 10): ((540, 600),)}])
def test_hours_that_never_open_again_say_so(shifts: dict[date, Windows]) -> None:
    hours, at = Hours("Asia/Shanghai", NEVER, shifts), shanghai("2026-11-16T10:00")
    for ask in (worktime.opening, lambda h, t: worktime.add(h, t, HOUR)):
        with pytest.raises(NeverOpen):
            ask(hours, at)
    with pytest.raises(NeverOpen):
        worktime.add_days(hours, at, 1)
    assert not worktime.is_working(hours, at)
    assert worktime.between(hours, at, at + 10_000 * HOUR) == timedelta(0)


def test_a_last_shift_is_used_up_to_its_closing_time() -> None:
    day = date(2026, 11, 18)
    hours = Hours("Asia/Shanghai", NEVER, {day: ((540, 600),)})
    at = shanghai("2026-11-16T10:00")
    assert worktime.add(hours, at, HOUR) == shanghai("2026-11-18T10:00")
    with pytest.raises(NeverOpen):
        worktime.add(hours, at, HOUR + SECOND)
    with pytest.raises(NeverOpen):
        worktime.add_days(hours, at, 1)


def test_time_is_not_added_backwards() -> None:
    with pytest.raises(ValueError, match="forwards"):
        worktime.add(SHANGHAI, shanghai("2026-11-16T10:00"), -SECOND)
    with pytest.raises(ValueError, match="forwards"):
        worktime.add_days(SHANGHAI, shanghai("2026-11-16T10:00"), -1)


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/Los_Angeles"])
def test_forty_years_are_reckoned_in_a_moment(zone: str) -> None:
    hours = Hours(zone, OFFICE)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    began = clock.process_time()
    worked = worktime.between(hours, start, start + timedelta(days=40 * 365))
    assert worktime.add(hours, start, worked) <= start + timedelta(days=40 * 365)
    assert clock.process_time() - began < 1
    assert worked > 40 * 250 * 7 * HOUR


# The skipped and the doubled hour: (zone, hours, day, worked)

OVER = [
    ("America/Los_Angeles", "sun 02:30-03:15", "2006-04-02", timedelta(0)),
    ("America/Los_Angeles", "sun 02:15-02:45 03:00-04:00", "2006-04-02", HOUR),
    ("America/Los_Angeles", "sun 00:00-24:00", "2006-04-02", 23 * HOUR),
    ("America/Los_Angeles", "sun 00:00-24:00", "2006-10-29", 25 * HOUR),
    ("America/Los_Angeles", "sun 00:00-01:30", "2006-10-29", 1.5 * HOUR),
    ("America/Los_Angeles", "sun 00:00-02:00", "2006-10-29", 3 * HOUR),
    ("America/Sao_Paulo", "sat 22:00-24:00; sun 00:00-01:00", "2015-10-17", 2 * HOUR),
    ("America/Sao_Paulo", "sat 22:00-24:00", "2016-02-20", 3 * HOUR),
    ("Pacific/Apia", "mon-sun 09:00-10:00", "2011-12-29", 2 * HOUR),
]


@pytest.mark.parametrize(("zone", "week", "day", "worked"), OVER)
def test_a_change_of_clocks_neither_loses_nor_doubles_time(
    zone: str, week: str, day: str, worked: timedelta
) -> None:
    hours = Hours(zone, parse_week(week))
    start = worktime.to_utc(zone, date.fromisoformat(day), 0)
    end = worktime.to_utc(zone, date.fromisoformat(day) + timedelta(days=3), 0)
    assert worktime.between(hours, start, end) == worked


def test_a_clock_time_is_taken_as_minutes_or_as_a_time() -> None:
    day = date(2026, 11, 16)
    assert worktime.to_utc("Asia/Shanghai", day, 570) == shanghai("2026-11-16T09:30")
    assert worktime.to_utc("Asia/Shanghai", day, time(9, 30, 5)) == shanghai("2026-11-16T09:30:05")
    assert worktime.to_utc("Asia/Shanghai", day, 1440) == shanghai("2026-11-17T00:00")


@pytest.mark.parametrize("name", ["Asia/Nowhere", "", "../etc/passwd", "/etc/passwd", "Asia", "\0"])
def test_an_unknown_zone_is_refused(name: str) -> None:
    with pytest.raises(BadHours) as refused:
        worktime.zone(name)
    assert (refused.value.code, refused.value.words) == ("zone.unknown", name)


# Words

SAME_WEEK = "mon-fri 09:00-12:00 13:30-18:00; sat 10:00-24:00"


@pytest.mark.parametrize(
    "typed",
    [
        SAME_WEEK,
        "Mon-Fri 9:00-12:00, 13:30-18:00; SAT 10:00-24:00;",
        "sat 10:00-24:00\nfri,mon-thu 13:30 - 18:00 09:00-12:00",
        "mon - fri 09:00-12:00; mon,tue wed-fri 13:30-18:00; sat 10:00-24:00",
        "周一至周五 ０９：００－１２：００ 13:30～18:00；周六 10:00—24:00",
        "每周一到五 9:00至12:00、13:30至18:00。星期六 10:00至24:00",
    ],
)
def test_a_week_is_understood_as_people_type_it(typed: str) -> None:
    assert worktime.format_week(parse_week(typed)) == SAME_WEEK


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("", ""),
        ("每天 00:00-24:00", "mon-sun 00:00-24:00"),
        ("sat-mon 10:00-11:00", "mon,sat,sun 10:00-11:00"),
        ("周日 10:00-11:00；礼拜天 12:00-13:00", "sun 10:00-11:00 12:00-13:00"),
        ("mon 09:00-10:00 10:00-11:00", "mon 09:00-10:00 10:00-11:00"),
    ],
)
def test_a_week_is_written_one_way(typed: str, written: str) -> None:
    assert worktime.format_week(parse_week(typed)) == written


@pytest.mark.parametrize(
    ("typed", "code", "words"),
    [
        ("mon-fry 09:00-18:00", "day.unknown", "fry"),
        ("09:00-18:00", "day.unknown", ""),
        ("mon-- 09:00-18:00", "day.unknown", "-"),
        ("mon-fri", "window.missing", "mon-fri"),
        ("mon 0900-1800", "window.form", "0900-1800"),
        ("mon 09:00", "window.form", "09:00"),
        ("mon 09:00-18:00 tue 09:00-18:00", "window.form", "tue"),
        ("mon 09:60-18:00", "window.time", "09:60"),
        ("mon 09:00-24:01", "window.time", "24:01"),
        ("mon 09:00-09:00", "window.backwards", "09:00-09:00"),
        ("mon 22:00-06:00", "window.backwards", "22:00-06:00"),
        ("mon 09:00-12:00 11:59-18:00", "window.overlap", "09:00-12:00 11:59-18:00"),
        ("mon-fri 09:00-12:00; wed 10:00-11:00", "window.overlap", "09:00-12:00 10:00-11:00"),
    ],
)
def test_what_is_no_week_is_refused_with_the_words_at_fault(
    typed: str, code: str, words: str
) -> None:
    with pytest.raises(BadHours) as refused:
        parse_week(typed)
    assert (refused.value.code, refused.value.words) == (code, words)
