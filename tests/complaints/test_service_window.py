"""A branch's service window shifts the start of the 1H, and of nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from complaints import clocks, closing
from complaints.escalation import sweep
from complaints.models import ClockKind, Escalation, Severity
from staff.models import Branch, Calendar, CalendarDay
from tests.complaints.scenes import HOUR, MINUTE, accept, answer, apologise, clock, fresh
from tests.conftest import Cast, Register


def shanghai(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of November 2026 on a clock in Shanghai; the 20th is a Friday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC) - timedelta(hours=8)


@pytest.fixture
def opening_hours(cast: Cast) -> Calendar:
    """Wuxi is open on weekdays from nine to six; the Monday after is a holiday there."""
    calendar = Calendar.objects.create(
        name="无锡", zone="Asia/Shanghai", weekly="mon-fri 09:00-12:00 13:30-18:00"
    )
    CalendarDay.objects.create(calendar=calendar, date="2026-11-23", windows="", note="盘点")
    Branch.objects.filter(pk=cast.wuxi.pk).update(calendar=calendar)
    cast.li.branch.refresh_from_db()
    return calendar


RECEIVED = [
    (shanghai(20, 17, 40), shanghai(20, 17, 40)),
    (shanghai(20, 18), shanghai(24, 9)),  # the closing instant is no longer open
    (shanghai(20, 12, 30), shanghai(20, 13, 30)),
    (shanghai(21, 10), shanghai(24, 9)),
    (shanghai(24, 9), shanghai(24, 9)),
    (shanghai(24, 8, 59), shanghai(24, 9)),
]


@pytest.mark.parametrize(("received_at", "starts"), RECEIVED)
def test_the_hour_runs_from_the_opening_and_the_other_three_from_receipt(
    cast: Cast,
    register: Register,
    opening_hours: Calendar,
    received_at: datetime,
    starts: datetime,
) -> None:
    case = register(at=received_at)
    apology = clock(case, ClockKind.APOLOGY)
    assert (apology.started_at, apology.due_at) == (starts, starts + HOUR)
    for kind, hours in ((ClockKind.RESULT, 24), (ClockKind.SHEET, 48), (ClockKind.CALLBACK, 72)):
        assert clock(case, kind).started_at == received_at
        assert clock(case, kind).due_at == received_at + hours * HOUR


def test_its_ladder_moves_with_it(cast: Cast, register: Register, opening_hours: Calendar) -> None:
    case = register(at=shanghai(20, 20))
    sweep(until=shanghai(24, 9, 30) - MINUTE)
    assert not Escalation.objects.filter(clock__kind="apology").exists()
    sweep(until=shanghai(24, 9, 30))
    assert Escalation.objects.filter(complaint=case, clock__kind="apology").count() == 1


def test_an_apology_before_the_opening_is_on_time(
    cast: Cast, register: Register, opening_hours: Calendar
) -> None:
    case = register(at=shanghai(20, 20))
    apologise(case, by=cast.li, at=shanghai(20, 21))
    assert clock(case, ClockKind.APOLOGY).met_at == shanghai(20, 21)


def test_a_critical_case_waits_for_no_opening(
    cast: Cast, register: Register, opening_hours: Calendar
) -> None:
    case = register(at=shanghai(20, 20), severity=Severity.CRITICAL)
    assert clock(case, ClockKind.APOLOGY).started_at == shanghai(20, 20)
    assert Escalation.objects.get(complaint=case).level == 2


def test_another_branch_without_hours_runs_round_the_clock(
    cast: Cast, register: Register, opening_hours: Calendar
) -> None:
    case = register(by=cast.zhao, at=shanghai(20, 20))
    assert clock(case, ClockKind.APOLOGY).started_at == shanghai(20, 20)


def test_a_round_begins_when_it_was_opened_though_its_hour_runs_later(
    cast: Cast, register: Register, opening_hours: Calendar
) -> None:
    case = register(at=shanghai(20, 10))
    accept(case, cast, at=shanghai(20, 10))
    apologise(case, by=cast.li, at=shanghai(20, 10, 30))
    answer(case, by=cast.li, at=shanghai(20, 11))
    reopened = shanghai(20, 19)
    closing.reopen(case.pk, reason="仍不满意", by=cast.li, at=reopened)
    assert clock(case, ClockKind.APOLOGY, round=2).started_at == shanghai(24, 9)
    assert clocks.round_start(fresh(case)) == reopened
    said = apologise(case, by=cast.li, at=shanghai(20, 20))
    assert said.round == 2
    assert clock(case, ClockKind.APOLOGY, round=2).met_at == shanghai(20, 20)


def test_hours_that_can_not_be_read_stop_no_complaint(
    cast: Cast, register: Register, opening_hours: Calendar, caplog: pytest.LogCaptureFixture
) -> None:
    Calendar.objects.update(weekly="整天")
    case = register(at=shanghai(21, 10))
    assert clock(case, ClockKind.APOLOGY).started_at == shanghai(21, 10)
    assert "can't be used" in caplog.text
