"""What came, made readable for a person: decoded as well as it can be, with what would hide or
reorder words shown by its number. Shown escaped, and never as anything but text."""

from __future__ import annotations

import codecs
import json
import re
import unicodedata
from dataclasses import dataclass

from common import phones

#: So many code points are shown; the whole is there to download.
SHOWN = 100_000
#: So many bytes are read for it: the widest encoding takes four for each.
HEAD = 4 * SHOWN

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_GUESSES = ("utf-8", "gb18030", "big5")
#: Bytes that no text in these encodings holds.
_NO_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
#: A text with at most this share of them is damaged, not something else.
_TOLERATED = 0.02
_PLAIN = re.compile(r"[^\n\t -~\u3000-\u303f\u4e00-\u9fff\uff00-\uff5e]")
_DIALLED = re.compile(r"[+0-9０-９ ()\-]{5,30}")
_TITLE = 60
_ENDINGS = {
    "message/rfc822": "eml",
    "application/json": "json",
    "text/plain": "txt",
    "text/xml": "xml",
    "application/xml": "xml",
}


@dataclass(frozen=True)
class Content:
    """The words, the encoding they were in ("" for what is no text, which has no words), and
    whether there is more than is shown."""

    text: str
    encoding: str
    is_cut: bool = False


def readable(head: bytes, *, size: int, media_type: str = "") -> Content:
    """The first `HEAD` bytes of something that is `size` bytes long, as text; JSON is laid out."""
    text, encoding = _decoded(head)
    if not encoding:
        return Content("", "")
    if len(head) >= size:
        text = _laid_out(text, media_type)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    is_cut = len(text) > SHOWN or len(head) < size
    return Content(_PLAIN.sub(_by_number, text[:SHOWN]), encoding, is_cut)


def masked(sender: str) -> str:
    """A sender as a list shows it: `138****8000`, `s***@example.com`; what is neither a number
    nor an address stays."""
    local, at, domain = sender.rpartition("@")
    if at:
        return f"{local[:1]}***@{domain}"
    return phones.mask(sender) if is_phone(sender) else sender


def is_phone(sender: str) -> bool:
    """Whether it is a number that can be called, and no name or id that only looks like one."""
    return bool(_DIALLED.fullmatch(sender)) and phones.key(sender).startswith("+")


def first_words(head: bytes, *, size: int) -> str:
    """The beginning on one line, for what has no subject; "" for what is no text."""
    return " ".join(readable(head, size=size).text.split())[:_TITLE]


def name_of(item_id: int, media_type: str) -> str:
    """Our own name for the download: what the sender called it is no name for a file."""
    kind = media_type.partition(";")[0].strip().lower()
    return f"item-{item_id}.{_ENDINGS.get(kind, 'bin')}"


def _decoded(head: bytes) -> tuple[str, str]:
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return head.decode(encoding, "replace"), encoding
    if len(_NO_TEXT.findall(head)) > _TOLERATED * len(head):
        return "", ""
    for encoding in _GUESSES:
        # the last character may be cut in two: it is no sign of another encoding
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            return decoder.decode(head), encoding
        except UnicodeDecodeError:
            continue
    return head.decode("gb18030", "replace"), "gb18030"


def _laid_out(text: str, media_type: str) -> str:
    if "json" not in media_type and text.lstrip()[:1] not in ("{", "["):
        return text
    try:
        return json.dumps(json.loads(text), ensure_ascii=False, indent=2)
    except (ValueError, RecursionError):
        return text


def _by_number(found: re.Match[str]) -> str:
    character = found[0]
    kind = unicodedata.category(character)
    if kind not in ("Cc", "Cf", "Cs") or character == "\u200d":
        return character
    return f"⟨U+{ord(character):04X}⟩"
