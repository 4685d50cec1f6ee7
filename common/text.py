"""The one door for text: form, API, file, mail and callback all pass through `clean`."""

from __future__ import annotations

import re
import unicodedata

from django.utils.translation import gettext as _

from common.errors import RuleBroken

# C0 and C1 controls, except tab and line ends that a paragraph may hold.
_CONTROL = re.compile(r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
# Zero-width and bidirectional marks hide or reorder what a reader sees. ZWJ (U+200D) stays
# where it joins an emoji.
_INVISIBLE = re.compile(r"[\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_STRAY_JOINER = re.compile(r"(?<![\u2600-\u27bf\U0001f000-\U0001faff\ufe0f])\u200d|\u200d$")


def clean(value: str, *, limit: int, field: str | None = None, lines: bool = False) -> str:
    """The text as it is stored: NFC, trimmed, at most `limit` code points.

    `lines` keeps line ends and tabs (as `\\n` and `\\t`); otherwise each run of white space
    becomes one space and invisible marks are taken out (names and titles).

    Raises RuleBroken `text.nul`, `text.surrogate`, `text.control`, `text.too_long`.
    """
    _refuse_unstorable(value, field)
    text = unicodedata.normalize("NFC", value.replace("\r\n", "\n").replace("\r", "\n"))
    if lines:
        text = text.strip()
    else:
        text = " ".join(_STRAY_JOINER.sub("", _INVISIBLE.sub("", text)).split())
    if len(text) > limit:
        raise RuleBroken(
            "text.too_long",
            _("内容过长:最多 %(limit)d 个字,现有 %(have)d 个字。")
            % {"limit": limit, "have": len(text)},
            field=field,
        )
    return text


def is_blank(text: str) -> bool:
    """Whether nothing of the text can be seen."""
    return not _STRAY_JOINER.sub("", _INVISIBLE.sub("", text)).strip()


def _refuse_unstorable(value: str, field: str | None) -> None:
    if "\x00" in value:
        raise RuleBroken(
            "text.nul", _("内容包含无法保存的字符(空字符),请删除后重试。"), field=field
        )
    if _SURROGATE.search(value):
        raise RuleBroken(
            "text.surrogate", _("内容包含不完整的字符(编码损坏),请重新输入。"), field=field
        )
    if _CONTROL.search(value):
        raise RuleBroken("text.control", _("内容包含控制字符,请删除后重试。"), field=field)
