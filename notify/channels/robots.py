"""Robots of group chats and webhooks: one address for all who hear by it."""

from __future__ import annotations

from typing import Any, Final

from apprise.plugins.base import NotifyBase
from apprise.plugins.custom_json import NotifyJSON
from apprise.plugins.dingtalk import NotifyDingTalk
from apprise.plugins.feishu import NotifyFeishu
from apprise.plugins.wecombot import NotifyWeComBot
from django.utils.translation import gettext as _

from common.errors import RuleBroken
from notify.channels.undelivered import Undelivered
from notify.channels.words import identity, letter
from notify.models import Delivery, OutletKind

_PLUGINS: Final[dict[str, type[NotifyBase]]] = {
    OutletKind.WECOM: NotifyWeComBot,
    OutletKind.DINGTALK: NotifyDingTalk,
    OutletKind.FEISHU: NotifyFeishu,
    OutletKind.WEBHOOK: NotifyJSON,
}
#: No redirects; seconds to connect and to wait for an answer.
_MANNERS: Final = {"redirect": "no", "cto": 4, "rto": 10}


def plugin(kind: str, address: str) -> NotifyBase:
    """What writes to the address. Raises RuleBroken `outlet.address` when it is none of this
    kind; neither the sentence nor a log repeats it."""
    try:
        read = _read(_PLUGINS[kind], address)
        if read:
            return _PLUGINS[kind](**read, **_MANNERS)
    except (TypeError, ValueError):
        pass
    raise RuleBroken(
        "outlet.address", _("地址与类别不符，请按说明填写。"), field="address"
    ) from None


def send(delivery: Delivery) -> None:
    """Write it to the robot or hook. Raises Undelivered."""
    message, outlet = delivery.message, delivery.outlet
    name, text = message.recipient.name, letter(message, apart="\n")
    writer: Any = plugin(outlet.kind, outlet.address)
    if outlet.kind == OutletKind.WEBHOOK:
        writer.headers["Idempotency-Key"] = identity(message)
        sent = writer.notify(title=name, body=text)
    else:
        sent = writer.notify(body=f"{name}：{text}\n[{identity(message)}]")
    if not sent:
        raise Undelivered("not accepted", outlet_down=True)


def _read(maker: type[NotifyBase], address: str) -> dict[str, Any] | None:
    schemes = {maker.protocol, maker.secure_protocol}
    for parse in (maker.parse_url, maker.parse_native_url):
        read: dict[str, Any] | None = parse(address)
        if read and read.get("schema") in schemes:
            return {name: value for name, value in read.items() if name not in _MANNERS}
    return None
