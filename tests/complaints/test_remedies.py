"""Putting it right: within authority at once, beyond it by someone whose limit reaches."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from common.errors import Conflict, NotAllowed, RuleBroken
from complaints import remedies, selectors
from complaints.models import Complaint, Event, Remedy, RemedyKind, RemedyState
from notify.models import Message
from staff.models import AuthorityLimit, Person, Role
from tests.complaints.scenes import MINUTE, accept, reject, rule
from tests.conftest import MONDAY, Cast, Register


def propose(case: Complaint, amount: Any, *, by: Person, **said: Any) -> Remedy:
    usual = {"kind": RemedyKind.REFUND, "description": "退运费", "at": MONDAY}
    return remedies.propose(case.pk, amount=Decimal(amount), by=by, **{**usual, **said})


def decide(remedy: Remedy, *, by: Person, approve: bool = True, note: str = "") -> Remedy:
    return remedies.decide(remedy.pk, approve=approve, note=note, by=by, at=MONDAY + MINUTE)


@pytest.mark.parametrize(
    ("who", "amount", "state"),
    [
        ("li", "0", "promised"),
        ("li", "199.99", "promised"),
        ("li", "200", "promised"),
        ("li", "200.01", "awaiting"),
        ("wang", "1000", "promised"),
        ("wang", "1000.01", "awaiting"),
        ("lin", "20000", "promised"),
        ("lin", "20000.01", "awaiting"),
        ("gao", "9999999", "promised"),
    ],
)
def test_each_role_promises_up_to_its_limit(
    cast: Cast, register: Register, who: str, amount: str, state: str
) -> None:
    case = register()
    assert propose(case, amount, by=getattr(cast, who)).state == state


def test_the_limit_covers_all_that_the_case_binds_the_firm_to(
    cast: Cast, register: Register
) -> None:
    case, other = register(), register()
    states = [propose(case, amount, by=cast.li).state for amount in (150, 50, "0.01")]
    assert states == ["promised", "promised", "awaiting"]
    assert propose(other, 200, by=cast.li).state == "promised"
    assert remedies.bound(case) == Decimal("200.01")


def test_what_was_refused_or_cancelled_binds_no_more(cast: Cast, register: Register) -> None:
    case = register()
    decide(propose(case, 500, by=cast.li), by=cast.wang, approve=False)
    remedies.cancel(propose(case, 200, by=cast.li).pk, note="改赠券", by=cast.li, at=MONDAY)
    assert remedies.bound(case) == 0
    assert propose(case, 200, by=cast.li).state == "promised"


def test_what_costs_nothing_needs_nobodys_leave(cast: Cast, register: Register) -> None:
    case = register()
    decide(propose(case, 900, by=cast.li), by=cast.wang)
    letter = propose(case, 0, by=cast.li, kind=RemedyKind.APOLOGY_LETTER, description="致歉信")
    assert letter.state == "promised"


def test_a_role_without_a_limit_promises_nothing_that_costs(cast: Cast, register: Register) -> None:
    case = register(by=cast.chen)
    assert propose(case, 0, by=cast.chen).state == "promised"
    assert propose(case, "0.01", by=cast.chen).state == "awaiting"
    AuthorityLimit.objects.filter(role=Role.FRONTLINE).delete()
    assert propose(register(), "0.01", by=cast.li).state == "awaiting"


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        ("-0.01", "amount.range"),
        ("10000000", "amount.range"),
        ("9999999.01", "amount.range"),
        ("NaN", "amount.range"),
        ("sNaN", "amount.range"),
        ("Infinity", "amount.range"),
        ("1E+20", "amount.range"),
        ("0.001", "amount.precision"),
        ("1.005", "amount.precision"),
    ],
)
def test_an_amount_that_is_no_money_is_refused(
    cast: Cast, register: Register, amount: str, code: str
) -> None:
    case = register()
    with pytest.raises(RuleBroken) as refused:
        propose(case, amount, by=cast.gao)
    assert (refused.value.code, refused.value.field) == (code, "amount")
    assert not Remedy.objects.exists()


@pytest.mark.parametrize("amount", ["500", "5E+2", "500.0"])
def test_an_amount_reads_the_same_however_it_was_written(
    cast: Cast, register: Register, amount: str
) -> None:
    propose(register(), amount, by=cast.li)
    message = Message.objects.filter(recipient=cast.wang).get()
    assert "500.00 元超出授权额度" in str(message)


def test_a_remedy_says_what_it_is(cast: Cast, register: Register) -> None:
    case = register()
    with pytest.raises(RuleBroken) as refused:
        propose(case, 5, by=cast.li, description=" \u200b ")
    assert (refused.value.code, refused.value.field) == ("description.blank", "description")


@pytest.mark.parametrize(
    ("who", "amount", "told"),
    [
        ("li", 500, {"wang", "lin"}),
        ("li", 5_000, {"lin"}),
        ("li", 50_000, {"gao"}),
        ("wang", 1_500, {"lin"}),
        ("lin", 20_001, {"gao"}),
    ],
)
def test_those_whose_limit_reaches_are_asked(
    cast: Cast, register: Register, who: str, amount: int, told: set[str]
) -> None:
    case = register()
    remedy = propose(case, amount, by=getattr(cast, who))
    asked = Message.objects.filter(key=f"remedy:{remedy.pk}:asked")
    assert {message.recipient.username for message in asked} == told


def test_nobody_is_asked_to_approve_their_own_case(cast: Cast, register: Register) -> None:
    case = register(by=cast.wang)
    accept(case, cast, at=MONDAY)
    remedy = propose(case, 1_500, by=cast.li)
    asked = Message.objects.filter(key=f"remedy:{remedy.pk}:asked")
    assert {message.recipient.username for message in asked} == {"lin"}
    rule(case, cast, at=MONDAY, person=cast.lin)
    remedy = propose(case, 1, by=cast.li)
    asked = Message.objects.filter(key=f"remedy:{remedy.pk}:asked")
    assert {message.recipient.username for message in asked} == {"gao"}


def test_an_approval_is_told_and_written_down(cast: Cast, register: Register) -> None:
    case = register()
    remedy = decide(propose(case, 500, by=cast.li), by=cast.wang, note="同意")
    assert (remedy.state, remedy.decided_by, remedy.decided_at) == (
        RemedyState.PROMISED, cast.wang, MONDAY + MINUTE,
    )  # fmt: skip
    told = Message.objects.get(key=f"remedy:{remedy.pk}:decided")
    assert (told.recipient, str(told)) == (cast.li, f"{case.no} 的补救 500.00 元已获批准")
    event = Event.objects.filter(complaint=case).last()
    assert event is not None
    assert (event.kind, event.actor, event.data["state"], event.data["note"]) == (
        "decide_remedy", cast.wang, "promised", "同意",
    )  # fmt: skip


def test_a_refusal_needs_no_authority_and_is_told(cast: Cast, register: Register) -> None:
    remedy = decide(propose(register(), 90_000, by=cast.li), by=cast.wang, approve=False)
    assert remedy.state == "refused"
    assert "未获批准" in str(Message.objects.get(key=f"remedy:{remedy.pk}:decided"))


@pytest.mark.parametrize(
    ("amount", "by", "code"),
    [
        (1_000, "wang", None),
        ("1000.01", "wang", "over_authority"),
        (20_000, "lin", None),
        ("20000.01", "lin", "over_authority"),
        (9_000_000, "gao", None),
        (500, "chen", "not_allowed"),
        (500, "li", "not_allowed"),
    ],
)
def test_the_approvers_limit_covers_the_case(
    cast: Cast, register: Register, amount: Any, by: str, code: str | None
) -> None:
    remedy = propose(register(), amount, by=cast.li)
    person = getattr(cast, by)
    if code is None:
        assert decide(remedy, by=person).state == "promised"
        return
    with pytest.raises(NotAllowed) as refused:
        decide(remedy, by=person)
    remedy.refresh_from_db()
    assert remedy.state == "awaiting"
    assert refused.value.code == code


def test_a_supervisor_approves_no_proposal_and_no_case_of_their_own(
    cast: Cast, register: Register
) -> None:
    own_proposal = propose(register(), 1_500, by=cast.wang)
    with pytest.raises(NotAllowed) as refused:
        decide(own_proposal, by=cast.wang)
    assert refused.value.code == "own_proposal"
    own_case = propose(register(by=cast.wang), 300, by=cast.li)
    with pytest.raises(NotAllowed) as refused:
        decide(own_case, by=cast.wang)
    assert refused.value.code == "answers_for_it"
    assert list(selectors.to_approve(cast.wang)) == []
    assert set(selectors.to_approve(cast.lin)) == {own_proposal, own_case}


def test_a_remedy_is_decided_once(cast: Cast, register: Register) -> None:
    remedy = decide(propose(register(), 500, by=cast.li), by=cast.wang)
    with pytest.raises(Conflict) as refused:
        decide(remedy, by=cast.lin, approve=False)
    assert refused.value.code == "already_decided"


def test_delivery_needs_a_promise_and_a_proof(cast: Cast, register: Register) -> None:
    case = register()
    promised, awaiting = propose(case, 100, by=cast.li), propose(case, 500, by=cast.li)
    with pytest.raises(RuleBroken) as refused:
        remedies.deliver(promised.pk, proof=" ", by=cast.li, at=MONDAY)
    assert (refused.value.code, refused.value.field) == ("proof.blank", "proof")
    with pytest.raises(Conflict) as conflict:
        remedies.deliver(awaiting.pk, proof="收据 7", by=cast.li, at=MONDAY)
    assert conflict.value.code == "not_promised"
    done = remedies.deliver(promised.pk, proof="收据 7", by=cast.li, at=MONDAY + MINUTE)
    assert (done.state, done.proof, done.delivered_at) == (
        "delivered", "收据 7", MONDAY + MINUTE,
    )  # fmt: skip
    with pytest.raises(Conflict):
        remedies.deliver(promised.pk, proof="收据 7", by=cast.li, at=MONDAY)
    with pytest.raises(Conflict) as conflict:
        remedies.cancel(promised.pk, note="不要了", by=cast.li, at=MONDAY)
    assert conflict.value.code == "not_cancellable"


def test_a_cancellation_says_why(cast: Cast, register: Register) -> None:
    remedy = propose(register(), 100, by=cast.li)
    with pytest.raises(RuleBroken) as refused:
        remedies.cancel(remedy.pk, note="", by=cast.li, at=MONDAY)
    assert (refused.value.code, refused.value.field) == ("note.blank", "note")
    assert remedies.cancel(remedy.pk, note="改赠券", by=cast.li, at=MONDAY).state == "cancelled"


def test_an_invalid_case_offers_nothing(cast: Cast, register: Register) -> None:
    case = register()
    reject(case, cast, at=MONDAY)
    with pytest.raises(Conflict) as refused:
        propose(case, 1, by=cast.li)
    assert refused.value.code == "wrong_status"


def test_a_remedy_that_is_not_there_is_not_found(cast: Cast) -> None:
    with pytest.raises(Remedy.DoesNotExist):
        remedies.deliver(999_999, proof="x", by=cast.li, at=MONDAY)
