"""Sends what is due by its way out: at least once, with the same id each time."""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import override

from notify.channels import robots, sms
from notify.channels.mail import Mails
from notify.channels.undelivered import Undelivered
from notify.dispatch import dispatch, fold
from notify.failures import give_up, next_attempt
from notify.models import Delivery, DeliveryState, OutletKind
from notify.selectors import is_available

logger = logging.getLogger(__name__)

#: So long nobody else takes what a sender has claimed.
LEASE = timedelta(seconds=60)
#: A sender begins nothing new after so many seconds: the rest of the lease is for what it began.
_BUDGET = 25


def deliver(*, at: datetime, limit: int = 500) -> int:
    """Dispatch what waits and send what is due, up to `limit` each; how many were dealt with.
    Any number of deliverers share the work. Never inside a transaction: each step is its own."""
    moved = fold(at=at) + dispatch(at=at, limit=limit)
    return moved + send(claim(at=at, limit=limit), at=at)


@dataclass
class Batch:
    """What one sender holds: the lease, and the ways out that it found shut (by id: why)."""

    token: uuid.UUID
    deliveries: list[Delivery]
    down: dict[int, str] = field(default_factory=dict)


@transaction.atomic
def claim(*, at: datetime, limit: int) -> Batch:
    """Take what is due under a lease of one's own; what another has under lease is left."""
    free = Delivery.objects.filter(
        Q(lease_until=None) | Q(lease_until__lte=at),
        state=DeliveryState.PENDING,
        available_at__lte=at,
    ).order_by("-urgent", "available_at", "pk")
    taken = free.select_for_update(skip_locked=True).values_list("pk", flat=True)[:limit]
    token, ids = uuid.uuid4(), list(taken)
    claimed = Delivery.objects.filter(pk__in=ids)
    claimed.update(lease_until=at + LEASE, lease_token=token)
    rows = claimed.select_related("message__recipient", "outlet")
    return Batch(token, list(rows.order_by("-urgent", "available_at", "pk")))


def send(batch: Batch, *, at: datetime) -> int:
    """Send one by one and write down how each went before the next; how many were tried. What
    time is too short for is released."""
    mails, ends, done = Mails(), monotonic() + _BUDGET, 0
    try:
        with override(settings.LANGUAGE_CODE):
            for delivery in batch.deliveries:
                if monotonic() > ends:
                    break
                _send_one(delivery, batch, mails, at=at)
                done += 1
    finally:
        mails.close()
        _release(batch)
    return done


def _send_one(delivery: Delivery, batch: Batch, mails: Mails, *, at: datetime) -> None:
    shut = batch.down.get(delivery.outlet_id)
    try:
        if shut is not None:
            raise Undelivered(shut)
        _hand_over(delivery, mails)
    except Undelivered as failure:
        if failure.outlet_down:
            batch.down[delivery.outlet_id] = failure.reason
        _failed(delivery, failure, batch, at=at, tried=shut is None)
    else:
        _mine(delivery, batch).update(
            state=DeliveryState.SENT, sent_at=at, lease_until=None, lease_token=None
        )


def _hand_over(delivery: Delivery, mails: Mails) -> None:
    """By the channel of its kind. Raises Undelivered, whatever goes wrong: one message that
    can't be sent holds up no other."""
    if not is_available(delivery.outlet):
        raise Undelivered("outlet off", outlet_down=True)
    try:
        match delivery.outlet.kind:
            case OutletKind.MAIL:
                mails.send(delivery)
            case OutletKind.SMS:
                sms.send(delivery)
            case _:
                robots.send(delivery)
    except Undelivered:
        raise
    except Exception as unforeseen:
        logger.error("delivery %s: %s", delivery.pk, type(unforeseen).__name__)
        raise Undelivered(type(unforeseen).__name__) from None


def _failed(
    delivery: Delivery, failure: Undelivered, batch: Batch, *, at: datetime, tried: bool
) -> None:
    """Later again, or never and a person is told. One that was tried comes after those that
    were not, so that a message on which the server breaks does not bar the way for good."""
    again = None if failure.permanent else next_attempt(delivery, at=at)
    with transaction.atomic():
        changed = _mine(delivery, batch).update(
            state=DeliveryState.PENDING if again else DeliveryState.GIVEN_UP,
            attempts=F("attempts") + 1,
            available_at=again + timedelta(seconds=tried) if again else F("available_at"),
            last_error=failure.reason[:200],
            lease_until=None,
            lease_token=None,
        )
        if changed and not again:
            give_up(delivery, at=at)


def _mine(delivery: Delivery, batch: Batch) -> QuerySet[Delivery]:
    """The row, if the lease is still ours: else another has taken it over, and says how it went."""
    return Delivery.objects.filter(pk=delivery.pk, lease_token=batch.token)


def _release(batch: Batch) -> None:
    Delivery.objects.filter(lease_token=batch.token).update(lease_until=None, lease_token=None)
