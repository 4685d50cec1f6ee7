"""The reader of WeChat and WeCom: what a kept message says."""

from __future__ import annotations

from django.utils.translation import gettext as _

from common import text
from common.errors import RuleBroken
from intake import talks
from intake.models import Item
from intake.understood import Ignored, Told, Understood
from intake.wechat import customer_service, media
from intake.wechat.messages import Message, Unreadable, parse
from intake.wechat.small_talk import says_nothing

#: What the platform writes in the place of what it does not pass on.
_NOT_PASSED_ON = "不支持的消息类型"


def read(item: Item) -> Understood:
    """The customer's words; all that one sender writes is one talk. Raises RuleBroken
    `wechat.unreadable`, `wechat.kind` for what a person has to look at."""
    try:
        message = _message(item)
    except Unreadable:
        raise RuleBroken("wechat.unreadable", _("这条消息无法解析，请查看原文。")) from None
    if message.is_event:
        customer_service.note(item, message)
        return Ignored(
            "wechat.event", _("公众号事件，不是客户的话：%(event)s") % {"event": _label(message)}
        )
    if not message.sender:
        raise RuleBroken("wechat.unreadable", _("这条消息无法解析，请查看原文。"))
    talks.alone(item.inlet, message.sender)
    return _said(item, message)


def _message(item: Item) -> Message:
    """Raises Unreadable."""
    if item.media_type == customer_service.MEDIA_TYPE:
        return customer_service.as_message(bytes(item.raw))
    return parse(bytes(item.raw))


def _said(item: Item, message: Message) -> Understood:
    match message.kind:
        case "text":
            return _text(item, message)
        case "location":
            return _told(message, _location(message))
        case "link":
            parts = message["Title"], message["Description"], message["Url"]
            return _told(message, "\n".join(part for part in parts if part.strip()))
        case "image" | "voice" | "video" | "shortvideo" | "file" if message["MediaId"]:
            media.expect(item, message)
            return _told(message, message["Recognition"], media.note(message))
        case kind:
            raise RuleBroken(
                "wechat.kind",
                _("不认识的消息类型“%(kind)s”，请查看原文。")
                % {"kind": text.printable(kind, limit=40)},
            )


def _text(item: Item, message: Message) -> Understood:
    words = message["Content"]
    if talks.open_one(item.inlet, message.sender) is None:
        if _NOT_PASSED_ON in words and len(words) < 40:
            return Ignored("wechat.not_passed_on", _("平台没有转来这类消息的内容。"))
        if says_nothing(words):
            return Ignored("wechat.small_talk", _("只有问候、表情或标点，没有说明事情。"))
    return _told(message, words)


def _told(message: Message, what: str, *notes: str) -> Told:
    return Told(
        what=what,
        address=message.sender[:254],
        said_at=message.sent_at,
        conversation=message.sender[:200],
        notes=notes,
    )


def _location(message: Message) -> str:
    place, point = message["Label"].strip(), f"{message['Location_X']}, {message['Location_Y']}"
    return _("位置：%(place)s（%(point)s）") % {"place": place or "—", "point": point}


def _label(message: Message) -> str:
    return text.printable(message.event or message.kind, limit=60)
