"""What of a mail is its body and what are files; plain text or HTML, whichever says more."""

from __future__ import annotations

import re
from dataclasses import dataclass

from intake.mail import html
from intake.mail.charsets import decode
from intake.mail.parsed import MailFile
from intake.mail.parts import Part

#: A plain text this much shorter than the HTML beside it is but a hint to open the HTML.
_STUB = 4
_WORTH = 80
_META_CHARSET = re.compile(rb"<meta[^>]{0,300}?charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
#: Of one stretch so many bytes are decoded.
_LONGEST = 8 * 1024 * 1024
_PICTURES = re.compile(r"data:[\w/+.-]{0,100};base64,[A-Za-z0-9+/=\s%]*")
_ENDS = re.compile(r"\r\n?")


@dataclass
class Words:
    """A stretch of the body: as plain text, as HTML, or as both."""

    plain: str = ""
    markup: str = ""

    def text(self) -> str:
        """As plain text."""
        if not self.markup:
            return self.plain
        rendered = html.to_text(self.markup)
        if _says_enough(self.plain, rendered):
            return self.plain
        return rendered or self.plain


def sorted_out(part: Part) -> tuple[list[Words], list[MailFile]]:
    """The stretches of the body in their order, and the files."""
    if not part.children:
        return _leaf(part)
    found = [sorted_out(child) for child in part.children]
    words = [each for several, _files in found for each in several]
    files = [each for _words, several in found for each in several]
    if part.content_type == "multipart/alternative":
        words = _one_of(words)
    return words, files


def _leaf(part: Part) -> tuple[list[Words], list[MailFile]]:
    kind = part.content_type
    named = bool(part.filename)
    shown = kind in ("text/plain", "text/html", "text/enriched", "text/richtext")
    if shown and part.disposition != "attachment" and not named:
        content = part.content()
        if kind == "text/plain":
            return [Words(plain=_decoded(part, content))], []
        return [Words(markup=_PICTURES.sub("", _decoded(part, content)))], []
    if not part.body.strip() and not named and part.disposition != "attachment":
        return [], []
    return [], [MailFile(part.filename, kind, part.content())]


def _one_of(words: list[Words]) -> list[Words]:
    """The alternatives as one stretch."""
    plain = "\n".join(each.plain for each in words if each.plain.strip())
    markup = "\n".join(each.markup for each in words if each.markup.strip())
    return [Words(plain, markup)] if plain or markup else []


def _says_enough(plain: str, rendered: str) -> bool:
    have, other = len("".join(plain.split())), len("".join(rendered.split()))
    return have > 0 and (other < _WORTH or have * _STUB >= other)


def _decoded(part: Part, content: bytes) -> str:
    declared = part.type_parameters.get("charset", "")
    if not declared and part.content_type == "text/html":
        found = _META_CHARSET.search(content[:4096])
        declared = found[1].decode("ascii") if found else ""
    return _ENDS.sub("\n", decode(content[:_LONGEST], declared))
