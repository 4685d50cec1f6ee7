"""What each kind of way in needs to know besides: where it reads, and its secrets.

The names stand in `Inlet.settings`, those of the secrets in `inlets.secrets_of`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from complaints.models import Channel


class Kind(Enum):
    """How a field is typed in."""

    TEXT = "text"
    NUMBER = "number"
    CHOICE = "choice"
    HIDDEN = "hidden"  # a secret: written, and never shown again


Value = str | int


@dataclass(frozen=True, kw_only=True)
class InletField:
    """One thing to know. `form` is what the text has to look like, said in `hint`; of `choices` it
    is one."""

    name: str
    label: str | Promise
    kind: Kind = Kind.TEXT
    needed: bool = True
    default: Value = ""
    hint: str | Promise = ""
    form: re.Pattern[str] = field(default=re.compile(r".*"))
    limit: int = 200
    choices: tuple[tuple[str, str | Promise], ...] = ()

    @property
    def is_secret(self) -> bool:
        return self.kind is Kind.HIDDEN


_AES_KEY = InletField(
    name="aes_key",
    label="EncodingAESKey",
    kind=Kind.HIDDEN,
    hint=_("43 个字母和数字。"),
    form=re.compile(r"[A-Za-z0-9]{43}"),
)
_TOKEN = InletField(
    name="token",
    label="Token",
    kind=Kind.HIDDEN,
    hint=_("3 到 32 个字母和数字，与对方后台填的一致。"),
    form=re.compile(r"[A-Za-z0-9]{3,32}"),
)

#: By channel; the others need nothing.
FIELDS: dict[Channel, tuple[InletField, ...]] = {
    Channel.MAIL: (
        InletField(
            name="address",
            label=_("邮箱地址"),
            hint=_("客户写信到这个地址，我们也用它回信。"),
            form=re.compile(r"[^@\s]+@[^@\s]+"),
            limit=254,
        ),
        InletField(
            name="host",
            label=_("IMAP 服务器"),
            needed=False,
            hint=_("由邮件服务器直接投递时留空，不再收取。"),
            form=re.compile(r"[A-Za-z0-9.:\-]+"),
        ),
        InletField(
            name="port",
            label=_("端口"),
            kind=Kind.NUMBER,
            needed=False,
            hint=_("留空则按加密方式：TLS 为 993，其余为 143。"),
        ),
        InletField(
            name="security",
            label=_("加密方式"),
            kind=Kind.CHOICE,
            needed=False,
            default="tls",
            form=re.compile("tls|starttls|none"),
            choices=(("tls", "TLS"), ("starttls", "STARTTLS"), ("none", _("不加密"))),
        ),
        InletField(name="user", label=_("登录名"), needed=False),
        InletField(name="folder", label=_("邮件夹"), needed=False, default="INBOX"),
        InletField(name="password", label=_("登录密码"), kind=Kind.HIDDEN, needed=False),
    ),
    Channel.WECHAT: (
        InletField(name="appid", label="AppID"),
        _TOKEN,
        _AES_KEY,
        InletField(name="app_secret", label="AppSecret", kind=Kind.HIDDEN, needed=False),
    ),
    Channel.WECOM: (
        InletField(name="corpid", label="CorpID"),
        InletField(name="agent_id", label="AgentId", form=re.compile(r"[0-9]+")),
        _TOKEN,
        _AES_KEY,
        InletField(name="app_secret", label="Secret", kind=Kind.HIDDEN, needed=False),
    ),
}


def of_channel(channel: str) -> tuple[InletField, ...]:
    """What a way in of this channel has to know besides."""
    return FIELDS.get(Channel(channel), ())
