"""Numbers, phone tails and secret codes: how a customer proves that a case is theirs."""

from __future__ import annotations

import hashlib
import re
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

from common import phones, walls
from common.errors import RuleBroken
from complaints.models import Complaint
from intake.models import ItemState, Receipt
from staff import throttle
from staff.throttle import Quota

#: Wrong tries: from one address, and at one number from wherever.
FROM_ADDRESS = Quota("track-from", 10, timedelta(hours=1))
OF_NUMBER = Quota("track-of", 20, timedelta(hours=24))

_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_CASE = re.compile(r"TS(\d{4})(\d{7,})(\d)")


class TooMany(RuleBroken):
    """Tried too often for now."""

    status = 429


@dataclass(frozen=True)
class Key:
    """What the door has found out to be the customer's: a case, or what waits to become one."""

    complaint_id: int | None = None
    receipt_id: int | None = None


def new_reference() -> str:
    """`F7K2-M9QX`: names what was sent; says nothing about how many there are."""
    drawn = "".join(secrets.choice(_ALPHABET) for _ in range(7))
    return f"F{drawn[:3]}-{drawn[3:]}"


def tail_of(phone: str) -> str:
    """The last four digits of a phone number; "" where it has fewer."""
    typed = sum(each.isdecimal() for each in phone)
    return phones.key(phone)[-4:] if typed >= 4 else ""


def code_of(mark: str) -> str:
    """The secret code (128 bits) of a form's mark: the same again when the form is sent again,
    and known to nobody who does not hold the house's own key."""
    return salted_hmac("intake.code", mark, algorithm="sha256").hexdigest()[:32]


def digest_of(code: str) -> str:
    """What is kept of a code."""
    return hashlib.sha256(code.encode()).hexdigest()


def find(number: str, tail: str, *, address: str, at: datetime) -> Key:
    """What the number and the phone's tail open, or a secret code alone. Whatever is wrong, the
    answer is the same, and as quick: RuleBroken `track.nothing`; TooMany `track.too_many`."""
    said = _plain(number)
    with walls.lifted(), transaction.atomic():
        # a right try gives back what it has spent
        may = throttle.spend(FROM_ADDRESS, address, at=at) and throttle.spend(
            OF_NUMBER, said, at=at
        )
        found = _opened(said, "".join(_plain(tail).split("-"))) if may else None
        if found is not None:
            throttle.give_back(FROM_ADDRESS, address)
            throttle.give_back(OF_NUMBER, said)
    if not may:
        raise TooMany("track.too_many", _("查询次数过多，请一小时后再试。"))
    if found is None:
        raise RuleBroken("track.nothing", _("没有查到：请核对编号和电话后四位。"))
    return found


def _opened(said: str, tail: str) -> Key | None:
    """Always the same three questions, so that no answer is quicker than another."""
    cases = Complaint.objects.filter(no=_as_number(said))
    case = cases.values_list("pk", "complainant_phone", "anonymous").first()
    given = Receipt.objects.select_related("item").defer("item__raw")
    reference = given.filter(reference=_as_reference(said)).first()
    coded = given.filter(code_digest=digest_of(said.lower())).first()
    pk, phone, anonymous = case or (None, "13800138000", True)
    fits = _same(tail_of(phone), tail)
    if pk is not None and fits and not anonymous:
        return Key(complaint_id=pk)
    if reference and _same(reference.tail, tail):
        return key_of(reference)
    return key_of(coded) if coded else None


def key_of(receipt: Receipt) -> Key:
    """The case, once one has come of it; what was joined to a case opens none: that may be
    somebody else's."""
    item = receipt.item
    theirs = item.complaint_id if item.state == ItemState.REGISTERED else None
    return Key(complaint_id=theirs, receipt_id=receipt.pk)


def _same(kept: str, said: str) -> bool:
    return constant_time_compare(kept.rjust(4, "?"), said) and bool(kept)


def _plain(typed: str) -> str:
    """In capitals, narrow, without spaces and dashes; only what a number can hold."""
    narrow = unicodedata.normalize("NFKC", typed[:200]).upper()
    return "".join(each for each in narrow if each.isascii() and each.isalnum())


def _as_number(said: str) -> str:
    found = _CASE.fullmatch(said)
    return f"TS{found[1]}-{found[2]}-{found[3]}" if found else ""


def _as_reference(said: str) -> str:
    return f"{said[:4]}-{said[4:8]}" if len(said) == 8 else ""
