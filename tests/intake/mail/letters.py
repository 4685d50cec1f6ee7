"""Letters, as customers and machines write them."""

from __future__ import annotations

from datetime import datetime

from complaints.models import Channel
from intake import inlets, items
from intake.mail.arrivals import arrival
from intake.models import Inlet, Item
from tests.conftest import MONDAY, Cast

DESK = "desk@example.com"
SUN = "sun@qq.com"


def mailbox(cast: Cast, key: str = "mail", **settings: object) -> Inlet:
    inlet = Inlet(
        key=key, name="投诉邮箱", channel=Channel.MAIL, branch=cast.wuxi, category=cast.rude,
        settings={"address": DESK, "plus": True, **settings},
    )  # fmt: skip
    inlets.seal(inlet, password="geheim")
    inlet.save()
    return inlet


def letter(
    body: str = "货没到，都三天了。", *, subject: str = "投诉", sender: str = f"孙玉梅 <{SUN}>",
    to: str = DESK, number: int = 1, kind: str = "text/plain", **fields: str,
) -> bytes:  # fmt: skip
    """A mail as bytes; `fields` are further header fields, `_` standing for `-`."""
    more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items())
    return (
        f"From: {sender}\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: <{number}@qq.com>\r\n"
        f"{more}Content-Type: {kind}; charset=utf-8\r\n\r\n{body}\r\n"
    ).encode()


def arrive(inlet: Inlet, raw: bytes, at: datetime = MONDAY) -> Item:
    """The mail is in, and settled."""
    item, _new = items.keep(inlet, arrival(raw), at=at)
    return items.settle(item.pk, at=at)
