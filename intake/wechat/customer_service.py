"""微信客服: the platform says that somebody wrote; how what they wrote reads."""

from __future__ import annotations

import json
from typing import Any

from common import text
from intake.models import Item, Pull
from intake.wechat.messages import Message, Unreadable

#: What a message of 微信客服 is kept as; the others are XML.
MEDIA_TYPE = "application/json"
#: Where in the message of each kind the leaves of the others stand.
_LEAVES = {
    "Content": ("text", "content"),
    "Location_X": ("location", "latitude"),
    "Location_Y": ("location", "longitude"),
    "Title": ("link", "title"),
    "Description": ("link", "desc"),
    "Url": ("link", "url"),
}


def note(item: Item, event: Message) -> None:
    """Remember, in this transaction, to fetch what the event speaks of, if it does."""
    account = text.printable(event["OpenKfId"], limit=100)
    if event.event != "kf_msg_or_event" or not account:
        return
    asked = {
        "token": text.printable(event["Token"], limit=200),
        "asked": item.pk,
        "next_try_at": item.received_at,
    }
    Pull.objects.update_or_create(inlet=item.inlet, account=account, defaults=asked)


def as_message(raw: bytes) -> Message:
    """What a customer wrote, as a message like the others. Raises Unreadable."""
    try:
        said = json.loads(raw)
        kind = str(said["msgtype"])
        fields = {
            "FromUserName": str(said["external_userid"]),
            "CreateTime": str(said["send_time"]),
            "MsgType": kind,
            "MsgId": str(said["msgid"]),
            "MediaId": _leaf(said, kind, "media_id"),
            "Label": " ".join(filter(None, (_leaf(said, kind, n) for n in ("name", "address")))),
            **{name: _leaf(said, *where) for name, where in _LEAVES.items()},
        }
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Unreadable from None
    return Message(fields)


def _leaf(said: dict[str, Any], kind: str, name: str) -> str:
    branch = said.get(kind)
    found = branch.get(name) if isinstance(branch, dict) else None
    return "" if found is None else str(found)
