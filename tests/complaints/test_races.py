"""Many people at the same moment: real threads, real connections, real locks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from threading import Barrier
from typing import TypeVar

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Sum
from django.db.models.functions import Greatest

from common.errors import Conflict, NotAllowed, RuleBroken
from complaints import (
    acknowledgement,
    departures,
    disputes,
    handovers,
    lapsing,
    registration,
    remedies,
)
from complaints.escalation import catch_up, sweep
from complaints.findings import Finding
from complaints.handovers import Offer
from complaints.models import (
    Channel,
    Clock,
    ClockKind,
    Complaint,
    Dispute,
    Escalation,
    Event,
    Handover,
    HandoverReason,
    Ownership,
    Remedy,
    RemedyKind,
    RemedyState,
    Ruling,
    Severity,
    Triage,
)
from complaints.outcome import Outcome, outcome
from complaints.registration import Report
from notify.models import Message
from quality.models import Sheet
from quality.numbers import Series, next_serial
from staff import absences
from staff.absences import Leave
from staff.models import AbsenceReason, Person
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
    submit,
)
from tests.conftest import MONDAY, Cast, Register

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("races")]

T = TypeVar("T")


class OutOfSight(RuleBroken):
    """While somebody waited for the lock the case has left their reach, as a door says by 404."""


def at_once(deeds: Sequence[Callable[[], T]]) -> list[T | RuleBroken]:
    """What each deed returned, or how the house refused it; all start together."""
    ready = Barrier(len(deeds))

    def run(deed: Callable[[], T]) -> T | RuleBroken:
        try:
            ready.wait(10)
            return deed()
        except RuleBroken as refused:
            return refused
        except Complaint.DoesNotExist:
            return OutOfSight("out_of_sight", "")
        finally:
            connection.close()

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(run, deeds))


def done(results: Sequence[T | RuleBroken]) -> list[T]:
    return [result for result in results if not isinstance(result, RuleBroken)]


def codes(results: Sequence[object]) -> list[str]:
    return sorted(result.code for result in results if isinstance(result, RuleBroken))


def test_ten_clicks_with_one_key_make_one_case(cast: Cast) -> None:
    report = Report(
        channel=Channel.PHONE, what="货没到", category=cast.rude, severity=Severity.CRITICAL,
        complainant_name="孙",
    )  # fmt: skip

    def click() -> tuple[int, bool]:
        case, created = registration.register(
            report, by=cast.li, at=MONDAY, submission_key="one-and-only"
        )
        return case.pk, created

    results = done(at_once([click] * 10))
    assert len({pk for pk, _created in results}) == 1
    assert sorted(created for _pk, created in results) == [False] * 9 + [True]
    assert Complaint.objects.count() == 1
    assert Clock.objects.count() == 4
    assert Event.objects.filter(kind="register").count() == 1
    assert Message.objects.count() == 2


def test_ten_different_complaints_at_once_are_ten_cases(cast: Cast) -> None:
    report = Report(
        channel=Channel.PHONE, what="货没到", category=cast.rude, severity=Severity.MINOR,
        complainant_name="孙",
    )  # fmt: skip

    def told(number: int) -> Callable[[], Complaint]:
        said = replace(report, what=f"第 {number} 件")
        return lambda: registration.register(
            said, by=cast.li, at=MONDAY, submission_key=f"k{number}"
        )[0]

    cases = done(at_once([told(number) for number in range(10)]))
    assert len({case.no for case in cases}) == 10
    assert Clock.objects.count() == 40


def test_ten_sweeps_at_once_take_each_step_once(cast: Cast, register: Register) -> None:
    for _ in range(12):
        register()
    results = done(at_once([lambda: sweep(until=MONDAY + 4 * HOUR, batch=4)] * 10))
    while more := sweep(until=MONDAY + 4 * HOUR):
        results.append(more)
    assert sum(results) == 12 * 5
    assert Escalation.objects.count() == 12 * 5
    assert Escalation.objects.values("clock", "step").distinct().count() == 12 * 5
    assert Event.objects.exclude(kind="register").count() == 12 * 5
    # who has heard much in this window already gets one message for the rest
    told = Message.objects.aggregate(notes=Sum(Greatest("folded", 1)))
    assert told == {"notes": 12 * 7}


def test_ten_that_catch_up_at_once_leave_nothing(cast: Cast, register: Register) -> None:
    until = MONDAY + 13 * HOUR
    for _ in range(12):
        register()
    results = done(at_once([lambda: catch_up(lambda: until, batch=4)] * 10))
    assert sum(results) == Escalation.objects.count() == 12 * 6
    assert not Clock.objects.filter(next_at__lte=until).exists()


def test_a_sweep_leaves_out_the_case_somebody_holds_and_takes_the_rest(
    cast: Cast, register: Register
) -> None:
    held, free = register(), register()
    with transaction.atomic():
        Complaint.objects.select_for_update().get(pk=held.pk)
        assert done(at_once([lambda: sweep(until=MONDAY + HOUR)])) == [3]
    assert not Escalation.objects.filter(complaint=held).exists()
    assert Escalation.objects.filter(complaint=free).count() == 3
    assert sweep(until=MONDAY + HOUR) == 3


def test_a_sweep_takes_a_case_that_somebody_only_refers_to(cast: Cast, register: Register) -> None:
    case = register()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT FROM complaints_complaint WHERE id = %s FOR KEY SHARE", [case.pk]
        )  # as the check of a foreign key does
        assert done(at_once([lambda: sweep(until=MONDAY + HOUR)])) == [3]


def test_a_talk_at_the_instant_of_the_sweep_leaves_one_outcome(
    cast: Cast, register: Register
) -> None:
    for off in (timedelta(0), timedelta(microseconds=1)):
        case = register()
        at = MONDAY + HOUR + off
        at_once([
            lambda at=at: sweep(until=at),
            lambda case=case, at=at: apologise(case, by=cast.li, at=at),
            lambda at=at: sweep(until=at),
        ])  # fmt: skip
        stopped = clock(case, ClockKind.APOLOGY)
        ended = outcome(stopped, at + HOUR)
        assert ended == (Outcome.BREACHED if off else Outcome.MET)
        assert stopped.next_at is None
        assert Escalation.objects.filter(clock=stopped).count() == 3


def test_of_two_who_decide_a_remedy_at_once_one_does(cast: Cast, register: Register) -> None:
    case = register()
    offered = propose(case, cast, 500)
    results = at_once([
        lambda: remedies.decide(offered.pk, approve=True, note="", by=cast.wang, at=MONDAY),
        lambda: remedies.decide(offered.pk, approve=False, note="", by=cast.lin, at=MONDAY),
    ])  # fmt: skip
    assert codes(results) == ["already_decided"]
    (winner,) = done(results)
    stored = Remedy.objects.get()
    assert (stored.state, stored.decided_by_id) == (winner.state, winner.decided_by_id)
    assert Event.objects.filter(kind="decide_remedy").count() == 1


def propose(case: Complaint, cast: Cast, amount: int) -> Remedy:
    return remedies.propose(
        case.pk, kind=RemedyKind.REFUND, amount=Decimal(amount), description="退运费",
        by=cast.li, at=MONDAY,
    )  # fmt: skip


def test_parallel_offers_never_promise_beyond_the_limit(cast: Cast, register: Register) -> None:
    case = register()
    offers = done(at_once([lambda: propose(case, cast, 60)] * 8))
    assert len(offers) == 8
    promised = Remedy.objects.filter(state=RemedyState.PROMISED)
    assert sum(each.amount for each in promised) == 180  # the limit is 200
    assert Remedy.objects.filter(state=RemedyState.AWAITING).count() == 5


def test_parallel_approvals_never_reach_beyond_the_approvers_limit(
    cast: Cast, register: Register
) -> None:
    case = register()
    offers = [propose(case, cast, 600), propose(case, cast, 600)]
    results = at_once([
        lambda pk=offer.pk: remedies.decide(pk, approve=True, note="", by=cast.wang, at=MONDAY)
        for offer in offers
    ])  # fmt: skip
    assert codes(results) == ["over_authority", "over_authority"]


def test_of_two_who_acknowledge_at_once_one_does(cast: Cast, register: Register) -> None:
    register()
    sweep(until=MONDAY + HOUR)
    raised = Escalation.objects.get(level=1)
    at = MONDAY + 61 * MINUTE
    results = at_once([
        lambda by=by: acknowledgement.acknowledge(raised.pk, note="", by=by, at=at)
        for by in (cast.wang, cast.xu, cast.chen)
    ])  # fmt: skip
    assert codes(results) == ["already_acknowledged"] * 2
    assert Event.objects.filter(kind="acknowledge").count() == 1


def test_of_two_rulings_at_once_the_later_stands(cast: Cast, register: Register) -> None:
    case = register()
    accept(case, cast, at=MONDAY)
    at_once([
        lambda who=who: rule(case, cast, at=MONDAY, person=who)
        for who in (cast.ma, cast.zhao, cast.wang)
    ])  # fmt: skip
    assert Ruling.objects.count() == 3
    standing = Ruling.objects.get(superseded_at=None)
    assert fresh(case).rectifier == standing.lead.person
    assert fresh(case).responsible_branch == standing.lead.branch


def test_a_dispute_while_it_is_ruled_anew_leaves_one_ruling_and_no_orphan(
    cast: Cast, register: Register
) -> None:
    """Whichever came first, the dispute is about the ruling that stands."""
    for _ in range(4):
        case = register()
        accept(case, cast, at=MONDAY)
        rule(case, cast, at=MONDAY)
        results = at_once([
            lambda case=case: disputes.dispute(case.pk, reasons="x", by=cast.ma, at=MONDAY),
            lambda case=case: rule(case, cast, at=MONDAY, person=cast.zhao),
        ])  # fmt: skip
        assert codes(results) in (["dispute.open"], [])
        standing = Ruling.objects.get(complaint=case, superseded_at=None)
        assert all(each.ruling == standing for each in case.disputes.all())
        assert fresh(case).rectifier == standing.lead.person


def test_of_two_reviews_at_once_one_answers(cast: Cast, register: Register) -> None:
    case = register()
    accept(case, cast, at=MONDAY)
    rule(case, cast, at=MONDAY)
    found = disputes.dispute(case.pk, reasons="x", by=cast.ma, at=MONDAY)
    instead = Finding(branch=cast.wuxi, person=cast.wang, basis="")
    results = at_once([
        lambda: disputes.review(found.pk, basis="维持", by=cast.lin, at=MONDAY),
        lambda: disputes.review(found.pk, basis="改判", instead=instead, by=cast.gao, at=MONDAY),
    ])  # fmt: skip
    assert codes(results) == ["dispute.answered"]
    stored = Dispute.objects.get()
    standing = Ruling.objects.get(superseded_at=None)
    assert stored.answered_with == standing
    assert fresh(case).rectifier == standing.lead.person
    assert Ruling.objects.count() == 2
    assert Event.objects.filter(kind="review_dispute").count() == 1


def test_of_two_supervisors_who_dispute_at_once_one_does(cast: Cast, register: Register) -> None:
    case = register()
    accept(case, cast, at=MONDAY)
    rule(case, cast, at=MONDAY, person=cast.wang)
    results = at_once([
        lambda by=by: disputes.dispute(case.pk, reasons="x", by=by, at=MONDAY)
        for by in (cast.wang, cast.xu)
    ])  # fmt: skip
    assert codes(results) == ["dispute.open"]
    assert Dispute.objects.count() == 1


def test_of_two_who_sort_at_once_one_sorting_stands(cast: Cast, register: Register) -> None:
    case = register()
    at_once([lambda: accept(case, cast, at=MONDAY), lambda: reject(case, cast, at=MONDAY)])
    standing = Triage.objects.get(complaint=case, superseded_at=None)
    assert (fresh(case).status == "handling") == (standing.outcome == "valid")


def test_of_two_callbacks_at_once_one_counts(cast: Cast, register: Register) -> None:
    case = register()
    accept(case, cast, at=MONDAY)
    answer(case, by=cast.li, at=MONDAY)
    results = at_once([
        lambda by=by: call_back(case, by=by, at=MONDAY + HOUR) for by in (cast.chen, cast.lin)
    ])  # fmt: skip
    assert codes(results) == ["wrong_status"]
    assert fresh(case).status == "closed"


def test_a_dissatisfied_customer_pressed_twice_opens_one_new_round(
    cast: Cast, register: Register
) -> None:
    case = register()
    accept(case, cast, at=MONDAY)

    def press() -> object:
        return call_back(case, by=cast.chen, at=MONDAY + HOUR, satisfied=False, said="还是没收到")

    results = at_once([press, press])
    assert codes(results) == ["occurred_at.before_round"]
    assert fresh(case).round == 2
    assert Clock.objects.filter(complaint=case).count() == 8


def test_one_sheet_submitted_twice_at_once_has_one_number(cast: Cast, register: Register) -> None:
    case = register()
    accept(case, cast, at=MONDAY)
    rule(case, cast, at=MONDAY)
    results = at_once([lambda: submit(case, by=cast.ma, at=MONDAY + HOUR)] * 4)
    assert codes(results) == ["already_submitted"] * 3
    assert Sheet.objects.get().no == "问字【2026】001号"


def test_sheet_numbers_are_gapless_though_some_submissions_fail(
    cast: Cast, register: Register
) -> None:
    cases = [register() for _ in range(8)]
    for case in cases:
        accept(case, cast, at=MONDAY)
        rule(case, cast, at=MONDAY)

    def submit_or_fail(case: Complaint, fails: bool) -> Callable[[], Sheet]:
        def deed() -> Sheet:
            with transaction.atomic():
                sheet = submit(case, by=cast.ma, at=MONDAY + HOUR)
                if fails:
                    raise Conflict("changed_my_mind", "")
                return sheet

        return deed

    deeds = [submit_or_fail(case, fails=i % 3 == 1) for i, case in enumerate(cases)]
    results = at_once(deeds)
    assert codes(results) == ["changed_my_mind"] * 3
    assert sorted(sheet.serial for sheet in Sheet.objects.all()) == [1, 2, 3, 4, 5]
    with transaction.atomic():
        assert next_serial(Series.SHEET, 2026) == 6


def offered(case: Complaint, cast: Cast, to: Person) -> Handover:
    offer = Offer(receiver=to, reason=HandoverReason.SHIFT, note="请接着办")
    return handovers.offer(case.pk, offer, by=cast.li, at=MONDAY)


def owned_once(case: Complaint) -> None:
    """Exactly one ownership is open, and it is the owner's."""
    (stretch,) = Ownership.objects.filter(complaint=case, until=None)
    assert stretch.person_id == fresh(case).owner_id


def test_of_the_receiver_and_the_deputy_who_accept_at_once_one_does(
    cast: Cast, register: Register
) -> None:
    case = register()
    offered(case, cast, cast.wang)
    leave = Leave(
        person=cast.wang, since=MONDAY, until=MONDAY + HOUR, reason=AbsenceReason.LEAVE,
        deputy=cast.zhao,
    )  # fmt: skip
    absences.plan(leave, by=cast.wang, at=MONDAY)
    at = MONDAY + MINUTE
    results = at_once([
        lambda by=by: handovers.accept(case.pk, by=by, at=at) for by in (cast.wang, cast.zhao)
    ])  # fmt: skip
    assert codes(results) == ["handover.over"]
    assert fresh(case).owner == cast.wang
    assert Event.objects.filter(kind="accept_offer").count() == 1
    owned_once(case)


def test_an_answer_and_a_decision_at_once_leave_one_owner(cast: Cast, register: Register) -> None:
    for _ in range(3):
        case = register()
        offered(case, cast, cast.wang)
        results = at_once([
            lambda case=case: handovers.accept(case.pk, by=cast.wang, at=MONDAY),
            lambda case=case: handovers.decide(
                case.pk, owner=cast.xu, opinion="区域接手", by=cast.chen, at=MONDAY
            ),
        ])  # fmt: skip
        assert codes(results) in (["handover.over"], ["handover.nothing"], ["out_of_sight"])
        accepted = Handover.objects.get(complaint=case).state == "accepted"
        assert fresh(case).owner == (cast.wang if accepted else cast.xu)
        owned_once(case)


def test_who_leaves_while_accepting_owns_nothing_or_stays(cast: Cast, register: Register) -> None:
    for _ in range(4):
        case = register()
        offered(case, cast, cast.wang)
        results = at_once([
            lambda case=case: handovers.accept(case.pk, by=cast.wang, at=MONDAY),
            lambda: departures.close_account(cast.wang, hand_up=False, by=cast.root, at=MONDAY),
        ])  # fmt: skip
        assert len(done(results)) == 1
        left = not Person.objects.get(pk=cast.wang.pk).is_active
        assert fresh(case).owner == (cast.li if left else cast.wang)
        owned_once(case)
        if left:
            departures.open_account(cast.wang, by=cast.root, at=MONDAY)
        else:
            departures.close_account(cast.wang, hand_up=True, by=cast.root, at=MONDAY)
            departures.open_account(cast.wang, by=cast.root, at=MONDAY)


def test_who_leaves_while_registering_leaves_no_case_behind(cast: Cast, register: Register) -> None:
    for _ in range(4):
        results = at_once([
            lambda: swallow(lambda: register(by=cast.zhao)),
            lambda: departures.close_account(cast.zhao, hand_up=True, by=cast.root, at=MONDAY),
        ])  # fmt: skip
        assert results
        active = Person.objects.get(pk=cast.zhao.pk).is_active
        assert active or not Complaint.objects.filter(owner=cast.zhao).exists()
        departures.open_account(cast.zhao, by=cast.root, at=MONDAY)
        for case in Complaint.objects.filter(owner=cast.zhao):
            owned_once(case)


def swallow(deed: Callable[[], T]) -> T | None:
    """None where the database refuses it in the end."""
    try:
        return deed()
    except IntegrityError:
        return None


def test_two_sweeps_let_an_offer_lapse_once(cast: Cast, register: Register) -> None:
    for _ in range(6):
        offered(register(), cast, cast.wang)
    until = MONDAY + 3 * HOUR
    results = done(at_once([lambda: lapsing.sweep(until=until, batch=2)] * 4))
    while more := lapsing.sweep(until=until):
        results.append(more)
    assert sum(results) == 6
    assert Event.objects.filter(kind="lapse_offer").count() == 6


def test_a_handler_and_a_caller_at_once_never_both_count(cast: Cast, register: Register) -> None:
    case = register()
    accept(case, cast, at=MONDAY)
    results = at_once([
        lambda: apologise(case, by=cast.chen, at=MONDAY + MINUTE),
        lambda: call_back(case, by=cast.chen, at=MONDAY + MINUTE),
    ])  # fmt: skip
    refused = [result for result in results if isinstance(result, NotAllowed)]
    called = fresh(case).status == "called_back"
    assert bool(refused) != called
