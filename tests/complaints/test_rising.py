"""An escalation wants an acknowledgement: none within two hours, and the next level is told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from complaints import acknowledgement
from complaints.escalation import sweep
from complaints.models import ClockKind, Complaint, Escalation
from staff.models import Person
from tests.complaints.scenes import HOUR, MINUTE, answer, clock
from tests.conftest import MONDAY, Cast, Register

DUE = MONDAY + 24 * HOUR
INSTANT = timedelta(microseconds=1)


def told(case: Complaint, level: int) -> Escalation | None:
    found = Escalation.objects.filter(complaint=case, clock__kind=ClockKind.RESULT, level=level)
    return found.first()


def acknowledge(case: Complaint, level: int, *, by: Person, at: timedelta) -> None:
    raised = told(case, level)
    assert raised is not None
    acknowledgement.acknowledge(raised.pk, note="正在处理", by=by, at=DUE + at)


@pytest.mark.parametrize(
    ("after", "rises"),
    [(119 * MINUTE, False), (2 * HOUR - INSTANT, False), (2 * HOUR, True), (121 * MINUTE, True)],
)
def test_unacknowledged_for_two_hours_it_rises_before_its_time(
    cast: Cast, register: Register, after: timedelta, rises: bool
) -> None:
    case = register()
    sweep(until=DUE)
    sweep(until=DUE + after)
    assert (told(case, 2) is not None) == rises
    if found := told(case, 2):
        assert found.rang_at == DUE + 2 * HOUR
        assert found.recipient_ids == [cast.lin.pk]


def test_the_two_hours_run_from_when_it_was_told_not_from_when_it_was_due(
    cast: Cast, register: Register
) -> None:
    case = register()
    sweep(until=DUE + 90 * MINUTE)  # nobody swept in between
    sweep(until=DUE + 3 * HOUR)
    assert told(case, 2) is None
    sweep(until=DUE + 3 * HOUR + 30 * MINUTE)
    risen = told(case, 2)
    assert risen is not None
    assert risen.rang_at == DUE + 3 * HOUR + 30 * MINUTE


def test_acknowledged_in_time_the_next_level_comes_at_its_own_moment(
    cast: Cast, register: Register
) -> None:
    case = register()
    sweep(until=DUE)
    acknowledge(case, 1, by=cast.wang, at=119 * MINUTE)
    sweep(until=DUE + 4 * HOUR - INSTANT)
    assert told(case, 2) is None
    sweep(until=DUE + 4 * HOUR)
    planned = told(case, 2)
    assert planned is not None
    assert planned.rang_at == DUE + 4 * HOUR


def test_each_level_waits_for_its_own_acknowledgement(cast: Cast, register: Register) -> None:
    case = register()
    sweep(until=DUE)
    sweep(until=DUE + 2 * HOUR)
    acknowledge(case, 1, by=cast.wang, at=3 * HOUR)  # too late for it: level 2 has been told
    sweep(until=DUE + 4 * HOUR)
    third = told(case, 3)
    assert third is not None
    assert (third.rang_at, third.recipient_ids) == (DUE + 4 * HOUR, [cast.gao.pk])
    sweep(until=DUE + 99 * HOUR)
    assert Escalation.objects.filter(complaint=case, clock__kind="result").count() == 5


def test_the_top_level_rises_no_further(cast: Cast, register: Register) -> None:
    case = register()
    for hours in range(0, 60, 2):
        sweep(until=DUE + hours * HOUR)
    assert clock(case, ClockKind.RESULT).next_at is None
    assert clock(case, ClockKind.RESULT).level == 3


def test_a_clock_that_has_been_answered_rises_no_more(cast: Cast, register: Register) -> None:
    case = register()
    sweep(until=DUE)
    answer(case, by=cast.li, at=DUE + HOUR)
    sweep(until=DUE + 9 * HOUR)
    assert told(case, 2) is None
