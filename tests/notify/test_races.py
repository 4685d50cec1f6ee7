"""Two deliverers, one queue: real threads, real connections, real locks."""

from __future__ import annotations

from collections import Counter

import pytest
from django.db import transaction

from common import walls
from notify import digest
from notify.delivery import claim, deliver
from notify.dispatch import dispatch, fold
from notify.models import Delivery, Message
from tests.complaints.test_races import at_once, done
from tests.conftest import MONDAY, Cast
from tests.notify.scenes import MINUTE, SECOND, hook, mail, tell, tell_many, wants
from tests.notify.sinks import Gateway, PostOffice

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("races")]


def until_done() -> int:
    """What one deliverer deals with in small batches until nothing is left for it."""
    dealt = idle = 0
    while idle < 3:
        batch = deliver(at=MONDAY, limit=3)
        dealt, idle = dealt + batch, 0 if batch else idle + 1
    return dealt


def test_two_deliverers_send_each_message_once(
    cast: Cast, post_office: PostOffice, gateway: Gateway
) -> None:
    wants(cast.li, mail(), hook(f"json://{gateway.address}/"))
    for n in range(15):
        tell(cast.li, cast.wang, key=f"k{n}")
    at_once([until_done] * 2)
    ids = {f"message-{pk}" for pk in Message.objects.values_list("pk", flat=True)}
    assert Counter(post_office.ids) == {f"<{name}@desk.example.com>": 1 for name in ids}
    assert len(gateway.calls) == len({call.headers["Idempotency-Key"] for call in gateway.calls})
    assert len(gateway.calls) == 15
    assert Counter(Delivery.objects.values_list("state", flat=True)) == {"sent": 45}


def test_eight_dispatchers_hand_each_message_on_once(cast: Cast, post_office: PostOffice) -> None:
    for n in range(20):
        tell(cast.li, cast.wang, cast.chen, key=f"k{n}")
    handed = done(at_once([lambda: dispatch(at=MONDAY, limit=20)] * 8))
    assert sum(handed) == 60
    assert Delivery.objects.count() == 60


def test_eight_that_fold_lose_none_and_count_none_twice(
    cast: Cast, post_office: PostOffice
) -> None:
    for person in cast.people:
        tell_many(person, 40)
        tell_many(person, 30, at=MONDAY - SECOND, urgent=True)
    folded = done(at_once([lambda: fold(at=MONDAY)] * 8))
    assert sum(folded) == 70 * len(cast.people)
    found = Message.objects.filter(folded__gt=0).values_list("folded", "urgent")
    assert Counter(found) == {(40, False): len(cast.people), (30, True): len(cast.people)}
    assert dispatch(at=MONDAY + MINUTE, limit=1000) == 2 * len(cast.people)


def test_a_delivery_is_claimed_by_one(cast: Cast, post_office: PostOffice) -> None:
    for n in range(20):
        tell(cast.li, key=f"k{n}")
    dispatch(at=MONDAY, limit=100)
    batches = done(at_once([lambda: claim(at=MONDAY, limit=5)] * 8))
    taken = [delivery.pk for batch in batches for delivery in batch.deliveries]
    assert len(taken) == len(set(taken)) == 20


def test_a_claim_waits_for_nobody(cast: Cast, post_office: PostOffice) -> None:
    """A row that somebody else holds locked is passed over, not waited for."""
    tell(cast.li, cast.wang)
    dispatch(at=MONDAY, limit=100)
    with transaction.atomic():
        list(Delivery.objects.select_for_update().filter(message__recipient=cast.li))
        (batch,) = done(at_once([lambda: claim(at=MONDAY, limit=5)]))
    assert [delivery.message.recipient_id for delivery in batch.deliveries] == [cast.wang.pk]


def test_a_request_under_way_keeps_nobody_from_a_digest(cast: Cast) -> None:
    def another() -> None:
        digest.fold([digest.Fold(cast.li.pk, urgent=True, notes=2)], at=MONDAY)

    with walls.eyes(walls.NOBODY):
        digest.fold([digest.Fold(cast.li.pk, urgent=True, notes=1)], at=MONDAY)
        digest.fold([digest.Fold(cast.li.pk, urgent=True, notes=4)], at=MONDAY)
        assert done(at_once([another])) == [None]
    assert Message.objects.get().folded == 7
