"""A call of WeChat or WeCom: proved to be theirs, opened, and answered under the same seal."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from xml.sax.saxutils import escape

from complaints.models import Channel
from intake.wechat import crypto
from intake.wechat.crypto import Forged, Keys
from intake.wechat.messages import Message, Unreadable, parse

#: Seconds for which a call is taken, before and after its own time.
WINDOW = 300
_SEALED = "Encrypt"
_ECHO_LIMIT = 200


@dataclass(frozen=True)
class Call:
    """As it reached us: for which way in, with what query and body."""

    channel: Channel
    key: str
    query: Mapping[str, str]
    body: bytes = b""

    def asked(self, name: str) -> str:
        """A part of the query."""
        return self.query.get(name, "")


@dataclass(frozen=True)
class Opened:
    """A call that is theirs: the message, and its XML as they wrote it."""

    message: Message
    xml: bytes


def open_(call: Call, keys: Keys) -> Opened:
    """The message of the call. In plain mode the signature does not cover it, which is why an
    account with a key takes nothing plain. Raises Forged; Unreadable."""
    outer = parse(call.body)
    sealed = outer[_SEALED]
    if not keys.token or bool(sealed) != bool(keys.aes_key):
        raise Forged
    if not sealed:
        if call.channel != Channel.WECHAT:
            raise Forged
        _check(call, keys, "signature")
        return Opened(outer, call.body)
    _check(call, keys, "msg_signature", sealed)
    xml = crypto.decrypt(sealed, keys)
    return Opened(parse(xml), xml)


def echo(call: Call, keys: Keys) -> str:
    """What the platform wants to hear when an address is entered there. Raises Forged."""
    said = call.asked("echostr")
    if keys.aes_key and call.asked("msg_signature"):
        _check(call, keys, "msg_signature", said)
        return crypto.decrypt(said, keys).decode("utf-8", "replace")
    if call.channel != Channel.WECHAT or not keys.token or len(said) > _ECHO_LIMIT:
        raise Forged
    _check(call, keys, "signature")
    return said


def check_age(call: Call, at: datetime) -> None:
    """`at` is when it reached us. Raises Forged outside the window."""
    try:
        apart = abs(at.timestamp() - int(call.asked("timestamp")))
    except (ValueError, OverflowError):
        raise Forged from None
    if apart > WINDOW:
        raise Forged


def reply(opened: Opened, words: str, keys: Keys, at: datetime) -> str:
    """The XML that answers the sender with these words, sealed where the call was."""
    now = int(at.timestamp())
    to, from_ = opened.message.sender, opened.message["ToUserName"].strip()
    plain = (
        f"<xml><ToUserName>{escape(to)}</ToUserName><FromUserName>{escape(from_)}</FromUserName>"
        f"<CreateTime>{now}</CreateTime><MsgType>text</MsgType>"
        f"<Content>{escape(words)}</Content></xml>"
    )
    if not keys.aes_key:
        return plain
    sealed, nonce = crypto.encrypt(plain.encode(), keys), os.urandom(8).hex()
    signature = crypto.signature(keys.token, str(now), nonce, sealed)
    return (
        f"<xml><Encrypt>{sealed}</Encrypt><MsgSignature>{signature}</MsgSignature>"
        f"<TimeStamp>{now}</TimeStamp><Nonce>{nonce}</Nonce></xml>"
    )


def _check(call: Call, keys: Keys, name: str, *more: str) -> None:
    parts = keys.token, call.asked("timestamp"), call.asked("nonce"), *more
    crypto.check_signature(call.asked(name), *parts)


__all__ = [
    "Call", "Forged", "Keys", "Opened", "Unreadable", "check_age", "echo", "open_", "reply",
]  # fmt: skip
