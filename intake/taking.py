"""Taking in what another system has said: kept, settled at once, and answered with what became
of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from common.errors import RuleBroken
from intake import items, machine
from intake.items import Arrival
from intake.models import Inlet, Item


class OtherContent(RuleBroken):
    """The same outside id has come with something else."""

    status = 422


@dataclass(frozen=True)
class Piece:
    """One thing to take in: how it is to be read, the system's id of it, and what it says, checked
    already. `sender` and `subject` are for the person who looks at what was set aside."""

    media_type: str
    outside_id: str
    value: dict[str, Any]
    raw: bytes
    sender: str = ""
    subject: str = ""


def piece(media_type: str, value: dict[str, Any], raw: bytes | None = None) -> Piece:
    """Of the JSON as it came; without `raw` it is written anew."""
    words = str(value.get("what") or value.get("said") or "")
    who = value.get("complainant_phone") or value.get("complainant_name") or ""
    written = raw or json.dumps(value, ensure_ascii=False).encode()
    outside_id = machine.kept_id(media_type, value["outside_id"])
    return Piece(media_type, outside_id, value, written, str(who), words[:200])


def take(inlet: Inlet, one: Piece, *, at: datetime) -> tuple[Item, bool]:
    """Keep it and settle it in one transaction; whether it is new. Raises OtherContent
    `outside_id.reused`."""
    with transaction.atomic():
        item, created = keep(inlet, one, at=at)
        return (items.settle(item.pk, at=at), True) if created else (item, False)


def take_all(inlet: Inlet, pieces: Sequence[Piece], *, at: datetime) -> list[Item | RuleBroken]:
    """Keep them all, then settle each by itself; for each what became of it, or why it was
    refused. Two calls with the same pieces meet in the same order, and wait for each other."""
    kept: dict[int, Item | RuleBroken] = {}
    with transaction.atomic():
        for place, one in sorted(enumerate(pieces), key=lambda each: each[1].outside_id):
            try:
                kept[place] = keep(inlet, one, at=at)[0]
            except RuleBroken as broken:
                kept[place] = broken
    return [_settled(kept[place], at) for place in range(len(pieces))]


def keep(inlet: Inlet, one: Piece, *, at: datetime) -> tuple[Item, bool]:
    """The item, and whether it is new. Raises OtherContent `outside_id.reused`."""
    arrival = Arrival(
        outside_id=one.outside_id,
        raw=one.raw,
        media_type=one.media_type,
        sender=one.sender,
        subject=one.subject,
    )
    item, created = items.keep(inlet, arrival, at=at)
    if not created and not _is_same(item, one):
        raise OtherContent(
            "outside_id.reused", _("这个 outside_id 已用于另一份内容。"), field="outside_id"
        )
    return item, created


def _settled(item: Item | RuleBroken, at: datetime) -> Item | RuleBroken:
    if isinstance(item, RuleBroken):
        return item
    return items.settle(item.pk, at=at)


def _is_same(item: Item, one: Piece) -> bool:
    """However it was written: order of keys and white space mean nothing."""
    if item.media_type != one.media_type:
        return False
    kept = bytes(item.raw)
    return kept == one.raw or json.loads(kept.decode("utf-8-sig")) == json.loads(
        one.raw.decode("utf-8-sig")
    )
