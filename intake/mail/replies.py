"""Sends the replies that are due: at least once, with the same message id each time."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import formataddr
from time import monotonic

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import F, Q, QuerySet

from complaints.models import Severity
from intake.mail import acknowledgement, reply_addresses
from intake.mail.mailboxes import settings_of
from intake.models import Reply, ReplyState
from notify.channels.mail import Mails
from notify.channels.undelivered import Undelivered

#: So long nobody else takes what a sender has claimed.
LEASE = timedelta(seconds=60)
#: A sender begins nothing new after so many seconds.
_BUDGET = 25
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=30)
BATCH = 100
#: What is due for longer has no worker to send it.
UNSENT = timedelta(seconds=60)


def drain(now: Callable[[], datetime], *, batch: int = BATCH) -> int:
    """Write what is due and send what waits; how many were dealt with. Never inside a
    transaction: each step is its own. Any number may drain at once."""
    written = acknowledgement.write_due(at=now(), limit=batch)
    return written + send(at=now(), batch=batch)


def is_unsent(at: datetime) -> bool:
    """Whether an acknowledgement has been due for `UNSENT`: no worker sends any."""
    since = at - UNSENT
    waits = Reply.objects.filter(state=ReplyState.PENDING, available_at__lte=since)
    return waits.exists() or acknowledgement.is_unwritten(since=since, at=at)


def send(*, at: datetime, batch: int = BATCH) -> int:
    """Send one by one and write down how each went before the next; how many were tried."""
    token, replies = _claim(at, batch)
    mails, ends, down, done = Mails(), monotonic() + _BUDGET, "", 0
    try:
        for reply in replies:
            if down or monotonic() > ends:
                break
            down = _send_one(reply, token, mails, at)
            done += 1
    finally:
        mails.close()
        _mine(token).update(lease_until=None, lease_token=None)
    return done


@transaction.atomic
def _claim(at: datetime, limit: int) -> tuple[uuid.UUID, list[Reply]]:
    """What is due, under a lease; what another has under lease is left."""
    free = Reply.objects.filter(
        Q(lease_until=None) | Q(lease_until__lte=at), state=ReplyState.PENDING, available_at__lte=at
    ).order_by("available_at", "pk")
    ids = list(free.select_for_update(skip_locked=True).values_list("pk", flat=True)[:limit])
    token = uuid.uuid4()
    Reply.objects.filter(pk__in=ids).update(lease_until=at + LEASE, lease_token=token)
    claimed = Reply.objects.filter(pk__in=ids).select_related("thread__complaint", "thread__inlet")
    return token, list(claimed.order_by("available_at", "pk"))


def _send_one(reply: Reply, token: uuid.UUID, mails: Mails, at: datetime) -> str:
    """What the server said when nothing gets out any more; "" otherwise."""
    mine = _mine(token).filter(pk=reply.pk)
    if reply.thread.complaint.severity == Severity.CRITICAL:  # it may have become so meanwhile
        mine.update(
            state=ReplyState.WITHHELD, reason="critical", lease_token=None, lease_until=None
        )
        return ""
    try:
        mails.hand_over(_mail(reply), reply.address)
    except Undelivered as failure:
        _failed(reply, mine, failure, at)
        return failure.reason if failure.outlet_down else ""
    mine.update(state=ReplyState.SENT, sent_at=at, lease_until=None, lease_token=None)
    return ""


def _failed(reply: Reply, mine: QuerySet[Reply], failure: Undelivered, at: datetime) -> None:
    over = failure.permanent or at >= reply.created_at + acknowledgement.NOT_AFTER
    pause = min(FIRST_PAUSE * 2 ** min(reply.attempts, 6), LONGEST_PAUSE)
    mine.update(
        state=ReplyState.GIVEN_UP if over else ReplyState.PENDING,
        attempts=F("attempts") + 1,
        available_at=at + pause,
        last_error=failure.reason[:200],
        lease_until=None,
        lease_token=None,
    )


def _mine(token: uuid.UUID) -> QuerySet[Reply]:
    """Rows whose lease is still ours: else another says how it went."""
    return Reply.objects.filter(lease_token=token)


def _mail(reply: Reply) -> EmailMessage:
    """No word of the customer's stands in it, so none can forge a header; RFC 3834 marks it."""
    inlet = reply.thread.inlet
    own = settings_of(inlet)
    sender = own.address or settings.DEFAULT_FROM_EMAIL
    headers = {
        "Message-ID": reply.message_id,
        "Auto-Submitted": "auto-replied",
        "X-Auto-Response-Suppress": "All",
    }
    if own.address and own.plus:
        headers["Reply-To"] = reply_addresses.address_for(
            own.address, inlet.pk, reply.thread.complaint_id
        )
    if reply.in_reply_to:
        headers |= {"In-Reply-To": reply.in_reply_to, "References": reply.in_reply_to}
    return EmailMessage(
        subject=reply.subject,
        body=reply.body,
        from_email=formataddr((inlet.name, sender)) if own.address else sender,
        to=[reply.address],
        headers=headers,
    )
