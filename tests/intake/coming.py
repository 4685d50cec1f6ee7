"""A way in without a reader: what comes by it waits for a person."""

from __future__ import annotations

from datetime import datetime

from complaints.models import Channel
from intake import items
from intake.items import Arrival
from intake.models import Inlet, Item
from tests.conftest import MONDAY, Cast


def way_in(cast: Cast, key: str = "sms", **more: object) -> Inlet:
    """Of the branch in Wuxi."""
    usual = {"name": "短信", "channel": Channel.SMS, "branch": cast.wuxi, "category": cast.rude}
    return Inlet.objects.create(key=key, **{**usual, **more})


def arrive(
    inlet: Inlet, raw: bytes = "货没到".encode(), *, at: datetime = MONDAY, **more: str
) -> Item:
    """Kept, and not looked at yet."""
    said = {"outside_id": f"{Item.objects.count()}", "sender": "13800138000", **more}
    return items.keep(inlet, Arrival(raw=raw, **said), at=at)[0]  # type: ignore[arg-type]


def set_aside(
    inlet: Inlet, raw: bytes = "货没到".encode(), *, at: datetime = MONDAY, **more: str
) -> Item:
    """Set aside, because nothing reads this channel."""
    return items.settle(arrive(inlet, raw, at=at, **more).pk, at=at)
