"""The other side: a platform that seals its calls as the vendor's own library does (wechatpy)."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from django.test import Client
from wechatpy.crypto import WeChatCrypto, _get_signature
from wechatpy.enterprise.crypto import WeChatCrypto as WeComCrypto

from complaints.models import Channel
from intake import inlets
from intake.models import Inlet
from intake.wechat import accounts
from tests.conftest import Cast

TOKEN = "token-of-the-firm"
AES_KEY = "kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR"
APP_ID = "wx49f0ab532d5d035a"
_nonces = count(437374425)


@dataclass(frozen=True)
class Platform:
    """Calls an account of the desk's, sealed or plain."""

    channel: Channel = Channel.WECHAT
    key: str = "fw"
    token: str = TOKEN
    aes_key: str = AES_KEY
    app_id: str = APP_ID

    @property
    def crypto(self) -> Any:
        if self.channel == Channel.WECOM:
            return WeComCrypto(self.token, self.aes_key, self.app_id)
        return WeChatCrypto(self.token, self.aes_key, self.app_id)

    def but(self, **changes: Any) -> Platform:
        return replace(self, **changes)

    def sealed(self, xml: str, **changed: str) -> tuple[dict[str, str], str]:
        """Query and body of a call with this message; parts of the query `changed`."""
        at = changed.pop("timestamp", str(int(time.time())))
        nonce = changed.pop("nonce", str(next(_nonces)))
        if not self.aes_key:
            signature = _get_signature(self.token, at, nonce, "")
            return {"signature": signature, "timestamp": at, "nonce": nonce, **changed}, xml
        body = self.crypto.encrypt_message(xml, nonce, at)
        signature = body.partition("<MsgSignature><![CDATA[")[2].partition("]]>")[0]
        query = {"msg_signature": signature, "timestamp": at, "nonce": nonce, **changed}
        return query, body

    def post(self, query: dict[str, str], body: str | bytes) -> Any:
        where = f"/callbacks/{self.channel}/{self.key}/"
        client = Client(raise_request_exception=False)
        return client.post(where, body, content_type="text/xml", query_params=query)

    def get(self, query: dict[str, str]) -> Any:
        return Client().get(f"/callbacks/{self.channel}/{self.key}/", query)

    def send(self, xml: str, **changed: str) -> Any:
        """The answer to one call with this message."""
        return self.post(*self.sealed(xml, **changed))

    def opened(self, answer: Any, at: str = "") -> str:
        """What the desk has answered, as the platform reads it."""
        said = answer.content.decode()
        if not self.aes_key:
            return said
        of = {
            name: said.partition(f"<{name}>")[2].partition("<")[0]
            for name in ("MsgSignature", "TimeStamp", "Nonce")
        }
        return str(self.crypto.decrypt_message(said, *of.values()))


def account(cast: Cast, platform: Platform, **more: str) -> Inlet:
    """The way in of this platform's account."""
    inlet = Inlet(
        key=platform.key, name="公众号", channel=platform.channel, branch=cast.wuxi,
        category=cast.rude,
    )  # fmt: skip
    inlet.settings[accounts.owner_name(inlet)] = platform.app_id
    inlets.seal(inlet, token=platform.token, aes_key=platform.aes_key, **more)
    inlet.save()
    return inlet


def message(
    kind: str = "text", *, number: str | None = "7", sender: str = "o1", **fields: str
) -> str:
    """The XML of a message; without a number it has no MsgId."""
    usual = {
        "ToUserName": "gh_1", "FromUserName": sender, "CreateTime": str(int(time.time())),
        "MsgType": kind,
    }  # fmt: skip
    if number is not None:
        usual["MsgId"] = number
    leaves = {**usual, **fields}.items()
    return "<xml>" + "".join(f"<{n}><![CDATA[{v}]]></{n}>" for n, v in leaves) + "</xml>"
