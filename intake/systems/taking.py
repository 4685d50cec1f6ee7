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

from common import walls
from common.errors import RuleBroken
from intake import items
from intake.items import Arrival
from intake.models import Inlet, Item
from intake.systems import machine
from intake.understood import Told


class OtherContent(RuleBroken):
    """The same outside id has come with something else."""

    status = 422


@dataclass(frozen=True)
class Piece:
    """One thing to take in: how it is to be read, what it is known by, its bytes, and what they
    were understood to say."""

    media_type: str
    outside_id: str
    raw: bytes
    told: Told


def piece(media_type: str, outside_id: str, told: Told, raw: bytes) -> Piece:
    """Of what was checked, and the JSON as it came."""
    return Piece(media_type, machine.kept_id(media_type, outside_id), raw, told)


def written(value: dict[str, Any]) -> bytes:
    """The JSON of a part of what came."""
    return json.dumps(value, ensure_ascii=False).encode()


def again(inlet: Inlet, value: Any) -> Item | None:
    """The complaint that has come before under the same id with the same content, which may have
    become wrong since, such as a category that was switched off; None: none has."""
    outside_id = machine.clean_id(value)
    if outside_id is None:
        return None
    with walls.lifted():
        kept = Item.objects.filter(
            inlet=inlet, outside_id=outside_id, media_type=machine.COMPLAINT
        ).first()
    return kept if kept and _content(bytes(kept.raw)) == _but_id(value) else None


def take(inlet: Inlet, one: Piece, *, at: datetime) -> tuple[Item, bool]:
    """Keep it and settle it in one transaction; whether it is new. Raises OtherContent
    `outside_id.reused`."""
    with transaction.atomic():
        item, created = keep(inlet, one, at=at)
        if created:
            item = items.settle(item.pk, at=at, understood=one.told)
        return item, created


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
    return [_settled(kept[place], one, at) for place, one in enumerate(pieces)]


def keep(inlet: Inlet, one: Piece, *, at: datetime) -> tuple[Item, bool]:
    """The item, and whether it is new. Raises OtherContent `outside_id.reused`."""
    arrival = Arrival(
        outside_id=one.outside_id,
        raw=one.raw,
        media_type=one.media_type,
        sender=one.told.phone or one.told.name,
        subject=one.told.what[:200],
    )
    item, created = items.keep(inlet, arrival, at=at)
    if not created and not _is_same(item, one):
        raise OtherContent(
            "outside_id.reused", _("这个 outside_id 已用于另一份内容。"), field="outside_id"
        )
    return item, created


def _settled(item: Item | RuleBroken, one: Piece, at: datetime) -> Item | RuleBroken:
    if isinstance(item, RuleBroken):
        return item
    return items.settle(item.pk, at=at, understood=one.told)


def _is_same(item: Item, one: Piece) -> bool:
    """However it was written: order of keys and white space mean nothing."""
    if item.media_type != one.media_type:
        return False
    kept = bytes(item.raw)
    return kept == one.raw or _content(kept) == _content(one.raw)


def _content(raw: bytes) -> dict[str, Any]:
    return _but_id(json.loads(raw.decode("utf-8-sig")))


def _but_id(said: dict[str, Any]) -> dict[str, Any]:
    """By the id it was found."""
    return {name: value for name, value in said.items() if name != "outside_id"}
