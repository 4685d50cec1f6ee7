"""Telling a customer by mail that their mail is in: their number, where to follow it, and where to
write on. Written down first, sent by `replies`; it is no apology and stops no clock."""

from __future__ import annotations

import re
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import BinaryField, Func, QuerySet, Value
from django.utils.translation import gettext as _
from django.utils.translation import override

from complaints.models import Channel, Severity
from intake.mail import automatic, reply_addresses
from intake.mail.arrivals import HEAD, Head, head_of
from intake.mail.mailboxes import settings_of
from intake.models import Inlet, Item, ItemState, Reply, ReplyState

#: One sender is written to once in this time.
ONCE_IN = timedelta(hours=1)
#: An acknowledgement of something older than this would only puzzle.
NOT_AFTER = timedelta(hours=24)
#: Items that came before this are not looked for any more.
_LOOK_BACK = timedelta(days=3)
BATCH = 100
_HEAD_OF_RAW = Func("raw", Value(1), Value(HEAD), function="substring", output_field=BinaryField())
_MESSAGE_ID = re.compile(r"<[\x21-\x3b\x3d\x3f-\x7e]{3,250}>")


@transaction.atomic
def write_due(*, at: datetime, limit: int = BATCH) -> int:
    """For each mail that has become a case one row: the acknowledgement, or why there is none.
    How many. Two writers at once: the second waits, so that one sender is written to once."""
    inlets = {inlet.pk: inlet for inlet in _mail_inlets()}
    due = _due(at).filter(inlet__in=inlets).select_related("thread__complaint").defer("raw")
    due = due.annotate(head=_HEAD_OF_RAW).order_by("pk")[:limit]
    count = 0
    for item in due:
        _write(item, inlets[item.inlet_id], head_of(bytes(item.head)), at)
        count += 1
    return count


def is_unwritten(*, since: datetime, at: datetime) -> bool:
    """Whether a mail that came before `since` is a case, and nobody has written of it."""
    return _due(at).filter(inlet__channel=Channel.MAIL, received_at__lte=since).exists()


def _due(at: datetime) -> QuerySet[Item]:
    return Item.objects.filter(
        state=ItemState.REGISTERED, reply=None, thread__isnull=False,
        received_at__gt=at - _LOOK_BACK,
    )  # fmt: skip


def _mail_inlets() -> QuerySet[Inlet]:
    """Locked against another writer, not against what comes in."""
    return Inlet.objects.filter(channel=Channel.MAIL).select_for_update(no_key=True).order_by("pk")


def _write(item: Item, inlet: Inlet, head: Head, at: datetime) -> None:
    thread = item.thread
    if thread is None:
        raise AssertionError  # only items with a thread are looked for
    complaint = thread.complaint
    withheld = _why_not(item, inlet, head, complaint.severity, at)
    named = _MESSAGE_ID.match(head.message_id)
    with override(settings.LANGUAGE_CODE):
        Reply.objects.create(
            key=f"ack:{item.pk}",
            thread=thread,
            item=item,
            address=thread.address,
            message_id=_own_message_id(inlet.pk, complaint.pk),
            in_reply_to=named[0] if named else "",
            subject=_("您的来信已收到，受理编号 %(no)s") % {"no": complaint.no},
            body=_body(complaint.no),
            state=ReplyState.WITHHELD if withheld else ReplyState.PENDING,
            reason=withheld,
            created_at=at,
            available_at=at,
        )


def _why_not(item: Item, inlet: Inlet, head: Head, severity: str, at: datetime) -> str:
    """A code; "" when the acknowledgement is to be sent."""
    address = item.thread.address if item.thread else ""
    refusals = (
        ("switched_off", not settings_of(inlet).acknowledge),
        ("critical", severity == Severity.CRITICAL),
        ("no_address", not address),
        ("nobody_reads_it", automatic.answers_itself(address) or head.no_answers),
        ("too_late", item.received_at < at - NOT_AFTER),
        ("no_way_out", not settings.EMAIL_HOST),
    )
    refused = next((code for code, holds in refusals if holds), "")
    return refused or ("too_soon" if _was_written_to(address, at) else "")


def _was_written_to(address: str, at: datetime) -> bool:
    lately = Reply.objects.filter(address__iexact=address, created_at__gt=at - ONCE_IN)
    return lately.exclude(state=ReplyState.WITHHELD).exists()


def _own_message_id(inlet_id: int, complaint_id: int) -> str:
    token = reply_addresses.token(inlet_id, complaint_id)
    return f"<{token}.{secrets.token_hex(8)}@{settings.SITE_HOST}>"


def _body(no: str) -> str:
    return _(
        "您好：\n\n"
        "您的来信我们已经收到并登记，受理编号 %(no)s。\n"
        "我们会尽快与您联系。查询处理进度：%(url)s\n"
        "如需补充，请直接回复本邮件。\n\n"
        "本邮件由系统自动发出。"
    ) % {"no": no, "url": f"{settings.SITE_URL}/feedback/track/"}
