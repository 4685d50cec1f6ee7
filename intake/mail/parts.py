"""The bytes of a mail taken apart: header fields and the tree of parts, within limits."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice

from intake.mail.words import LONGEST, base64_of, looks_like_base64, parameters, unfolded

MOST_PARTS = 50
DEEPEST = 10
#: Of all header fields of one part so many bytes are looked at, before anything is decoded.
LONGEST_HEAD = 256 * 1024
MOST_FIELDS = 1000

_END_OF_HEAD = re.compile(rb"(?:\r\n|\n|\r)[ \t]*(?:\r\n|\n|\r)")
_LINE_END = re.compile(rb"\r\n|\n|\r")
_FIELD = re.compile(rb"([\x21-\x39\x3b-\x7e]+)[ \t]*:(.*)", re.DOTALL)
_NOT_TYPES = re.compile(r"[^\w.+*$!#&^/-]")


@dataclass
class Part:
    """One part: its header fields in their order (names in lower case), its body still encoded,
    and the parts it consists of. `cut` says that more parts were there than are looked at."""

    fields: list[tuple[str, bytes]]
    body: bytes
    children: list[Part] = field(default_factory=list)
    cut: bool = False
    default_type: str = "text/plain"

    def raw(self, name: str) -> bytes:
        """The first field of this name."""
        return next((value for each, value in self.fields if each == name), b"")

    def all(self, name: str) -> list[bytes]:
        return [value for each, value in self.fields if each == name]

    @cached_property
    def content_type(self) -> str:
        """As declared, in lower case: `text/plain`."""
        stated = unfolded(self.raw("content-type")).partition(";")[0].strip().lower()
        stated = _NOT_TYPES.sub("", stated)
        return stated if re.fullmatch(r"[^/]+/[^/]+", stated) else self.default_type

    @cached_property
    def type_parameters(self) -> dict[str, str]:
        return parameters(unfolded(self.raw("content-type")))

    @property
    def disposition(self) -> str:
        """`attachment`, `inline` or ""; with a name and no disposition it is still ""."""
        stated = unfolded(self.raw("content-disposition")).partition(";")[0]
        return stated.strip().lower()

    @cached_property
    def filename(self) -> str:
        """As the sender gave it."""
        named = parameters(unfolded(self.raw("content-disposition")))
        return (named.get("filename") or self.type_parameters.get("name") or "").strip()

    def walk(self) -> Iterator[Part]:
        """This part and all below it, in order."""
        yield self
        for child in self.children:
            yield from child.walk()

    def content(self) -> bytes:
        """The body as it was before it was encoded for the way; what is broken is read as far as
        it goes. Raises nothing."""
        encoding = unfolded(self.raw("content-transfer-encoding")).partition(";")[0]
        encoding = encoding.strip().strip("'\"").lower()
        if encoding == "base64":
            return base64_of(self.body) if looks_like_base64(self.body) else self.body
        if encoding == "quoted-printable":
            return binascii.a2b_qp(self.body)
        if encoding in ("x-uuencode", "uuencode", "x-uue", "uue"):
            return _uudecoded(self.body)
        return self.body


def without_body(raw: bytes) -> Part:
    """The fields at the beginning alone; what is below is not looked at. Raises nothing."""
    fields, _body = _head_and_body(raw)
    return Part(fields, b"")


def taken_apart(raw: bytes) -> Part:
    """The tree of a whole message. Raises nothing."""
    count = [0]
    return _part(raw, 0, count, "text/plain")


def _part(raw: bytes, depth: int, count: list[int], default: str) -> Part:
    count[0] += 1
    fields, body = _head_and_body(raw)
    part = Part(fields, body, default_type=default)
    kind = part.content_type
    if kind.startswith("multipart/"):
        sections = _sections(body, part.type_parameters.get("boundary", ""))
        inner = "message/rfc822" if kind == "multipart/digest" else "text/plain"
        for section in sections:
            if depth >= DEEPEST or count[0] >= MOST_PARTS:
                part.cut = True
                break
            part.children.append(_part(section, depth + 1, count, inner))
    return part


def enclosed(part: Part, depth: int = 0) -> Part:
    """The message inside a `message/rfc822` part."""
    return _part(part.content(), depth, [0], "text/plain")


def _head_and_body(raw: bytes) -> tuple[list[tuple[str, bytes]], bytes]:
    """The fields until the first line that is none. A head longer than the limit is cut; the
    body still begins where the head ends."""
    start = len(raw) - len(raw.lstrip(b"\r\n")) if raw[:2].strip() == b"" and raw[:1] else 0
    start = start if _FIELD.match(raw[start : start + 200]) and start < 64 else 0
    fields: list[tuple[str, bytes]] = []
    position = start
    while position < len(raw):
        if position - start > LONGEST_HEAD:
            found_end = _END_OF_HEAD.search(raw, position - 2)
            return fields, raw[found_end.end() :] if found_end else b""
        end = _line_end(raw, position)
        line = raw[position:end]
        if not line.strip(b"\r\n"):
            return fields, raw[end:]
        if line[:1] in b" \t" and (fields or not line.strip()):
            if not line.strip() and not _goes_on(raw, end):
                return fields, raw[end:]
            if fields:
                _extend(fields, line)
        elif found := _FIELD.match(line):
            if len(fields) < MOST_FIELDS:
                fields.append((found[1].decode("ascii").lower(), found[2][:LONGEST]))
        elif not (position == start and line.startswith((b"From ", b">From "))):
            return fields, raw[position:]
        position = end
    return fields, b""


def _extend(fields: list[tuple[str, bytes]], line: bytes) -> None:
    name, value = fields[-1]
    if len(value) < LONGEST:
        fields[-1] = (name, value + line[: LONGEST - len(value)])


def _line_end(raw: bytes, position: int) -> int:
    found = _LINE_END.search(raw, position)
    return found.end() if found else len(raw)


def _goes_on(raw: bytes, position: int) -> bool:
    """Whether header fields follow the blank (not empty) line that ends here."""
    line = raw[position : _line_end(raw, position)]
    return line[:1] in b" \t" or bool(_FIELD.match(line))


def _sections(body: bytes, boundary: str) -> list[bytes]:
    """What lies between the delimiters; all of it when there is none, so that nothing is lost."""
    if not boundary:
        return [b"\n" + body] if body.strip() else []
    mark = re.escape(boundary.encode("utf-8", "surrogateescape").rstrip())
    delimiter = re.compile(rb"(?:^|\r\n|\n|\r)--" + mark + rb"(--)?[ \t]*(?=\r|\n|\Z)")
    found = list(islice(delimiter.finditer(body), MOST_PARTS + 2))
    if not found:
        return [b"\n" + body] if body.strip() else []
    sections = []
    for each, following in zip(found, [*found[1:], None], strict=True):
        if each[1]:
            break
        until = following.start() if following else len(body)
        section = body[each.end() : until]
        sections.append(re.sub(rb"\A(?:\r\n|\n|\r)", b"", section, count=1))
    return sections


def _uudecoded(body: bytes) -> bytes:
    content: list[bytes] = []
    begun = False
    for line in body.splitlines():
        if not begun:
            begun = line.startswith(b"begin ")
        elif line.strip() == b"end":
            break
        else:
            try:
                content.append(binascii.a2b_uu(line))
            except binascii.Error:
                content.append(_uu_mended(line))
    return b"".join(content) if begun else body


def _uu_mended(line: bytes) -> bytes:
    """A line whose encoder left rubbish behind its end (Python's own advice)."""
    length = (((line[0] - 32) & 63) * 4 + 5) // 3 if line else 0
    try:
        return binascii.a2b_uu(line[:length])
    except binascii.Error:
        return b""
