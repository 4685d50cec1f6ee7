"""Header values as people read them: RFC 2047 words, RFC 2231 parameters, and what is neither."""

from __future__ import annotations

import binascii
import re
import string
from urllib.parse import unquote_to_bytes

from intake.mail.charsets import codec, decode

#: Of one header so many bytes are looked at.
LONGEST = 64 * 1024
_WORD = re.compile(r"=\?([^?\s*]*)(?:\*[^?]*)?\?([bBqQ])\?(.{0,2000}?)\?=", re.DOTALL)
_BASE64 = (string.ascii_letters + string.digits + "+/").encode("ascii")
_NOT_BASE64 = bytes(each for each in range(256) if each not in _BASE64)
_FOLD = re.compile(r"\r?\n(?=[ \t])|[\r\n]+")
_PARAMETER = re.compile(
    r"""(?<![^\s=;"])([^\s=;"]++)\s*+=\s*+("(?:[^"\\]|\\.)*"?|[^;]*)""", re.DOTALL
)
_PIECE = re.compile(r"(.+?)\*(\d+)?(\*)?$")
_RFC2231 = re.compile(r"([^']*)'[^']*'(.*)", re.DOTALL)


def unfolded(value: bytes) -> str:
    """The header on one line, raw eight-bit letters decoded, encoded words as they are."""
    return _FOLD.sub("", decode(value[:LONGEST])).strip()


def readable(value: str) -> str:
    """With its encoded words decoded; what is no encoded word stays as it is. Neighbours in the
    same charset are joined before decoding: mailers cut in the middle of a letter."""
    parts: list[str] = []
    waiting, charset, end = b"", "", 0
    for found in _WORD.finditer(value):
        between = value[end : found.start()]
        content = _bytes_of(found[2], found[3])
        if between.strip() or end == 0 or found[1].lower() != charset.lower():
            parts.append(decode(waiting, charset))
            parts.append(between if between.strip() or end == 0 else "")
            waiting, charset = b"", found[1]
        waiting += content
        end = found.end()
    return "".join([*parts, decode(waiting, charset), value[end:]])


def _bytes_of(encoding: str, text: str) -> bytes:
    if encoding in "bB":
        return base64_of(text.encode("ascii", "ignore"))
    return binascii.a2b_qp(text.replace(" ", "_").encode("utf-8", "replace"), header=True)


def looks_like_base64(text: bytes) -> bool:
    """Whether most of it is of the alphabet; what is declared so falsely is better left alone."""
    strange = text.translate(None, _BASE64 + b"=\r\n\t ")
    return len(strange) * 10 <= len(text)


def base64_of(text: bytes) -> bytes:
    """What the letters of the alphabet in it say; all else is skipped, padding mended."""
    letters = text.translate(None, _NOT_BASE64)
    whole = letters[: len(letters) - (len(letters) % 4 == 1)]
    return binascii.a2b_base64(whole + b"=" * (-len(whole) % 4))


def parameters(value: str) -> dict[str, str]:
    """The parameters of a Content-Type or Content-Disposition (names in lower case), continued
    and encoded ones put together (RFC 2231)."""
    plain: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[str, bool]]] = {}
    for found in _PARAMETER.finditer(value.partition(";")[2]):
        name, text = found[1].lower(), _unquoted(found[2])
        piece = _PIECE.match(name)
        if piece is None:
            plain.setdefault(name, readable(text))
        else:
            numbered = pieces.setdefault(piece[1], {})
            encoded = bool(piece[3]) or piece[2] is None
            numbered.setdefault(int((piece[2] or "0")[:6]), (text, encoded))
    return {**plain, **{name: _joined(numbered) for name, numbered in pieces.items()}}


def _unquoted(text: str) -> str:
    text = text.strip()
    if text.startswith('"'):
        closed = text.endswith('"') and len(text) > 1
        return re.sub(r"\\(.)", r"\1", text[1:-1] if closed else text[1:], flags=re.DOTALL)
    return text


def _joined(numbered: dict[int, tuple[str, bool]]) -> str:
    charset, content = "", b""
    for number, (text, encoded) in sorted(numbered.items()):
        if number == min(numbered) and encoded and (found := _RFC2231.match(text)):
            charset, text = found[1], found[2]
        # what is not encoded is ASCII by the standard, and encoded words in practice
        content += unquote_to_bytes(text) if encoded else _plain(text, charset)
    return readable(decode(content, charset))


def _plain(text: str, charset: str) -> bytes:
    name = codec(charset) or "utf-8"
    try:
        return text.encode(name)
    except UnicodeError:
        return text.encode("utf-8", "replace")
