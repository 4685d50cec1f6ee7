"""A sheet that is returned: once, and a day is given; twice, and it was never on time."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from complaints import closing, faces, selectors
from complaints.escalation import sweep
from complaints.models import Clock, ClockKind, Complaint, Escalation, Severity
from complaints.outcome import outcome, outcome_sql
from quality import sheets
from quality.models import Sheet
from staff.models import Person
from tests.complaints.scenes import HOUR, accept, answer, clock, reject, rule, submit
from tests.conftest import MONDAY, Cast, Register

INSTANT = timedelta(microseconds=1)
DUE = MONDAY + 48 * HOUR


@pytest.fixture
def case(cast: Cast, register: Register) -> Complaint:
    complaint = register()
    accept(complaint, cast, at=MONDAY)
    rule(complaint, cast, at=MONDAY)
    return complaint


def send_back(case: Complaint, cast: Cast, at: datetime) -> Sheet:
    return sheets.send_back(case.pk, opinion="原因不实", by=cast.chen, at=at)


def returned(case: Complaint, cast: Cast, times: int, *, by: float = 10) -> datetime:
    """Submitted and returned so often, an hour apart, the last time `by` hours after receipt."""
    at = MONDAY + (by - 2 * times + 1) * HOUR
    for _ in range(times):
        submit(case, by=cast.ma, at=at)
        send_back(case, cast, at + HOUR)
        at += 2 * HOUR
    return at - HOUR


def sheet_outcome(case: Complaint, at: datetime) -> str:
    """How the 48H stands at `at`; Python and SQL must agree."""
    found = Clock.objects.annotate(said=outcome_sql(at)).get(complaint=case, kind=ClockKind.SHEET)
    assert outcome(found, at) == found.said
    return str(found.said)


def test_returned_once_the_first_submission_stands_and_a_day_is_given(
    cast: Cast, case: Complaint
) -> None:
    at = returned(case, cast, 1)
    assert sheet_outcome(case, DUE + HOUR) == "met"
    given = clock(case, ClockKind.RESUBMISSION)
    assert (given.started_at, given.due_at, given.is_running) == (at, at + 24 * HOUR, True)


@pytest.mark.parametrize("hours", [1, 47, 49, 72])
def test_the_day_runs_from_the_return_whenever_that_was(
    cast: Cast, case: Complaint, hours: int
) -> None:
    submit(case, by=cast.ma, at=MONDAY)
    send_back(case, cast, MONDAY + hours * HOUR)
    assert clock(case, ClockKind.RESUBMISSION).due_at == MONDAY + (hours + 24) * HOUR
    assert sheet_outcome(case, MONDAY + 999 * HOUR) == "met"


def test_submitted_late_and_returned_once_it_stays_late(cast: Cast, case: Complaint) -> None:
    submit(case, by=cast.ma, at=DUE + INSTANT)
    send_back(case, cast, DUE + HOUR)
    assert sheet_outcome(case, DUE + HOUR) == "breached"


@pytest.mark.parametrize(
    ("after", "expected"),
    [(23 * HOUR + 59 * HOUR / 60, "met"), (24 * HOUR, "met"), (24 * HOUR + INSTANT, "breached")],
)
def test_the_second_submission_is_on_time_up_to_the_very_instant(
    cast: Cast, case: Complaint, after: timedelta, expected: str
) -> None:
    at = returned(case, cast, 1)
    submit(case, by=cast.ma, at=at + after)
    assert outcome(clock(case, ClockKind.RESUBMISSION), at + 99 * HOUR) == expected
    assert sheet_outcome(case, at + 99 * HOUR) == "met"


def test_a_resubmission_nobody_made_warns_and_escalates(cast: Cast, case: Complaint) -> None:
    at = returned(case, cast, 1)
    sweep(until=at + 24 * HOUR - INSTANT)
    given = clock(case, ClockKind.RESUBMISSION)
    taken = Escalation.objects.filter(clock=given)
    assert {each.level for each in taken} == {0}
    assert all(cast.ma.pk in each.recipient_ids for each in taken)
    sweep(until=at + 24 * HOUR)
    assert taken.filter(level=1).count() == 1
    assert outcome(given, at + 24 * HOUR + INSTANT) == "breached"


@pytest.mark.parametrize(
    ("at", "expected"),
    [(DUE - INSTANT, "running"), (DUE, "running"), (DUE + INSTANT, "breached")],
)
@pytest.mark.parametrize("again", [False, True])
def test_returned_twice_it_is_breached_at_its_first_due_time(
    cast: Cast, case: Complaint, at: datetime, expected: str, again: bool
) -> None:
    """Though all of it happened before, and whether or not a third sheet follows."""
    last = returned(case, cast, 2)
    if again:
        submit(case, by=cast.ma, at=last + HOUR)
        sheets.verify(case.pk, opinion="属实", by=cast.chen, at=last + 2 * HOUR)
    assert sheet_outcome(case, at) == expected
    assert clock(case, ClockKind.SHEET).due_at == DUE


def test_returned_twice_after_due_it_is_breached_at_once_and_told_of(
    cast: Cast, case: Complaint
) -> None:
    submit(case, by=cast.ma, at=DUE - HOUR)
    send_back(case, cast, DUE + HOUR)
    submit(case, by=cast.ma, at=DUE + 2 * HOUR)
    assert sheet_outcome(case, DUE + 3 * HOUR) == "met"
    assert not Escalation.objects.filter(clock__kind=ClockKind.SHEET, level__gt=0).exists()
    send_back(case, cast, DUE + 3 * HOUR)
    assert sheet_outcome(case, DUE + 3 * HOUR) == "breached"
    raised = Escalation.objects.get(clock__kind=ClockKind.SHEET, level=1)
    assert (raised.rang_at, raised.fired_at) == (DUE, DUE + 3 * HOUR)


def test_returned_twice_before_due_the_ladder_goes_on(cast: Cast, case: Complaint) -> None:
    returned(case, cast, 2)
    sweep(until=DUE)
    raised = Escalation.objects.filter(clock=clock(case, ClockKind.SHEET))
    assert sorted(each.level for each in raised) == [0, 0, 1]


def test_a_third_sheet_ends_the_ladder_but_not_the_breach(cast: Cast, case: Complaint) -> None:
    last = returned(case, cast, 2)
    submit(case, by=cast.ma, at=last + HOUR)
    stopped = clock(case, ClockKind.SHEET)
    assert stopped.next_at is None
    sweep(until=DUE + 99 * HOUR)
    assert not Escalation.objects.filter(clock=stopped).exists()
    assert sheet_outcome(case, DUE + 99 * HOUR) == "breached"


def test_only_the_first_return_gives_a_day(cast: Cast, case: Complaint) -> None:
    returned(case, cast, 3)
    given = Clock.objects.filter(complaint=case, kind=ClockKind.RESUBMISSION)
    assert given.count() == 1
    assert not given.running().exists()


def owes(person: Person) -> set[str]:
    return {each.kind for each in selectors.owed_by(person)} & {"sheet", "resubmit"}


def test_the_rectifier_owes_what_was_returned(cast: Cast, case: Complaint) -> None:
    assert owes(cast.ma) == {"sheet"}
    submit(case, by=cast.ma, at=MONDAY)
    assert owes(cast.ma) == set()
    send_back(case, cast, MONDAY + HOUR)
    assert owes(cast.ma) == {"resubmit"}
    assert owes(cast.chen) == set()
    submit(case, by=cast.ma, at=MONDAY + 2 * HOUR)
    assert owes(cast.ma) == set()
    send_back(case, cast, MONDAY + 3 * HOUR)
    assert owes(cast.ma) == {"sheet"}


def test_a_waiver_is_out_of_the_question_but_verifying_ends_it(cast: Cast, case: Complaint) -> None:
    at = returned(case, cast, 1)
    submit(case, by=cast.ma, at=at + HOUR)
    sheets.verify(case.pk, opinion="属实", by=cast.chen, at=at + 2 * HOUR)
    assert sweep(until=at + 999 * HOUR) > 0  # the others
    assert not Escalation.objects.filter(clock__kind=ClockKind.RESUBMISSION).exists()


@pytest.mark.parametrize(
    ("severity", "left"), [(Severity.MINOR, "na"), (Severity.CRITICAL, "running")]
)
def test_withdrawn_a_grave_case_still_owes_its_second_sheet(
    cast: Cast, register: Register, severity: Severity, left: str
) -> None:
    case = register(severity=severity)
    accept(case, cast, at=MONDAY)
    rule(case, cast, at=MONDAY)
    at = returned(case, cast, 1)
    closing.withdraw(case.pk, said_by="孙", note="来电", by=cast.li, at=at)
    assert outcome(clock(case, ClockKind.RESUBMISSION), at + HOUR) == left


def test_invalid_and_valid_again_the_day_runs_from_its_first_start(
    cast: Cast, case: Complaint
) -> None:
    at = returned(case, cast, 1)
    reject(case, cast, at=at + HOUR)
    assert outcome(clock(case, ClockKind.RESUBMISSION), at + 99 * HOUR) == "na"
    accept(case, cast, at=at + 2 * HOUR)
    again = clock(case, ClockKind.RESUBMISSION)
    assert (again.started_at, again.due_at, again.is_running) == (at, at + 24 * HOUR, True)


def test_a_new_round_owes_the_day_no_more(cast: Cast, case: Complaint) -> None:
    at = returned(case, cast, 1)
    answer(case, by=cast.li, at=at)
    closing.reopen(case.pk, reason="仍不满意", by=cast.li, at=at + HOUR)
    assert outcome(clock(case, ClockKind.RESUBMISSION), at + 99 * HOUR) == "na"
    assert not Clock.objects.filter(complaint=case, round=2, kind=ClockKind.RESUBMISSION).exists()


def test_the_page_shows_the_fifth_clock_last(cast: Cast, case: Complaint) -> None:
    at = returned(case, cast, 1)
    shown = faces.faces(case.clocks.all(), at)
    assert [each.kind_label for each in shown] == ["致歉", "反馈", "整改单", "回访", "补交整改单"]
    assert (shown[-1].span_label, shown[-1].state) == ("24H", "running")
