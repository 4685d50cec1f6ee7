"""Who wrote and to whom: the addresses of a header, however crookedly written."""

from __future__ import annotations

import re
from collections.abc import Iterator

from intake.mail.words import readable

#: Of one mail so many addresses are read.
MOST = 100
_QUOTED = r'"(?:[^"\\]|\\.){0,300}"'
_TOKEN = re.compile(
    rf"(?P<quoted>{_QUOTED})|(?P<angle><[^<>]*>?)|(?P<mark>[,;:()])|(?P<word>[^\s,;:()<>\"]+|\")"
    r"|(?P<space>\s+)",
    re.DOTALL,
)
_COMMENT = re.compile(r"\([^()]*\)")
_ROUTE = re.compile(r"^@[^:]*:")
_ADDRESS = re.compile(r"(?<![^\s<>@,;\"])[^\s<>@,;\"]++@[^\s<>@,;\"]+")


def parsed(value: str, *, most: int = MOST) -> list[tuple[str, str]]:
    """(name, address) pairs of a header value whose encoded words are not decoded yet, at most
    `most` of them; empty entries and groups' names are left out. The domain is in lower case."""
    found: list[tuple[str, str]] = []
    for words, angle in _entries(value):
        name, address = _of(words, angle)
        if address or name:
            found.append((name, address))
        if len(found) == most:
            break
    return found


def _entries(value: str) -> Iterator[tuple[str, str | None]]:
    """The words and the part in angle brackets of each entry."""
    words: list[str] = []
    angle: str | None = None
    depth = 0
    for token in _TOKEN.finditer(value):
        kind, text = str(token.lastgroup), token[0]
        if kind == "mark" and text in "()":
            depth = max(0, depth + (1 if text == "(" else -1))
            words.append(text)
        elif kind == "mark" and not depth and text in ",;":
            yield "".join(words), angle
            words, angle = [], None
        elif kind == "mark" and not depth and text == ":" and angle is None:
            words = []  # the name of a group
        elif kind == "angle" and not depth:
            angle = text.strip("<> \t")
        else:
            words.append(text)
    yield "".join(words), angle


def _of(words: str, angle: str | None) -> tuple[str, str]:
    if angle is not None:
        return _name(words), _tidy(readable(_ROUTE.sub("", _COMMENT.sub("", angle).strip())))
    bare, comment = _without_comments(words)
    # some mailers encode the whole entry as one word
    whole = readable(bare).strip()
    if inside := re.fullmatch(r"(.*?)<([^<>]+)>\s*", whole, re.DOTALL):
        return _name(inside[1]), _tidy(inside[2])
    if address := _ADDRESS.search(whole):
        rest = (whole[: address.start()] + whole[address.end() :]).strip()
        return _name(comment or rest), _tidy(address[0])
    return _name(comment), _tidy(whole)


def _without_comments(words: str) -> tuple[str, str]:
    """The text outside of all brackets, and the text of the outermost brackets."""
    outside: list[str] = []
    inside: list[str] = []
    depth = 0
    for character in words:
        if character == "(":
            depth += 1
            if depth == 1:
                continue
        elif character == ")" and depth:
            depth -= 1
            if depth == 0:
                continue
        (inside if depth else outside).append(character)
    return "".join(outside), "".join(inside).strip()


def _name(words: str) -> str:
    text = words.strip()
    quoted = re.fullmatch(_QUOTED, text, re.DOTALL)
    text = re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL) if quoted else text
    if not quoted:
        text = re.sub(r'"((?:[^"\\]|\\.){0,300})"', r"\1", text)
    decoded = readable(text).strip()
    return decoded.strip('"').strip() if decoded.startswith('"') else decoded


def _tidy(address: str) -> str:
    spaced = re.sub(r"\s+", " ", address)
    joined = re.sub(r" ?([.@]) ?", r"\1", spaced) if "@" in spaced else address
    local, at, domain = joined.strip().strip("'").rpartition("@")
    local = local.strip()
    if local.startswith('"') and local.endswith('"') and re.fullmatch(r'"[\w.+-]+"', local):
        local = local[1:-1]
    return f"{local}@{domain.strip().lower()}" if at else domain.strip()
