"""The one door for text: form, API, file, mail and callback all pass through `clean`."""

from __future__ import annotations

import re
import unicodedata

from django.utils.translation import gettext as _

from common.errors import RuleBroken

#: More combining marks than this on one base are decoration that covers other people's lines.
MARKS_PER_BASE = 8

# C0 and C1 controls, except tab and line ends that a paragraph may hold; and the two code points
# that XML, hence a spreadsheet, cannot hold.
_CONTROL = re.compile(r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
# Zero-width, filler and bidirectional marks hide or reorder what a reader sees.
_INVISIBLE = re.compile(
    r"[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200c\u200e\u200f\u202a-\u202e"
    r"\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\U0001d173-\U0001d17a]"
)
# ZWJ (U+200D) stays where it joins two emoji, tag characters where they spell out a flag.
_EMOJI = r"[\u2190-\u21ff\u2600-\u27bf\u2b00-\u2bff\ufe0f\U0001f000-\U0001faff]"
_STRAY_JOINER = re.compile(rf"(?<!{_EMOJI})\u200d|\u200d(?!{_EMOJI})")
_TAGS = re.compile(r"(\U0001f3f4[\U000e0020-\U000e007f]+)|[\U000e0000-\U000e007f]+")
# What lies outside of these has no combining marks among it: Latin letters and Chinese.
_MAY_MARK = re.compile(r"[^\t\n -\u02ff\u2010-\u203a\u3001-\u3029\u3400-\u9fff\uff01-\uff60]")
# Seen only together with something else: variation selectors, and the blank braille pattern.
_UNSEEN_ALONE = re.compile(r"[\u180b-\u180d\u2800\ufe00-\ufe0f\U000e0100-\U000e01ef]")


def clean(value: str, *, limit: int, field: str | None = None, lines: bool = False) -> str:
    """The text as it is stored: NFC, trimmed, at most `limit` code points; of more than
    `MARKS_PER_BASE` combining marks in a row the rest is cut. `clean(clean(x)) == clean(x)`.

    `lines` keeps line ends and tabs (as `\\n` and `\\t`); otherwise each run of white space
    becomes one space and invisible marks are taken out (names and titles).

    Raises RuleBroken `text.nul`, `text.surrogate`, `text.control`, `text.too_long`.
    """
    _refuse_unstorable(value, field)
    if lines:
        text = _normal(value.replace("\r\n", "\n").replace("\r", "\n")).strip()
    else:
        text = " ".join(_normal(_without_invisible(value)).split())
    if len(text) > limit:
        raise RuleBroken(
            "text.too_long",
            _("内容过长：最多 %(limit)d 个字，现有 %(have)d 个字。")
            % {"limit": limit, "have": len(text)},
            field=field,
        )
    return text


def printable(value: str, *, limit: int) -> str:
    """A label that refuses nothing: on one line, what can't be stored left out, cut at `limit`
    code points. For what a stranger claims (a sender, a subject) and nobody can be asked about."""
    kept = _CONTROL.sub(" ", _SURROGATE.sub("", value[: 20 * limit].replace("\x00", "")))
    return " ".join(_normal(_without_invisible(kept)).split())[:limit]


def storable(value: str, *, limit: int) -> str:
    """Words that are not finished: what `clean` refuses is left out, lines stay, and the rest is
    cut at `limit` code points."""
    return _normal(_CONTROL.sub("", _SURROGATE.sub("", value[:limit].replace("\x00", ""))))[:limit]


def is_blank(text: str) -> bool:
    """Whether nothing of the text can be seen."""
    return not _UNSEEN_ALONE.sub("", _without_invisible(text)).strip()


def _refuse_unstorable(value: str, field: str | None) -> None:
    if "\x00" in value:
        raise RuleBroken(
            "text.nul", _("内容包含无法保存的字符（空字符），请删除后重试。"), field=field
        )
    if _SURROGATE.search(value):
        raise RuleBroken(
            "text.surrogate", _("内容包含不完整的字符（编码损坏），请重新输入。"), field=field
        )
    if _CONTROL.search(value):
        raise RuleBroken("text.control", _("内容包含控制字符，请删除后重试。"), field=field)


def _without_invisible(text: str) -> str:
    visible = _TAGS.sub(lambda found: found[1] or "", _INVISIBLE.sub("", text))
    return _STRAY_JOINER.sub("", visible)


def _normal(text: str) -> str:
    """NFC without floods of marks. Cut before, because NFC takes a time that grows with the
    square of the flood, and after, because it turns some marks into two."""
    if text.isascii():
        return text
    return _cut_floods(unicodedata.normalize("NFC", _cut_floods(text)))


def _cut_floods(text: str) -> str:
    if not _MAY_MARK.search(text):
        return text
    kept: list[str] = []
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.category(character)[0] == "M" else 0
        if marks <= MARKS_PER_BASE:
            kept.append(character)
    return "".join(kept) if len(kept) < len(text) else text
