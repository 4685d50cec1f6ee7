"""Passing a case on: who may, what follows, and that somebody always answers for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from common.errors import Conflict, NotAllowed, RuleBroken
from complaints import closing, handovers, lapsing, rules
from complaints.access import visible_to
from complaints.handovers import Offer
from complaints.models import (
    Clock,
    Complaint,
    Event,
    Handover,
    HandoverReason,
    HandoverState,
    Ownership,
    OwnershipReason,
)
from complaints.rules import Action
from notify.models import Message
from staff import absences, people
from staff.absences import Leave
from staff.models import AbsenceReason, Person, Role
from tests.complaints.scenes import HOUR, MINUTE, accept, apologise, call_back, fresh
from tests.conftest import MONDAY, Cast, Register

TICK = timedelta(microseconds=1)


@pytest.fixture
def he(cast: Cast) -> Person:
    """A second front line of Wuxi."""
    return people.hire("he", name="何兰", role=Role.FRONTLINE, branch=cast.wuxi, password=None)


def offer(
    case: Complaint, to: Person, *, by: Person, at: datetime = MONDAY, note: str = "请接着办"
) -> Handover:
    offered = Offer(receiver=to, reason=HandoverReason.SHIFT, note=note)
    return handovers.offer(case.pk, offered, by=by, at=at)


def refuse(case: Complaint, *, by: Person, at: datetime) -> Handover:
    return handovers.refuse(case.pk, answer="不归我管", by=by, at=at)


def decide(case: Complaint, owner: Person, *, by: Person, at: datetime) -> Handover:
    return handovers.decide(case.pk, owner=owner, opinion="就这样办", by=by, at=at)


def leave(
    person: Person, *, deputy: Person | None = None, since: datetime = MONDAY, hours: int = 24
) -> None:
    plan = Leave(
        person=person, since=since, until=since + hours * HOUR, reason=AbsenceReason.LEAVE,
        deputy=deputy,
    )  # fmt: skip
    absences.plan(plan, by=person, at=since)


def told(person: Person) -> list[str]:
    return [str(each) for each in Message.objects.filter(recipient=person).order_by("pk")]


def test_the_giver_answers_until_the_other_accepts(
    cast: Cast, register: Register, he: Person
) -> None:
    case = register()
    due = list(Clock.objects.filter(complaint=case).values_list("due_at", flat=True))
    offer(case, he, by=cast.li, at=MONDAY + MINUTE)
    assert fresh(case).owner == cast.li
    assert told(he) == [f"李静 请您接手 {case.no}，请在 2 小时内接受或退回"]
    handovers.accept(case.pk, by=he, at=MONDAY + HOUR)
    case = fresh(case)
    assert (case.owner, case.owner_branch, case.first_receiver) == (he, cast.wuxi, cast.li)
    first, second = Ownership.objects.filter(complaint=case)
    assert (first.person, first.until, first.reason) == (cast.li, MONDAY + HOUR, "registered")
    assert (second.person, second.since, second.until) == (he, MONDAY + HOUR, None)
    assert second.reason == OwnershipReason.HANDOVER
    assert list(Clock.objects.filter(complaint=case).values_list("due_at", flat=True)) == due
    event = Event.objects.get(kind=Action.ACCEPT_OFFER)
    assert event.data["changes"] == {"owner": ["李静", "何兰"]}
    assert f"{case.no} 已由 何兰 接手" in told(cast.li)


def test_a_case_passes_to_another_branch_with_its_sight(cast: Cast, register: Register) -> None:
    case = register()
    at = MONDAY + MINUTE
    assert not visible_to(cast.zhao, at).filter(pk=case.pk).exists()
    made = offer(case, cast.zhao, by=cast.li, at=at)
    assert visible_to(cast.zhao, made.lapses_at).filter(pk=case.pk).exists()
    assert not visible_to(cast.zhao, made.lapses_at + TICK).filter(pk=case.pk).exists()
    assert not visible_to(cast.ma, at).filter(pk=case.pk).exists()
    handovers.accept(case.pk, by=cast.zhao, at=at)
    assert fresh(case).owner_branch == cast.lanzhou
    assert visible_to(cast.ma, at).filter(pk=case.pk).exists()
    assert not visible_to(cast.li, at).filter(pk=case.pk).exists()


@pytest.mark.parametrize(
    ("after", "state"),
    [
        (2 * HOUR - TICK, HandoverState.ACCEPTED),
        (2 * HOUR, HandoverState.ACCEPTED),
        (2 * HOUR + TICK, HandoverState.LAPSED),
    ],
)
def test_an_answer_is_in_time_up_to_the_instant(
    cast: Cast, register: Register, he: Person, after: timedelta, state: HandoverState
) -> None:
    case = register()
    offer(case, he, by=cast.li)
    if state == HandoverState.LAPSED:
        with pytest.raises(Conflict) as late:
            handovers.accept(case.pk, by=he, at=MONDAY + after)
        assert late.value.code == "handover.over"
        assert lapsing.sweep(until=MONDAY + after) == 1
    else:
        assert lapsing.sweep(until=MONDAY + after) == 0
        handovers.accept(case.pk, by=he, at=MONDAY + after)
    assert Handover.objects.get().state == state


def test_an_unanswered_offer_leaves_the_owner_and_tells_the_supervisor_once(
    cast: Cast, register: Register, he: Person
) -> None:
    case = register()
    offer(case, he, by=cast.li)
    at = MONDAY + 5 * HOUR
    assert [lapsing.sweep(until=at), lapsing.sweep(until=at + HOUR)] == [1, 0]
    handover = Handover.objects.get()
    assert (handover.state, handover.answered_at) == ("lapsed", MONDAY + 2 * HOUR)
    assert fresh(case).owner == cast.li
    sentence = f"何兰 2 小时内没有答复 {case.no} 的交接，仍由 李静 负责，主管可以裁决"
    assert told(cast.li) == told(cast.wang) == [sentence]
    assert Event.objects.get(kind=Action.LAPSE_OFFER).actor is None


def test_whoever_acts_on_the_case_lets_its_overdue_offer_lapse_first(
    cast: Cast, register: Register, he: Person
) -> None:
    case = register()
    offer(case, he, by=cast.li)
    again = offer(case, he, by=cast.li, at=MONDAY + 2 * HOUR + TICK)
    states = Handover.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["lapsed", "offered"]
    assert again.goes_back is False


def test_the_first_refusal_goes_to_the_supervisor_the_second_to_quality(
    cast: Cast, register: Register, he: Person
) -> None:
    case = register()
    offer(case, he, by=cast.li)
    assert refuse(case, by=he, at=MONDAY + MINUTE).state == HandoverState.REFUSED
    assert told(cast.wang)[0].endswith("主管可以裁决")
    offer(case, cast.wang, by=cast.li, at=MONDAY + 2 * MINUTE)
    second = refuse(case, by=cast.wang, at=MONDAY + 3 * MINUTE)
    assert (second.state, second.referred_at) == ("referred", MONDAY + 3 * MINUTE)
    assert fresh(case).owner == cast.li
    assert told(cast.chen) == [
        f"{case.no} 第二次被退回，由品质管理员在 4 小时内裁决，期间仍由 李静 负责"
    ]
    with pytest.raises(Conflict) as waits:
        offer(case, he, by=cast.li, at=MONDAY + HOUR)
    assert waits.value.code == "handover.waiting"
    with pytest.raises(NotAllowed) as beyond:
        decide(case, he, by=cast.xu, at=MONDAY + HOUR)
    assert beyond.value.code == "handover.beyond"
    decided = decide(case, he, by=cast.chen, at=MONDAY + HOUR)
    assert (decided.state, decided.decided_owner) == ("decided", he)
    assert fresh(case).owner == he
    assert Ownership.objects.get(complaint=case, until=None).reason == OwnershipReason.DECISION


def test_an_offer_back_to_a_former_owner_is_a_return(
    cast: Cast, register: Register, he: Person
) -> None:
    case = register()
    offer(case, he, by=cast.li)
    handovers.accept(case.pk, by=he, at=MONDAY + MINUTE)
    back = offer(case, cast.li, by=he, at=MONDAY + 2 * MINUTE)
    assert (back.goes_back, back.state) == (True, "offered")
    handovers.accept(case.pk, by=cast.li, at=MONDAY + 3 * MINUTE)
    again = offer(case, he, by=cast.li, at=MONDAY + 4 * MINUTE)
    assert (again.goes_back, again.state) == (True, "referred")
    assert fresh(case).owner == cast.li
    assert not told(he)[-1].startswith("李静 请您接手")


def test_a_new_round_counts_its_returns_anew(cast: Cast, register: Register, he: Person) -> None:
    case = register(settled_on_spot=True, settlement="当面道歉")
    accept(case, cast, at=MONDAY)
    offer(case, he, by=cast.li)
    refuse(case, by=he, at=MONDAY)
    call_back(case, by=cast.chen, at=MONDAY + HOUR, satisfied=False, said="还没收到")
    offer(case, he, by=cast.li, at=MONDAY + HOUR)
    assert refuse(case, by=he, at=MONDAY + HOUR).state == HandoverState.REFUSED


@pytest.mark.parametrize(("after", "reminded"), [(4 * HOUR, 0), (4 * HOUR + TICK, 1)])
def test_the_director_hears_of_what_quality_has_not_decided_in_four_hours(
    cast: Cast, register: Register, he: Person, after: timedelta, reminded: int
) -> None:
    case = register()
    for _ in range(2):
        offer(case, he, by=cast.li)
        refuse(case, by=he, at=MONDAY)
    for _ in range(2):
        lapsing.sweep(until=MONDAY + after)
    sentence = f"{case.no} 的交接 4 小时仍未裁决，请服务总监督促或直接裁决"
    assert told(cast.lin).count(sentence) == reminded


Doing = Callable[[Cast, Complaint, Person], object]
REFUSED: list[tuple[Doing, str]] = [
    (lambda cast, case, he: offer(case, he, by=cast.wang), "not_allowed"),
    (lambda cast, case, he: offer(case, cast.li, by=cast.li), "receiver.owner"),
    (lambda cast, case, he: offer(case, cast.root, by=cast.li), "receiver.gone"),
    (lambda cast, case, he: offer(case, he, by=cast.li, note=" \u200b"), "note.blank"),
    (lambda cast, case, he: offer(case, he, by=cast.li, note="字" * 501), "text.too_long"),
    (lambda cast, case, he: handovers.accept(case.pk, by=he, at=MONDAY), "not_allowed"),
    (lambda cast, case, he: handovers.withdraw(case.pk, by=cast.li, at=MONDAY), "handover.over"),
    (lambda cast, case, he: decide(case, he, by=cast.wang, at=MONDAY), "handover.nothing"),
]


@pytest.mark.parametrize(("deed", "code"), REFUSED)
def test_what_a_handover_refuses(
    cast: Cast, register: Register, he: Person, deed: Doing, code: str
) -> None:
    case = register()
    before = Event.objects.count()
    with pytest.raises(RuleBroken) as broken:
        deed(cast, case, he)
    assert broken.value.code == code
    assert Event.objects.count() == before
    assert not Handover.objects.exists()


def test_the_receiver_has_to_be_here(cast: Cast, register: Register, he: Person) -> None:
    case = register()
    leave(he)
    with pytest.raises(RuleBroken) as away:
        offer(case, he, by=cast.li)
    assert away.value.code == "receiver.away"


def test_only_the_receiver_answers(cast: Cast, register: Register, he: Person) -> None:
    case = register()
    offer(case, he, by=cast.li)
    for by in (cast.li, cast.wang, cast.chen):
        with pytest.raises(NotAllowed):
            handovers.accept(case.pk, by=by, at=MONDAY)
        with pytest.raises(NotAllowed):
            refuse(case, by=by, at=MONDAY)
    assert not rules.is_allowed(case, Action.ACCEPT_OFFER, cast.wang, MONDAY)
    assert rules.is_allowed(case, Action.ACCEPT_OFFER, he, MONDAY)


def test_the_giver_takes_an_offer_back(cast: Cast, register: Register, he: Person) -> None:
    case = register()
    offer(case, he, by=cast.li)
    assert handovers.withdraw(case.pk, by=cast.li, at=MONDAY).state == HandoverState.WITHDRAWN
    assert told(he)[-1] == f"李静 撤回了 {case.no} 的交接，您不用再答复"
    with pytest.raises(Conflict) as over:
        handovers.accept(case.pk, by=he, at=MONDAY)
    assert over.value.code == "handover.over"


#: Who decides an offer of Li's: the receiver, whether it was refused, and who may.
DECIDES = [
    ("he", {"wang", "xu", "chen", "lin", "gao"}),
    ("zhao", {"chen", "lin", "gao"}),
    ("wang", {"xu", "chen", "lin", "gao"}),
]


@pytest.mark.parametrize(("receiver", "may"), DECIDES)
def test_who_decides(
    cast: Cast, register: Register, he: Person, receiver: str, may: set[str]
) -> None:
    case = register()
    to = he if receiver == "he" else getattr(cast, receiver)
    offer(case, to, by=cast.li)
    found = {
        each.username
        for each in (*cast.people, he)
        if rules.is_allowed(case, Action.DECIDE_OFFER, each, MONDAY)
        and visible_to(each, MONDAY).filter(pk=case.pk).exists()
    }
    assert found == may


def test_a_supervisor_decides_for_people_of_the_branch_only(
    cast: Cast, register: Register, he: Person
) -> None:
    case = register()
    offer(case, he, by=cast.li)
    refuse(case, by=he, at=MONDAY)
    with pytest.raises(RuleBroken) as elsewhere:
        decide(case, cast.zhao, by=cast.wang, at=MONDAY)
    assert elsewhere.value.code == "receiver.elsewhere"
    decide(case, cast.li, by=cast.wang, at=MONDAY)
    assert fresh(case).owner == cast.li
    assert Ownership.objects.filter(complaint=case).count() == 1
    assert told(he)[-1] == f"{case.no} 的交接已裁决，仍由 李静 负责"


def test_a_case_that_ends_takes_its_offer_with_it(
    cast: Cast, register: Register, he: Person
) -> None:
    case = register()
    offer(case, he, by=cast.li)
    closing.withdraw(case.pk, said_by="本人", note="来电", by=cast.li, at=MONDAY + MINUTE)
    assert Handover.objects.get().state == HandoverState.WITHDRAWN
    assert lapsing.sweep(until=MONDAY + 9 * HOUR) == 0


def test_the_deputy_of_the_receiver_answers_for_them(
    cast: Cast, register: Register, he: Person
) -> None:
    case = register()
    offer(case, he, by=cast.li)
    leave(he, deputy=cast.zhao, since=MONDAY + MINUTE)
    at = MONDAY + 2 * MINUTE
    assert visible_to(cast.zhao, at).filter(pk=case.pk).exists()
    handovers.accept(case.pk, by=cast.zhao, at=at)
    assert fresh(case).owner == he
    event = Event.objects.get(kind=Action.ACCEPT_OFFER)
    assert (event.actor, event.data["for"]) == (cast.zhao, "何兰")
    apologise(case, by=cast.zhao, at=at)
    assert Event.objects.filter(complaint=case).last().data["for"] == "何兰"  # type: ignore[union-attr]
