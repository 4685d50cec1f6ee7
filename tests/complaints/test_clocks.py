"""The four clocks: when they are due, what stops them and what does not."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from common.errors import NotAllowed, RuleBroken
from complaints import closing, escalation, triage
from complaints.models import (
    ROUND_KINDS,
    Channel,
    Clock,
    ClockKind,
    Complaint,
    Contact,
    ContactKind,
    Escalation,
    Event,
    Means,
    Ownership,
    Severity,
    Status,
)
from complaints.outcome import Outcome, outcome, outcome_sql
from quality import sheets
from tests.complaints.scenes import (
    HOUR,
    LENGTH,
    MINUTE,
    accept,
    answer,
    apologise,
    call_back,
    clock,
    fresh,
    reject,
    rule,
    submit,
    talk,
)
from tests.conftest import MONDAY, Cast, Register

SECOND = timedelta(seconds=1)
INSTANT = timedelta(microseconds=1)


def outcomes(case: Complaint, at: datetime, *, round: int = 1) -> dict[str, str]:
    """By kind; Python and SQL must agree."""
    clocks = Clock.objects.filter(complaint=case, round=round).annotate(said=outcome_sql(at))
    for each in clocks:
        assert outcome(each, at) == each.said
    return {each.kind: each.said for each in clocks}


@pytest.mark.parametrize("kind", ROUND_KINDS)
def test_each_clock_is_due_its_length_after_receipt(
    cast: Cast, register: Register, kind: ClockKind
) -> None:
    case = register(received_at=MONDAY - 7 * MINUTE)
    found = clock(case, kind)
    assert found.started_at == MONDAY - 7 * MINUTE
    assert found.due_at - found.started_at == LENGTH[kind]


BOUNDARY = [
    (-MINUTE, Outcome.MET),
    (-INSTANT, Outcome.MET),
    (timedelta(0), Outcome.MET),
    (INSTANT, Outcome.BREACHED),
    (MINUTE, Outcome.BREACHED),
]


@pytest.mark.parametrize(("off", "expected"), BOUNDARY)
def test_an_apology_is_on_time_up_to_the_very_instant_of_due(
    cast: Cast, register: Register, off: timedelta, expected: Outcome
) -> None:
    case = register()
    apologise(case, by=cast.li, at=MONDAY + HOUR + off)
    assert outcomes(case, MONDAY + 9 * HOUR)["apology"] == expected


@pytest.mark.parametrize(("off", "expected"), BOUNDARY)
def test_a_result_is_on_time_up_to_the_very_instant_of_due(
    cast: Cast, register: Register, off: timedelta, expected: Outcome
) -> None:
    case = register()
    answer(case, by=cast.li, at=MONDAY + 24 * HOUR + off)
    assert outcomes(case, MONDAY + 99 * HOUR)["result"] == expected


@pytest.mark.parametrize(("off", "expected"), BOUNDARY)
def test_a_sheet_is_on_time_up_to_the_very_instant_of_due(
    cast: Cast, register: Register, off: timedelta, expected: Outcome
) -> None:
    case = register()
    accept(case, cast, at=MONDAY)
    rule(case, cast, at=MONDAY)
    submit(case, by=cast.ma, at=MONDAY + 48 * HOUR + off)
    assert outcomes(case, MONDAY + 99 * HOUR)["sheet"] == expected


@pytest.mark.parametrize(("off", "expected"), BOUNDARY)
def test_a_callback_is_on_time_up_to_the_very_instant_of_due(
    cast: Cast, register: Register, off: timedelta, expected: Outcome
) -> None:
    case = register()
    accept(case, cast, at=MONDAY)
    call_back(case, by=cast.chen, at=MONDAY + 72 * HOUR + off)
    assert outcomes(case, MONDAY + 99 * HOUR)["callback"] == expected


@pytest.mark.parametrize(
    ("off", "expected"), [(0, "running"), (60, "running"), (61, "breached"), (59, "running")]
)
def test_a_clock_nobody_stopped_is_late_only_after_its_due(
    cast: Cast, register: Register, off: int, expected: str
) -> None:
    case = register()
    assert outcomes(case, MONDAY + off * MINUTE)["apology"] == expected
    late = Clock.objects.late(MONDAY + off * MINUTE).filter(complaint=case, kind="apology")
    assert late.exists() == (expected == "breached")


def test_a_call_typed_in_after_the_sweep_still_counts_at_its_own_time(
    cast: Cast, register: Register
) -> None:
    case = register()
    escalation.sweep(until=MONDAY + 100 * MINUTE)
    apologise(case, by=cast.li, at=MONDAY + 2 * HOUR, occurred_at=MONDAY + 40 * MINUTE)
    assert outcomes(case, MONDAY + 9 * HOUR)["apology"] == Outcome.MET
    stopped = clock(case, ClockKind.APOLOGY)
    assert (stopped.met_at, stopped.next_at) == (MONDAY + 40 * MINUTE, None)
    taken = Escalation.objects.filter(clock=stopped).values_list("level", flat=True)
    assert sorted(taken) == [0, 0, 1, 2]  # history stays
    contact = Contact.objects.get(complaint=case)
    assert (contact.occurred_at, contact.recorded_at) == (
        MONDAY + 40 * MINUTE,
        MONDAY + 2 * HOUR,
    )


def test_a_stopped_clock_never_rings_again(cast: Cast, register: Register) -> None:
    case = register()
    apologise(case, by=cast.li, at=MONDAY + 10 * MINUTE)
    assert escalation.sweep(until=MONDAY + 5 * HOUR) == 0


def test_the_first_evidence_stands_whenever_it_is_typed_in(cast: Cast, register: Register) -> None:
    case = register()
    apologise(case, by=cast.li, at=MONDAY + 90 * MINUTE)
    assert outcomes(case, MONDAY + 9 * HOUR)["apology"] == Outcome.BREACHED
    apologise(case, by=cast.li, at=MONDAY + 95 * MINUTE, occurred_at=MONDAY + 5 * MINUTE)
    apologise(case, by=cast.li, at=MONDAY + 99 * MINUTE)
    assert clock(case, ClockKind.APOLOGY).met_at == MONDAY + 5 * MINUTE
    assert outcomes(case, MONDAY + 9 * HOUR)["apology"] == Outcome.MET


@pytest.mark.parametrize(
    ("kind", "reached", "stopped"),
    [
        (ContactKind.APOLOGY, True, {"apology"}),
        (ContactKind.RESULT, True, {"result"}),
        (ContactKind.PROGRESS, True, set()),
        (ContactKind.APOLOGY, False, set()),
        (ContactKind.RESULT, False, set()),
        (ContactKind.PROGRESS, False, set()),
    ],
)
@pytest.mark.parametrize("means", [Means.PHONE, Means.VISIT, Means.WECHAT])
def test_only_the_fitting_talk_that_reached_the_customer_stops_a_clock(
    cast: Cast,
    register: Register,
    kind: ContactKind,
    reached: bool,
    stopped: set[str],
    means: Means,
) -> None:
    case = register()
    accept(case, cast, at=MONDAY)
    talk(case, kind, by=cast.li, at=MONDAY + MINUTE, reached=reached, means=means)
    met = Clock.objects.filter(complaint=case, met_at__isnull=False)
    assert {each.kind for each in met} == stopped
    assert (fresh(case).status == Status.ANSWERED) == (stopped == {"result"})


def test_clicks_stop_no_clock(cast: Cast, register: Register) -> None:
    case = register()
    accept(case, cast, at=MONDAY + MINUTE)
    rule(case, cast, at=MONDAY + 2 * MINUTE)
    rule(case, cast, at=MONDAY + 3 * MINUTE, person=cast.wang)
    assert Clock.objects.running().filter(complaint=case).count() == 4


def test_a_callback_that_reached_nobody_stops_no_clock_and_moves_nothing(
    cast: Cast, register: Register
) -> None:
    case = register()
    accept(case, cast, at=MONDAY)
    call_back(case, by=cast.chen, at=MONDAY + HOUR, reached=False, satisfied=None, solved=None)
    assert outcomes(case, MONDAY + HOUR)["callback"] == "running"
    assert fresh(case).status == Status.HANDLING


def test_an_anonymous_case_owes_only_its_sheet(cast: Cast, register: Register) -> None:
    case = register(anonymous=True, complainant_name="", complainant_phone="")
    assert outcomes(case, MONDAY + 99 * HOUR) == {
        "apology": "na",
        "result": "na",
        "callback": "na",
        "sheet": "breached",
    }
    escalation.sweep(until=MONDAY + 99 * HOUR)
    assert set(Escalation.objects.values_list("clock__kind", flat=True)) == {"sheet"}


@pytest.mark.parametrize(
    ("severity", "sheet"),
    [(Severity.MINOR, "na"), (Severity.MAJOR, "running"), (Severity.CRITICAL, "running")],
)
def test_withdrawing_ends_what_runs_and_a_grave_case_still_owes_its_sheet(
    cast: Cast, register: Register, severity: Severity, sheet: str
) -> None:
    case = register(severity=severity)
    closing.withdraw(case.pk, said_by="孙玉梅", note="来电撤诉", by=cast.li, at=MONDAY + 2 * HOUR)
    at = MONDAY + 3 * HOUR
    assert outcomes(case, at) == {
        "apology": "breached",  # late before the withdrawal: stays so
        "result": "na",
        "callback": "na",
        "sheet": sheet,
    }
    assert fresh(case).status == Status.WITHDRAWN


def test_the_sheet_of_a_grave_withdrawn_case_can_be_ruled_written_and_verified(
    cast: Cast, register: Register
) -> None:
    case = register(severity=Severity.MAJOR)
    closing.withdraw(case.pk, said_by="孙玉梅", note="来电撤诉", by=cast.li, at=MONDAY)
    rule(case, cast, at=MONDAY + HOUR)
    submit(case, by=cast.ma, at=MONDAY + 2 * HOUR)
    sheets.verify(case.pk, opinion="有效", by=cast.chen, at=MONDAY + 3 * HOUR)
    assert outcomes(case, MONDAY + 99 * HOUR)["sheet"] == "met"
    assert fresh(case).closed_inside_at == MONDAY + 3 * HOUR


def test_an_invalid_case_owes_nothing_from_then_on(cast: Cast, register: Register) -> None:
    case = register()
    reject(case, cast, at=MONDAY + 30 * MINUTE)
    assert set(outcomes(case, MONDAY + 99 * HOUR).values()) == {"na"}
    taken = escalation.sweep(until=MONDAY + 99 * HOUR)
    assert taken == 0
    assert Escalation.objects.count() == 1  # the warning that came with the very minute


def test_a_case_found_valid_later_runs_from_its_first_anchor_and_repeats_no_step(
    cast: Cast, register: Register
) -> None:
    case = register()
    escalation.sweep(until=MONDAY + 35 * MINUTE)
    reject(case, cast, at=MONDAY + 40 * MINUTE)
    accept(case, cast, at=MONDAY + 100 * MINUTE)
    restored = clock(case, ClockKind.APOLOGY)
    assert (restored.started_at, restored.due_at) == (MONDAY, MONDAY + HOUR)
    assert outcomes(case, MONDAY + 100 * MINUTE)["apology"] == "breached"
    assert fresh(case).status == Status.HANDLING
    assert fresh(case).invalid_reason == ""
    taken = Escalation.objects.filter(clock=restored).order_by("step")
    assert [(e.step, e.fired_at - MONDAY) for e in taken] == [
        (0, 35 * MINUTE), (1, 100 * MINUTE), (2, 100 * MINUTE), (3, 100 * MINUTE),
    ]  # fmt: skip
    assert restored.next_at == MONDAY + 3 * HOUR


def test_a_waived_sheet_stays_waived_when_the_case_is_found_valid_again(
    cast: Cast, register: Register
) -> None:
    case = register()
    accept(case, cast, at=MONDAY)
    sheets.waive(case.pk, reason="客户误会", by=cast.chen, at=MONDAY + 10 * MINUTE)
    reject(case, cast, at=MONDAY + 20 * MINUTE)
    accept(case, cast, at=MONDAY + 30 * MINUTE)
    assert outcomes(case, MONDAY + 99 * HOUR) == {
        "apology": "breached",
        "result": "breached",
        "callback": "breached",
        "sheet": "na",
    }


def test_an_anonymous_case_found_valid_again_still_owes_only_its_sheet(
    cast: Cast, register: Register
) -> None:
    case = register(anonymous=True)
    reject(case, cast, at=MONDAY)
    accept(case, cast, at=MONDAY)
    running = Clock.objects.running().filter(complaint=case)
    assert [each.kind for each in running] == ["sheet"]


@pytest.mark.parametrize("reached", ["answered", "called_back"])
def test_a_case_found_valid_again_stands_where_it_stood(
    cast: Cast, register: Register, reached: str
) -> None:
    case = register()
    accept(case, cast, at=MONDAY)
    if reached == "answered":
        answer(case, by=cast.li, at=MONDAY + MINUTE)
    else:
        call_back(case, by=cast.chen, at=MONDAY + MINUTE)
    assert fresh(case).status == reached
    reject(case, cast, at=MONDAY + 2 * MINUTE)
    accept(case, cast, at=MONDAY + 3 * MINUTE)
    assert fresh(case).status == reached


def test_reopening_freezes_the_old_round_and_starts_four_fresh_clocks(
    cast: Cast, register: Register
) -> None:
    case = register()
    accept(case, cast, at=MONDAY)
    apologise(case, by=cast.li, at=MONDAY + 20 * MINUTE)
    answer(case, by=cast.li, at=MONDAY + 25 * HOUR)
    again = MONDAY + 30 * HOUR
    closing.reopen(case.pk, reason="客户仍不满意", by=cast.li, at=again)
    frozen = {"apology": "met", "result": "breached", "sheet": "na", "callback": "na"}
    assert outcomes(case, again) == frozen
    assert set(outcomes(case, again, round=2).values()) == {"running"}
    for kind in ROUND_KINDS:
        assert clock(case, kind, round=2).due_at == again + LENGTH[kind]
    apologise(case, by=cast.li, at=again + HOUR)
    answer(case, by=cast.li, at=again + 2 * HOUR)
    assert outcomes(case, again + 99 * HOUR) == frozen
    assert outcomes(case, again + 99 * HOUR, round=2) == {
        "apology": "met",
        "result": "met",
        "sheet": "breached",
        "callback": "breached",
    }
    assert fresh(case).status == Status.ANSWERED


def test_a_talk_from_before_the_reopening_belongs_to_the_old_round(
    cast: Cast, register: Register
) -> None:
    case = register()
    accept(case, cast, at=MONDAY)
    answer(case, by=cast.li, at=MONDAY + HOUR)
    again = MONDAY + 30 * HOUR
    closing.reopen(case.pk, reason="客户仍不满意", by=cast.li, at=again)
    late = answer(case, by=cast.li, at=again + HOUR, occurred_at=MONDAY + 2 * HOUR)
    assert late.round == 1
    assert fresh(case).status == Status.HANDLING
    assert outcomes(case, again + HOUR, round=2)["result"] == "running"
    assert clock(case, ClockKind.RESULT).met_at == MONDAY + HOUR


def test_a_talk_typed_to_the_minute_of_the_reopening_belongs_to_the_new_round(
    cast: Cast, register: Register
) -> None:
    case = register()
    accept(case, cast, at=MONDAY)
    answer(case, by=cast.li, at=MONDAY + HOUR)
    again = MONDAY + 30 * HOUR + 40 * SECOND
    closing.reopen(case.pk, reason="客户仍不满意", by=cast.li, at=again)
    said = apologise(case, by=cast.li, at=again + MINUTE, occurred_at=MONDAY + 30 * HOUR)
    assert (said.round, said.occurred_at) == (2, again)
    assert clock(case, ClockKind.APOLOGY, round=2).met_at == again


def test_what_was_settled_on_the_spot_has_apology_and_result_at_receipt(
    cast: Cast, register: Register
) -> None:
    case = register(
        channel=Channel.COUNTER,
        settled_on_spot=True,
        settlement="当场道歉并补寄",
        received_at=MONDAY - 3 * HOUR,
    )
    assert outcomes(case, MONDAY) == {
        "apology": "met",
        "result": "met",
        "sheet": "running",
        "callback": "running",
    }
    assert not Escalation.objects.exists()
    said = Contact.objects.filter(complaint=case)
    assert {(c.kind, c.means, c.said) for c in said} == {
        ("apology", "visit", "当场道歉并补寄"),
        ("result", "visit", "当场道歉并补寄"),
    }
    assert fresh(case).status == Status.TRIAGE
    accept(case, cast, at=MONDAY)
    assert fresh(case).status == Status.ANSWERED


def test_entered_three_hours_late_the_first_hour_is_breached_and_told_at_once(
    cast: Cast, register: Register
) -> None:
    case = register(received_at=MONDAY - 3 * HOUR)
    assert outcomes(case, MONDAY)["apology"] == "breached"
    taken = Escalation.objects.filter(complaint=case).order_by("step")
    assert [(e.level, e.fired_at) for e in taken] == [(level, MONDAY) for level in (0, 0, 1, 2, 3)]
    assert case.entered_at == MONDAY
    assert Ownership.objects.get(complaint=case).since == MONDAY - 3 * HOUR
    assert escalation.sweep(until=MONDAY) == 0


def test_entered_late_with_an_early_apology_the_first_hour_was_met(
    cast: Cast, register: Register
) -> None:
    case = register(received_at=MONDAY - 3 * HOUR)
    apologise(case, by=cast.li, at=MONDAY, occurred_at=MONDAY - 150 * MINUTE)
    assert outcomes(case, MONDAY)["apology"] == "met"


@pytest.mark.parametrize(
    ("who", "age", "taken"),
    [
        ("li", 72 * HOUR, True),
        ("li", 72 * HOUR + SECOND, False),
        ("wang", 72 * HOUR + SECOND, False),
        ("chen", 72 * HOUR + SECOND, True),
        ("lin", 30 * 24 * HOUR, True),
        ("gao", 30 * 24 * HOUR, True),
    ],
)
def test_older_than_three_days_only_quality_and_above_may_enter(
    cast: Cast, register: Register, who: str, age: timedelta, taken: bool
) -> None:
    person = getattr(cast, who)
    if taken:
        assert register(by=person, received_at=MONDAY - age).received_at == MONDAY - age
        return
    with pytest.raises(NotAllowed) as refused:
        register(by=person, received_at=MONDAY - age)
    assert (refused.value.code, refused.value.field) == ("received_at.late_entry", "received_at")
    assert not Complaint.objects.exists()


@pytest.mark.parametrize(
    ("received_at", "code"),
    [
        (MONDAY + INSTANT, "received_at.future"),
        (MONDAY + 365 * 24 * HOUR, "received_at.future"),
        (MONDAY - 5 * 366 * 24 * HOUR, "received_at.too_old"),
    ],
)
def test_a_receipt_in_the_future_or_in_another_age_is_refused(
    cast: Cast, register: Register, received_at: datetime, code: str
) -> None:
    with pytest.raises(RuleBroken) as refused:
        register(by=cast.chen, received_at=received_at)
    assert refused.value.code == code
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    ("occurred", "code"),
    [
        (timedelta(0), None),
        (10 * SECOND, None),  # typed to the minute: 12:00 for a case received 12:00:30
        (-MINUTE, "occurred_at.before_receipt"),
        (2 * HOUR, "occurred_at.future"),
    ],
)
def test_a_talk_lies_between_the_minute_of_receipt_and_now(
    cast: Cast, register: Register, occurred: timedelta, code: str | None
) -> None:
    case = register(received_at=MONDAY + 30 * SECOND, at=MONDAY + MINUTE)
    if code is None:
        said = apologise(case, by=cast.li, at=MONDAY + HOUR, occurred_at=MONDAY + occurred)
        assert said.occurred_at == MONDAY + 30 * SECOND
        return
    with pytest.raises(RuleBroken) as refused:
        apologise(case, by=cast.li, at=MONDAY + HOUR, occurred_at=MONDAY + occurred)
    assert refused.value.code == code
    assert not Contact.objects.exists()


def test_a_closed_case_still_lets_a_missing_apology_be_recorded(
    cast: Cast, register: Register
) -> None:
    case = register()
    accept(case, cast, at=MONDAY)
    answer(case, by=cast.li, at=MONDAY + MINUTE)
    call_back(case, by=cast.chen, at=MONDAY + 2 * MINUTE)
    assert fresh(case).status == Status.CLOSED
    apologise(case, by=cast.li, at=MONDAY + 2 * HOUR, occurred_at=MONDAY + MINUTE)
    assert outcomes(case, MONDAY + 2 * HOUR)["apology"] == "met"
    assert fresh(case).status == Status.CLOSED


def test_triage_says_no_without_a_word_of_why(cast: Cast, register: Register) -> None:
    case = register()
    for note in ("", "  ", "\u200b"):
        with pytest.raises(RuleBroken) as refused:
            triage.reject(case.pk, reason="praise", note=note, by=cast.chen, at=MONDAY)
        assert (refused.value.code, refused.value.field) == ("note.blank", "note")
    assert fresh(case).status == Status.TRIAGE
