"""Pictures and recordings: named in a message, fetched from the platform, put to the case."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.utils.translation import gettext as _

from common import text, walls
from common.errors import RuleBroken
from complaints import attachments, statements
from complaints.models import Channel, Complaint
from intake.models import Item
from intake.models.wechat import Media, MediaState
from intake.wechat import vendor
from intake.wechat.messages import Message
from intake.wechat.vendor import Unavailable

logger = logging.getLogger(__name__)

#: The platform keeps it so long, and forgets it then.
LIFE = timedelta(days=3)
#: Whoever fetches has so long before another tries too.
_LEASE = timedelta(minutes=3)
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=3)


def expect(item: Item, message: Message) -> None:
    """Remember, in this transaction, to fetch what the message names."""
    Media.objects.get_or_create(
        item=item,
        defaults={
            "kind": message.kind,
            "media_id": text.printable(message["MediaId"], limit=200),
            "url": text.printable(message["PicUrl"], limit=1000),
            "next_try_at": item.received_at,
        },
    )


def note(message: Message) -> str:
    """What the case says until the file is there, and if it never comes."""
    named = {
        "kind": _kind(message.kind),
        "media_id": text.printable(message["MediaId"], limit=200),
    }
    return _("客户发来一份%(kind)s，取回后附在本投诉；素材编号 %(media_id)s") % named


def drain(
    now: Callable[[], datetime], *, limit: int = 20, overdue: timedelta = timedelta(0)
) -> int:
    """Fetch what is due for longer than `overdue`, up to `limit`, each by itself; how many were
    tried. Never inside a transaction. Any number may drain at once."""
    tried = 0
    while tried < limit and (found := _claim(now(), overdue)) is not None:
        _fetch(found, now)
        tried += 1
    return tried


@transaction.atomic
def _claim(at: datetime, overdue: timedelta) -> Media | None:
    """One that is due and whose message has its case, under a lease."""
    with walls.lifted():
        due = Media.objects.filter(
            state=MediaState.WAITING,
            next_try_at__lte=at - overdue,
            item__complaint__isnull=False,
        )
        locked = due.order_by("next_try_at", "pk").select_for_update(skip_locked=True, of=("self",))
        media = locked.select_related("item__inlet").first()
        if media is not None:
            Media.objects.filter(pk=media.pk).update(next_try_at=at + _LEASE)
    return media


def _fetch(media: Media, now: Callable[[], datetime]) -> None:
    try:
        content = vendor.fetch(media.item.inlet, media.media_id, media.url)
    except Unavailable as failure:
        _failed(media, failure, now())
        return
    except Exception as unforeseen:
        logger.exception("Media %s could not be fetched.", media.pk)
        _failed(media, Unavailable(type(unforeseen).__name__), now())
        return
    try:
        _put_to_the_case(media, content, now())
    except RuleBroken as refused:
        _give_up(media, str(refused), now())


@transaction.atomic
def _put_to_the_case(media: Media, content: bytes, at: datetime) -> None:
    """Raises RuleBroken `file.*` for what may not be kept."""
    with walls.lifted():
        mine = _lock(media)
        if mine is None:
            return
        complaint = _lock_case(mine)
        upload = SimpleUploadedFile(_kind(media.kind), content)
        kept = attachments.keep(complaint, upload, by=complaint.owner, at=at)
        _settle(mine, MediaState.KEPT, attachment=kept, last_error="")


def _failed(media: Media, failure: Unavailable, at: datetime) -> None:
    """Later again; never, once the platform has forgotten it or says that it won't."""
    pause = min(_FIRST_PAUSE * 2 ** min(media.tries, 10), _LONGEST_PAUSE)
    if failure.for_good or at + pause > media.item.received_at + LIFE:
        _give_up(media, failure.reason, at)
        return
    with walls.lifted():
        Media.objects.filter(pk=media.pk, state=MediaState.WAITING).update(
            tries=media.tries + 1, next_try_at=at + pause, last_error=failure.reason[:200]
        )


@transaction.atomic
def _give_up(media: Media, reason: str, at: datetime) -> None:
    """The owner is told, so that the customer can be asked for it again."""
    with walls.lifted():
        mine = _lock(media)
        if mine is None:
            return
        complaint = _lock_case(mine)
        _settle(mine, MediaState.GIVEN_UP, tries=mine.tries + 1, last_error=reason[:200])
        said = _(
            "〔客户发来的%(kind)s没有取到（%(reason)s），请客户重新提供；素材编号 %(media_id)s〕"
        ) % {"kind": _kind(media.kind), "reason": reason, "media_id": media.media_id}
        words = statements.Said(channel=Channel(mine.item.inlet.channel), said=said)
        statements.write(complaint, words, at=at)


def _lock(media: Media) -> Media | None:
    """The row, if nobody has settled it meanwhile."""
    rows = Media.objects.select_for_update(of=("self",)).select_related("item__inlet")
    return rows.filter(pk=media.pk, state=MediaState.WAITING).first()


def _lock_case(media: Media) -> Complaint:
    complaint = Complaint.objects.select_for_update(of=("self",)).get(items=media.item_id)
    walls.hold(complaint.pk)
    return complaint


def _settle(media: Media, state: MediaState, **changes: object) -> None:
    fields = {"state": state, "next_try_at": None, **changes}
    for name, value in fields.items():
        setattr(media, name, value)
    media.save(update_fields=list(fields))


def _kind(kind: str) -> str:
    return {
        "image": _("图片"),
        "voice": _("语音"),
        "video": _("视频"),
        "shortvideo": _("视频"),
    }.get(kind, _("文件"))
