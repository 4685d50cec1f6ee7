"""One complaint told twice: both numbers live, the earliest receipt's clocks, counted once."""

from __future__ import annotations

import threading

import pytest
import time_machine
from django.db import connection
from django.test import Client

from common import walls
from common.errors import RuleBroken
from complaints import closing, handovers, links, triage
from complaints.access import visible_to
from complaints.handovers import Offer
from complaints.models import (
    ClockKind,
    Complaint,
    Event,
    HandoverReason,
    InvalidReason,
    Status,
)
from complaints.rules import Action
from notify.models import Message
from staff.eyes import eyes_of
from staff.models import Person
from tests.complaints import scenes
from tests.complaints.scenes import HOUR, MINUTE, clock, fresh
from tests.conftest import MONDAY, Cast, Register


def merge(case: Complaint, into: Complaint, *, by: Person, minutes: int = 30) -> None:
    triage.reject(
        case.pk, reason=InvalidReason.DUPLICATE, note="同一件事", duplicate_of=into.no, by=by,
        at=MONDAY + minutes * MINUTE,
    )  # fmt: skip


@pytest.fixture
def first(register: Register, cast: Cast) -> Complaint:
    return register(by=cast.li, order_no="YD1")


@pytest.fixture
def again(register: Register, cast: Cast) -> Complaint:
    return register(by=cast.zhao, order_no="YD1", at=MONDAY + 10 * MINUTE)


def sees(person: Person, case: Complaint) -> bool:
    by_the_first = visible_to(person).filter(pk=case.pk).exists()
    with walls.eyes(eyes_of(person)):
        assert Complaint.objects.filter(pk=case.pk).exists() == by_the_first
    return by_the_first


def test_the_earliest_receipt_keeps_clocks_and_owner_and_both_branches_see_both(
    cast: Cast, first: Complaint, again: Complaint
) -> None:
    assert not sees(cast.zhao, first)
    merge(again, first, by=cast.chen)
    assert (fresh(first).owner, fresh(first).status) == (cast.li, Status.TRIAGE)
    assert clock(first, ClockKind.APOLOGY).is_running
    assert not clock(again, ClockKind.APOLOGY).is_running
    assert fresh(again).status == Status.INVALID
    for person in (cast.zhao, cast.ma, cast.li, cast.wang):
        assert sees(person, first)
        assert sees(person, again)
    assert links.keeper(again) == first
    assert list(links.repeats(first)) == [again]
    told = Message.objects.filter(key__startswith="link:")
    assert set(told.values_list("recipient__username", flat=True)) == {"li", "zhao"}
    story = Event.objects.get(complaint=first, kind=Action.LINK)
    assert story.data["no"] == again.no


def test_the_later_one_is_the_duplicate_never_the_earlier(
    cast: Cast, first: Complaint, again: Complaint
) -> None:
    with pytest.raises(RuleBroken) as caught:
        merge(first, again, by=cast.chen)
    assert caught.value.code == "duplicate_of.later"
    assert again.no in caught.value.message
    assert fresh(first).status == Status.TRIAGE


def test_what_repeats_a_duplicate_is_merged_into_the_case_that_keeps(
    cast: Cast, first: Complaint, again: Complaint, register: Register
) -> None:
    third = register(by=cast.li, at=MONDAY + 20 * MINUTE)
    merge(again, first, by=cast.chen)
    merge(third, again, by=cast.chen)
    assert links.keeper(third) == first
    assert list(links.repeats(first)) == [again, third]
    with pytest.raises(RuleBroken) as caught:
        merge(first, third, by=cast.chen)
    assert caught.value.code == "duplicate_of.itself"


def test_nothing_is_merged_into_what_was_sorted_out(
    cast: Cast, first: Complaint, again: Complaint
) -> None:
    scenes.reject(first, cast, at=MONDAY + 20 * MINUTE)
    with pytest.raises(RuleBroken) as caught:
        merge(again, first, by=cast.chen)
    assert caught.value.code == "duplicate_of.sorted_out"


def test_taken_back_each_has_its_own_clocks_and_its_own_readers_again(
    cast: Cast, first: Complaint, again: Complaint
) -> None:
    merge(again, first, by=cast.chen)
    scenes.accept(again, cast, at=MONDAY + HOUR)
    assert links.keeper(again) is None
    assert not sees(cast.zhao, first)
    assert not sees(cast.li, again)
    assert clock(again, ClockKind.RESULT).is_running
    assert clock(again, ClockKind.RESULT).due_at == again.received_at + 24 * HOUR
    assert Event.objects.filter(complaint=first, kind=Action.UNLINK).exists()


def test_who_takes_the_case_over_later_sees_its_duplicate_too(
    cast: Cast, first: Complaint, again: Complaint
) -> None:
    merge(again, first, by=cast.chen)
    offer = Offer(receiver=cast.xu, reason=HandoverReason.SKILL, note="请接")
    handovers.offer(first.pk, offer, by=cast.li, at=MONDAY + HOUR)
    handovers.accept(first.pk, by=cast.xu, at=MONDAY + HOUR)
    assert sees(cast.xu, again)
    assert sees(cast.zhao, first)


def test_a_duplicate_counts_once_and_takes_its_open_offer_with_it(
    cast: Cast, first: Complaint, again: Complaint
) -> None:
    offer = Offer(receiver=cast.ma, reason=HandoverReason.SHIFT, note="请接")
    made = handovers.offer(again.pk, offer, by=cast.zhao, at=MONDAY + 12 * MINUTE)
    merge(again, first, by=cast.chen)
    made.refresh_from_db()
    assert made.state == "withdrawn"
    assert list(Complaint.objects.exclude(status=Status.INVALID)) == [first]


def test_the_pages_show_each_other(cast: Cast, first: Complaint, again: Complaint) -> None:
    merge(again, first, by=cast.chen)
    client = Client()
    client.force_login(cast.zhao)
    with time_machine.travel(MONDAY + HOUR, tick=False):
        page = client.get(f"/complaints/{again.no}/").content.decode()
        assert "重复投诉，已并入" in page
        assert first.no in page
        other = client.get(f"/complaints/{first.no}/").content.decode()
        assert "同一投诉的其他编号" in other
        answer = client.get(f"/api/v1/complaints/{again.no}/").json()
        assert answer["duplicate_of"] == first.no
        kept = client.get(f"/api/v1/complaints/{first.no}/").json()
        assert kept["duplicates"] == [again.no]


@pytest.mark.django_db(transaction=True)
def test_merging_while_the_case_is_handed_over(
    cast: Cast, first: Complaint, again: Complaint
) -> None:
    """Whoever comes first: nobody waits in a ring, and each open case has its one owner."""
    offer = Offer(receiver=cast.ma, reason=HandoverReason.SHIFT, note="请接")
    handovers.offer(again.pk, offer, by=cast.zhao, at=MONDAY + 12 * MINUTE)
    start, errors = threading.Barrier(3), []

    def run(deed: object) -> None:
        assert callable(deed)
        start.wait()
        try:
            deed()
        except RuleBroken as broken:
            errors.append(broken.code)
        finally:
            connection.close()

    deeds = [
        lambda: merge(again, first, by=cast.chen),
        lambda: handovers.accept(again.pk, by=cast.ma, at=MONDAY + 30 * MINUTE),
        lambda: closing.withdraw(
            first.pk, said_by="本人", note="不投诉了", by=cast.li, at=MONDAY + 30 * MINUTE
        ),
    ]
    threads = [threading.Thread(target=run, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads)
    assert fresh(again).status == Status.INVALID
    assert fresh(first).status == Status.WITHDRAWN
    assert fresh(again).owner in (cast.zhao, cast.ma)
    assert set(errors) <= {"handover.over", "wrong_status"}
    for case in (first, again):
        assert fresh(case).ownerships.filter(until=None).count() == 1
