"""Calling back, closing, opening again."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from common.errors import Conflict, NotAllowed, RuleBroken
from complaints import closing, remedies
from complaints.models import (
    Callback,
    Channel,
    Clock,
    ClockKind,
    Event,
    RemedyKind,
    Status,
)
from notify.models import Message
from staff import people
from staff.models import Role
from tests.complaints.scenes import (
    HOUR,
    MINUTE,
    accept,
    answer,
    apologise,
    call_back,
    clock,
    fresh,
    reject,
    rule,
)
from tests.conftest import MONDAY, Cast, Register


@pytest.mark.parametrize("who", ["chen", "lin", "gao"])
def test_a_satisfied_customer_closes_the_case(cast: Cast, register: Register, who: str) -> None:
    case = register()
    accept(case, cast, at=MONDAY)
    answer(case, by=cast.li, at=MONDAY)
    call_back(case, by=getattr(cast, who), at=MONDAY + 2 * HOUR, score=5)
    case = fresh(case)
    assert (case.status, case.closed_at) == (Status.CLOSED, MONDAY + 2 * HOUR)
    kinds = list(Event.objects.filter(complaint=case).values_list("kind", flat=True))
    assert kinds[-2:] == ["record_callback", "close"]


def test_the_clock_stops_at_the_calls_own_time(cast: Cast, register: Register) -> None:
    case = register()
    accept(case, cast, at=MONDAY)
    called = MONDAY + 71 * HOUR
    call_back(case, by=cast.chen, at=MONDAY + 75 * HOUR, occurred_at=called)
    assert clock(case, ClockKind.CALLBACK).met_at == called
    callback = Callback.objects.get()
    assert (callback.occurred_at, callback.recorded_at) == (called, MONDAY + 75 * HOUR)


@pytest.mark.parametrize(("satisfied", "solved"), [(False, True), (True, False), (False, False)])
def test_a_dissatisfied_customer_opens_a_new_round(
    cast: Cast, register: Register, satisfied: bool, solved: bool
) -> None:
    case = register()
    accept(case, cast, at=MONDAY)
    rule(case, cast, at=MONDAY)
    answer(case, by=cast.li, at=MONDAY)
    at = MONDAY + 2 * HOUR
    call_back(case, by=cast.chen, at=at, satisfied=satisfied, solved=solved, said="还没到货")
    case = fresh(case)
    assert (case.status, case.round, case.closed_at) == (Status.HANDLING, 2, None)
    assert clock(case, ClockKind.CALLBACK).met_at == at
    assert clock(case, ClockKind.APOLOGY, round=2).due_at == at + HOUR
    told = Message.objects.filter(key=f"reopened:{case.pk}:2")
    assert {message.recipient for message in told} == {cast.li, cast.ma}
    event = Event.objects.get(complaint=case, kind="reopen")
    assert event.data["reason"] == "还没到货"
    # and the new round is called back in its turn
    answer(case, by=cast.li, at=at + HOUR)
    call_back(case, by=cast.lin, at=at + 2 * HOUR)
    assert fresh(case).status == Status.CLOSED


def test_a_callback_does_not_precede_its_round(cast: Cast, register: Register) -> None:
    case = register()
    accept(case, cast, at=MONDAY)
    again = MONDAY + 2 * HOUR
    call_back(case, by=cast.chen, at=again, solved=False, said="没解决")
    for early in (MONDAY + HOUR, again):
        with pytest.raises(RuleBroken) as refused:
            call_back(case, by=cast.chen, at=again + MINUTE, occurred_at=early)
        assert refused.value.code == "occurred_at.before_round"
    assert fresh(case).round == 2


def test_unreached_customers_are_called_again(cast: Cast, register: Register) -> None:
    case = register()
    accept(case, cast, at=MONDAY)
    answer(case, by=cast.li, at=MONDAY)
    for hour in (1, 2, 3):
        missed = call_back(
            case, by=cast.chen, at=MONDAY + hour * HOUR, reached=False, satisfied=True, score=5
        )
        assert (missed.satisfied, missed.solved, missed.score) == (None, None, None)
    assert clock(case, ClockKind.CALLBACK).is_running
    call_back(case, by=cast.chen, at=MONDAY + 4 * HOUR)
    assert fresh(case).status == Status.CLOSED
    assert Callback.objects.count() == 4


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"satisfied": None}, "satisfied.missing", "satisfied"),
    ({"solved": None}, "solved.missing", "solved"),
    ({"satisfied": False}, "said.blank", "said"),
    ({"solved": False, "said": " \u200b"}, "said.blank", "said"),
    ({"score": 0}, "score.range", "score"),
    ({"score": 6}, "score.range", "score"),
    ({"said": "x" * 2001}, "text.too_long", "said"),
    ({"said": "a\x00"}, "text.nul", "said"),
    ({"occurred_at": MONDAY + 3 * HOUR}, "occurred_at.future", "occurred_at"),
    ({"occurred_at": MONDAY - MINUTE}, "occurred_at.before_receipt", "occurred_at"),
]


@pytest.mark.parametrize(("answers", "code", "field"), REFUSED)
def test_incomplete_answers_are_refused_beside_their_field(
    cast: Cast, register: Register, answers: dict[str, Any], code: str, field: str
) -> None:
    case = register()
    accept(case, cast, at=MONDAY)
    with pytest.raises(RuleBroken) as refused:
        call_back(case, by=cast.chen, at=MONDAY + 2 * HOUR, **answers)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert not Callback.objects.exists()
    assert fresh(case).status == Status.HANDLING


@pytest.mark.parametrize(
    ("who", "code"),
    [("li", "not_allowed"), ("wang", "not_allowed"), ("xu", "not_allowed"), ("ma", "not_allowed")],
)
def test_handlers_and_branches_do_not_call_back(
    cast: Cast, register: Register, who: str, code: str
) -> None:
    case = register()
    accept(case, cast, at=MONDAY)
    rule(case, cast, at=MONDAY)
    with pytest.raises(NotAllowed) as refused:
        call_back(case, by=getattr(cast, who), at=MONDAY + HOUR)
    assert refused.value.code == code


def test_quality_does_not_call_back_what_they_took_in_or_have_to_mend(
    cast: Cast, register: Register
) -> None:
    taken_in = register(by=cast.chen)
    accept(taken_in, cast, at=MONDAY)
    ruled = register()
    accept(ruled, cast, at=MONDAY)
    rule(ruled, cast, at=MONDAY, person=cast.chen)
    for case in (taken_in, ruled):
        with pytest.raises(NotAllowed) as refused:
            call_back(case, by=cast.chen, at=MONDAY + HOUR)
        assert refused.value.code == "answers_for_it"


def test_the_responsible_branchs_own_quality_does_not_call_back(
    cast: Cast, register: Register
) -> None:
    local = people.hire("qu", name="曲", role=Role.QUALITY, branch=cast.lanzhou, password=None)
    case = register()
    accept(case, cast, at=MONDAY)
    rule(case, cast, at=MONDAY, person=cast.zhao)
    with pytest.raises(NotAllowed):
        call_back(case, by=local, at=MONDAY + HOUR)


@pytest.mark.parametrize("speak", [apologise, answer])
def test_whoever_spoke_to_the_customer_does_not_call_back(
    cast: Cast, register: Register, speak: Any
) -> None:
    case = register()
    accept(case, cast, at=MONDAY)
    speak(case, by=cast.chen, at=MONDAY, reached=False)
    with pytest.raises(NotAllowed) as refused:
        call_back(case, by=cast.chen, at=MONDAY + HOUR)
    assert refused.value.code == "handled_it"


def test_a_callback_before_the_result_waits_for_it(cast: Cast, register: Register) -> None:
    case = register()
    accept(case, cast, at=MONDAY)
    call_back(case, by=cast.chen, at=MONDAY + HOUR)
    assert fresh(case).status == Status.CALLED_BACK
    with pytest.raises(Conflict) as refused:
        closing.close(case.pk, by=cast.li, at=MONDAY + HOUR)
    assert (refused.value.code, refused.value.message) == (
        "not_ready", "还没有把处理结果告诉客户。",
    )  # fmt: skip
    answer(case, by=cast.li, at=MONDAY + 2 * HOUR)
    assert fresh(case).status == Status.CALLED_BACK
    assert closing.close(case.pk, by=cast.li, at=MONDAY + 3 * HOUR).status == Status.CLOSED


def test_a_second_callback_of_a_round_is_refused(cast: Cast, register: Register) -> None:
    case = register()
    accept(case, cast, at=MONDAY)
    call_back(case, by=cast.chen, at=MONDAY + HOUR)
    with pytest.raises(Conflict) as refused:
        call_back(case, by=cast.lin, at=MONDAY + 2 * HOUR)
    assert refused.value.code == "wrong_status"
    reject(case, cast, at=MONDAY + 3 * HOUR)
    accept(case, cast, at=MONDAY + 4 * HOUR)
    with pytest.raises(Conflict):
        call_back(case, by=cast.lin, at=MONDAY + 5 * HOUR)


def test_closing_says_all_that_is_missing(cast: Cast, register: Register) -> None:
    case = register()
    accept(case, cast, at=MONDAY)
    offer = remedies.propose(
        case.pk, kind=RemedyKind.REFUND, amount=Decimal(900), description="退", by=cast.li,
        at=MONDAY,
    )  # fmt: skip
    with pytest.raises(Conflict) as refused:
        closing.close(case.pk, by=cast.li, at=MONDAY)
    assert refused.value.message == (
        "还没有把处理结果告诉客户。\n还没有回访到客户。\n还有补救在等待审批。"
    )
    answer(case, by=cast.li, at=MONDAY)
    call_back(case, by=cast.chen, at=MONDAY + HOUR)
    assert fresh(case).status == Status.CALLED_BACK  # satisfied, but an approval is open
    remedies.decide(offer.pk, approve=True, note="", by=cast.wang, at=MONDAY + HOUR)
    assert closing.close(case.pk, by=cast.li, at=MONDAY + HOUR).status == Status.CLOSED


def test_an_anonymous_case_closes_without_anyone_to_call(cast: Cast, register: Register) -> None:
    case = register(anonymous=True, complainant_name="", complainant_phone="")
    accept(case, cast, at=MONDAY)
    assert closing.close(case.pk, by=cast.li, at=MONDAY + HOUR).status == Status.CLOSED


def test_what_was_settled_on_the_spot_still_gets_its_callback(
    cast: Cast, register: Register
) -> None:
    case = register(channel=Channel.COUNTER, settled_on_spot=True, settlement="当场补寄")
    accept(case, cast, at=MONDAY)
    with pytest.raises(Conflict) as refused:
        closing.close(case.pk, by=cast.li, at=MONDAY)
    assert refused.value.message == "还没有回访到客户。"
    call_back(case, by=cast.chen, at=MONDAY + HOUR)
    assert fresh(case).status == Status.CLOSED


def test_a_closed_case_opens_again_with_a_reason(cast: Cast, register: Register) -> None:
    case = register()
    accept(case, cast, at=MONDAY)
    answer(case, by=cast.li, at=MONDAY)
    call_back(case, by=cast.chen, at=MONDAY + HOUR)
    with pytest.raises(RuleBroken) as refused:
        closing.reopen(case.pk, reason="\u200b", by=cast.li, at=MONDAY + 2 * HOUR)
    assert (refused.value.code, refused.value.field) == ("reason.blank", "reason")
    closing.reopen(case.pk, reason="又坏了", by=cast.li, at=MONDAY + 2 * HOUR)
    case = fresh(case)
    assert (case.round, case.status, case.closed_at, case.owner) == (2, "handling", None, cast.li)
    with pytest.raises(Conflict):
        closing.close(case.pk, by=cast.li, at=MONDAY + 3 * HOUR)
    assert Clock.objects.running().filter(complaint=case, round=2).count() == 4


@pytest.mark.parametrize(
    ("said_by", "note", "field"),
    [(" ", "来电", "said_by"), ("孙", "  ", "note"), ("孙", "\u2060", "note")],
)
def test_a_withdrawal_names_who_and_how(
    cast: Cast, register: Register, said_by: str, note: str, field: str
) -> None:
    case = register()
    with pytest.raises(RuleBroken) as refused:
        closing.withdraw(case.pk, said_by=said_by, note=note, by=cast.li, at=MONDAY)
    assert (refused.value.code, refused.value.field) == (f"{field}.blank", field)
    assert Clock.objects.running().count() == 4


def test_a_withdrawn_case_is_neither_withdrawn_nor_opened_again(
    cast: Cast, register: Register
) -> None:
    case = register()
    closing.withdraw(case.pk, said_by="孙", note="来电", by=cast.li, at=MONDAY)
    at = MONDAY + timedelta(minutes=1)
    with pytest.raises(Conflict):
        closing.withdraw(case.pk, said_by="孙", note="来电", by=cast.li, at=at)
    with pytest.raises(Conflict):
        closing.reopen(case.pk, reason="x", by=cast.li, at=at)
    event = Event.objects.get(complaint=case, kind="withdraw")
    assert event.data == {
        "said_by": "孙", "note": "来电", "changes": {"status": ["triage", "withdrawn"]},
    }  # fmt: skip
