"""The public form: what a customer has sent, kept as one item with its photos, and registered at
once, so that the receipt can show the number of the case."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from common import phones, walls
from common.errors import RuleBroken
from complaints.models import Channel, ComplainantRole
from intake import items
from intake.items import Arrival
from intake.models import Inlet, Item, Receipt
from intake.public import captcha, receipts
from intake.public.privacy_notice import Notice
from intake.public.receipts import TooMany
from intake.understood import File
from notify.post import msgid
from staff import throttle
from staff.models import Branch, BranchKind
from staff.throttle import Quota

KEY = "form"
MEDIA_TYPE = "application/json"
PHOTOS = 5
#: Bytes of all photos together; as they are kept (base64), they stay below `items.LARGEST`.
PHOTOS_WEIGH = 18 * 1024 * 1024

#: How often one may send: from one address, and of one phone number.
FROM_ADDRESS = Quota("form-from", 10, timedelta(hours=1))
OF_PHONE = Quota("form-of", 3, timedelta(hours=1))
#: How often a customer may add something to one case.
OF_CASE = Quota("form-more", 20, timedelta(hours=1))


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A filled-in form, checked. `key` is the form's own, drawn when it was shown; `solution` the
    captcha's, `address` where it came from."""

    key: str
    address: str
    solution: str
    notice: Notice
    what: str
    name: str = ""
    phone: str = ""
    anonymous: bool = False
    role: ComplainantRole = ComplainantRole.CUSTOMER
    order_no: str = ""
    branch: str = ""
    wish: str = ""
    photos: Sequence[File] = field(default_factory=tuple)

    @cached_property
    def words(self) -> dict[str, Any]:
        """All that it says besides the photos; of who will not be named neither name nor phone."""
        return {
            "what": self.what,
            "wish": self.wish,
            "name": "" if self.anonymous else self.name,
            "phone": "" if self.anonymous else self.phone,
            "anonymous": self.anonymous,
            "role": self.role.value,
            "order_no": self.order_no,
            "branch": self.branch,
        }

    @cached_property
    def mark(self) -> str:
        """What makes it the same form however often it is sent: its key, and all that it says."""
        return _mark(self.key, self.words, self.photos)


@dataclass(frozen=True, kw_only=True)
class More:
    """What a customer adds to their own case."""

    key: str
    what: str
    photos: Sequence[File] = field(default_factory=tuple)


def submit(sent: Sent, *, at: datetime) -> Receipt:
    """Keep the form, give a receipt, and register the case if it can be. The same form again is
    the first receipt; other words with a key that is known are a new one. Raises RuleBroken
    `captcha.*`, `form.closed`; TooMany `form.too_many`."""
    with walls.lifted(), transaction.atomic():
        inlet = _inlet()
        receipt = _given(inlet, sent.mark) or _take(inlet, sent, at)
    _settle(receipt.item_id, at)
    return receipt


def add(complaint_id: int, more: More, *, at: datetime) -> Item:
    """Keep words and photos for a case that is theirs, and append them. Raises TooMany
    `form.too_many`."""
    with walls.lifted(), transaction.atomic():
        inlet = _inlet()
        if not throttle.spend(OF_CASE, str(complaint_id), at=at):
            raise _too_many()
        words = {"complaint": complaint_id, "what": more.what}
        arrival = Arrival(
            outside_id=_outside_id(_mark(more.key, words, more.photos)),
            raw=_packed(words, more.photos),
            media_type=MEDIA_TYPE,
            subject=more.what,
        )
        item, _new = items.keep(inlet, arrival, at=at)
    return _settle(item.pk, at)


def _take(inlet: Inlet, sent: Sent, at: datetime) -> Receipt:
    solved = captcha.check(sent.solution, at=at)
    if not captcha.spend(solved, at=at):
        # pressed twice: the first has come through while this one waited
        if receipt := _given(inlet, sent.mark):
            return receipt
        raise RuleBroken("captcha.used", _("安全验证已用过，请再按一次提交。"))
    _pass(FROM_ADDRESS, sent.address, at)
    if phone := phones.key(sent.phone):
        _pass(OF_PHONE, phone, at)
    agreed = {"notice": sent.notice.version, "at": at.isoformat()}
    arrival = Arrival(
        outside_id=_outside_id(sent.mark),
        raw=_packed({**sent.words, "agreed": agreed}, sent.photos),
        media_type=MEDIA_TYPE,
        sender=phones.mask(sent.phone),
        subject=sent.what,
    )
    item, _new = items.keep(inlet, arrival, at=at)
    tail = "" if sent.anonymous else receipts.tail_of(sent.phone)
    return Receipt.objects.create(
        item=item,
        reference=receipts.new_reference(),
        tail=tail,
        code_digest="" if tail else receipts.digest_of(receipts.code_of(sent.mark)),
        notice=sent.notice.version,
        agreed_at=at,
    )


def _settle(item_id: int, at: datetime) -> Item:
    """What the house writes about it is for the house, in its own language."""
    with override(settings.LANGUAGE_CODE):
        return items.settle(item_id, at=at)


def _inlet() -> Inlet:
    """The way in, opened at headquarters when it is first used. Raises RuleBroken `form.closed`."""
    headquarters = Branch.objects.filter(kind=BranchKind.HEADQUARTERS).first()
    closed = RuleBroken("form.closed", _("网上反馈暂未开放，请用其他方式联系我们。"))
    if headquarters is None:
        raise closed
    name = msgid(lambda: str(Channel.FORM.label))
    inlet, _new = Inlet.objects.get_or_create(
        key=KEY, defaults={"name": name, "channel": Channel.FORM, "branch": headquarters}
    )
    if not inlet.is_active:
        raise closed
    return inlet


def _given(inlet: Inlet, mark: str) -> Receipt | None:
    mine = Receipt.objects.filter(item__inlet=inlet, item__outside_id=_outside_id(mark))
    return mine.first()


def _mark(key: str, words: dict[str, Any], photos: Sequence[File]) -> str:
    kept = [hashlib.sha256(photo.content).hexdigest() for photo in photos]
    return hashlib.sha256(json.dumps([key, words, kept]).encode()).hexdigest()


def _outside_id(mark: str) -> str:
    """The mark's digest: of the mark a secret code is made."""
    return "sha256:" + hashlib.sha256(mark.encode()).hexdigest()


def _pass(quota: Quota, what: str, at: datetime) -> None:
    if not throttle.spend(quota, what, at=at):
        raise _too_many()


def _too_many() -> TooMany:
    return TooMany("form.too_many", _("提交得太频繁了，请一小时后再试。"))


def _packed(words: dict[str, Any], photos: Sequence[File]) -> bytes:
    """One JSON object, the words first, so that it can be read as it is."""
    kept = [
        {"name": photo.name, "content": base64.b64encode(photo.content).decode()}
        for photo in photos
    ]
    return json.dumps({**words, "photos": kept}, ensure_ascii=False).encode()
