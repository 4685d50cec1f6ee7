"""Calls become items: at once, or by way of the spool once the database is back."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from common import walls
from common.errors import is_away
from complaints.models import Channel
from intake import items, spool
from intake.items import Arrival
from intake.models import Inlet, Item
from intake.models.wechat import Nonce
from intake.spool import Refused, Spooled
from intake.wechat import accounts
from intake.wechat.calls import WINDOW, Call, Forged, Keys, Opened, Unreadable, check_age, open_

logger = logging.getLogger(__name__)

#: A sender hears that we have heard them at most this often.
_SAY_SO_EVERY = timedelta(hours=1)
_EVENT = "event:"


@dataclass(frozen=True)
class Taken:
    """What the call was, and the words it is answered with; none for an event, or for somebody
    who has just had them."""

    opened: Opened
    keys: Keys
    words: str


def take(call: Call, *, at: datetime) -> Taken:
    """Keep the message of the call; `at` is when it reached us. The same call, or the same
    message again, is the first item. Raises Forged; Unreadable."""
    inlet, keys = accounts.find(call.channel, call.key)
    opened = open_(call, keys)
    check_age(call, at)
    message = opened.message
    if not keys.aes_key:
        _check_nonce(inlet, call, message.outside_id, at)
    item, _created = items.keep(
        inlet,
        Arrival(
            outside_id=message.outside_id,
            raw=opened.xml,
            media_type="text/xml",
            sender=message.sender,
            subject=f"{_EVENT}{message.event}" if message.is_event else message.kind,
            sent_at=message.sent_at,
        ),
        at=at,
    )
    return Taken(opened, keys, "" if message.is_event else _words(item))


def put_by(call: Call, *, at: datetime, verified: bool) -> None:
    """Spool the call as it came. Raises spool.Full, OSError."""
    what = Spooled(call.channel.value, call.key, call.query, call.body, at)
    spool.put(what, verified=verified)


def drain(now: Callable[[], datetime]) -> int:
    """Take in what was spooled; how many. A disk that can't be read holds nobody up. Raises what
    the database raises when it is away."""
    try:
        if not spool.waiting():
            return 0
        return spool.drain(lambda spooled: _take_in(spooled, now()))
    except OSError:
        logger.exception("The spool can't be read.")
        return 0


def thanks() -> str:
    """That we have heard, to somebody who wrote in Chinese, whatever this process speaks."""
    with override(settings.LANGUAGE_CODE):
        return _("已收到您的消息，我们会尽快为您处理。")


def _take_in(spooled: Spooled, now: datetime) -> None:
    """Verified only now, but as of when it came. Raises Refused for what is no call of theirs."""
    try:
        call = Call(Channel(spooled.channel), spooled.key, spooled.query, spooled.body)
        take(call, at=min(spooled.at, now))
    except (Forged, Unreadable) as refused:
        raise Refused(type(refused).__name__) from None
    except Exception as error:
        if is_away(error):
            raise
        logger.exception("What was spooled could not be taken in.")
        raise Refused(type(error).__name__) from None


def _check_nonce(inlet: Inlet, call: Call, outside_id: str, at: datetime) -> None:
    """In plain mode the signature says nothing of the message: whoever has seen one call could
    send another under it. Raises Forged unless the nonce is new, or the message the same."""
    Nonce.objects.filter(at__lt=at - timedelta(seconds=2 * WINDOW)).delete()
    nonce, _new = Nonce.objects.get_or_create(
        inlet=inlet,
        value=f"{call.asked('timestamp')}:{call.asked('nonce')}"[:100],
        defaults={"outside_id": outside_id[:200], "at": at},
    )
    if nonce.outside_id != outside_id[:200]:
        raise Forged


def _words(item: Item) -> str:
    """The same for the same item, however often it comes."""
    with walls.lifted():
        before = Item.objects.filter(
            inlet_id=item.inlet_id,
            sender=item.sender,
            received_at__gt=item.received_at - _SAY_SO_EVERY,
            received_at__lte=item.received_at,
            pk__lt=item.pk,
        ).exclude(subject__startswith=_EVENT)
        return "" if before.exists() else thanks()
