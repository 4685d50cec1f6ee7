"""A raw mail becomes a Mail: whatever was sent, something comes out."""

from __future__ import annotations

import re

from intake.mail import addresses, html, quotes
from intake.mail.bodies import sorted_out
from intake.mail.parsed import Mail
from intake.mail.parts import Part, enclosed, taken_apart
from intake.mail.words import readable, unfolded

#: Of the text so many code points are kept; the raw mail has the rest.
LONGEST_TEXT = 256 * 1024
#: Where our own address may stand that the mail came by.
_CAME_BY = ("to", "cc", "delivered-to", "x-original-to", "envelope-to", "x-envelope-to")
#: What tells machines from people (`automatic`).
_MARKS = (
    "auto-submitted", "precedence", "list-id", "list-post", "list-unsubscribe", "return-path",
    "x-autoreply", "x-autorespond", "x-auto-reply", "x-qq-auto-reply", "x-autoresponse",
    "x-failed-recipients", "content-type",
)  # fmt: skip
_ID = re.compile(r"<([^<>\s]{1,250})>")
_MOST_ENCLOSED = 5


def parse(raw: bytes) -> Mail:
    """Raises nothing that a mail could cause; memory and time are the caller's to bound."""
    root = taken_apart(raw)
    words, files = sorted_out(root)
    text = "\n\n".join(filter(None, (each.text().strip("\n") for each in words)))[:LONGEST_TEXT]
    markup = "\n".join(each.markup for each in words if each.markup)
    subject = readable(unfolded(root.raw("subject"))).strip()
    hanging = _enclosed(root)
    text = text if text.strip() else "\n\n".join(hanging)
    name, address = _sender(root)
    return Mail(
        subject=subject,
        from_name=name,
        from_email=address,
        to=_addresses(root, ("to",)),
        came_by=_addresses(root, _CAME_BY),
        message_id=next(iter(_ids(root, "message-id")), ""),
        references=_ids(root, "in-reply-to") + _ids(root, "references"),
        date=unfolded(root.raw("date"))[:100],
        text=text,
        visible=quotes.visible(text, subject=subject),
        html=html.sanitised(markup) if markup else "",
        enclosed=hanging,
        marks=_marks(root),
        notes=_notes(root),
        files=files,
    )


def _sender(root: Part) -> tuple[str, str]:
    """Name and address of the first who is named as the author; else of the sender."""
    for name in ("from", "sender", "return-path"):
        for value in root.all(name):
            for found in addresses.parsed(unfolded(value), most=1):
                return found
    return "", ""


def _addresses(root: Part, names: tuple[str, ...]) -> list[str]:
    found: list[str] = []
    for name in names:
        for value in root.all(name):
            room = addresses.MOST - len(found)
            if room > 0:
                found += [mail for _name, mail in addresses.parsed(unfolded(value), most=room)]
    return found


def _ids(root: Part, name: str) -> list[str]:
    """Message ids in a field, without their brackets, a hundred at most."""
    return _ID.findall(unfolded(root.raw(name)))[:100]


def _marks(root: Part) -> dict[str, str]:
    present = {name for name, _value in root.fields}
    return {name: unfolded(root.raw(name))[:500] for name in _MARKS if name in present}


def _enclosed(root: Part) -> list[str]:
    """Subject and text of mails that hang on this one, without what hangs on those."""
    hanging = [part for part in root.walk() if part.content_type == "message/rfc822"]
    texts = []
    for part in hanging[:_MOST_ENCLOSED]:
        inner = enclosed(part)
        words, _files = sorted_out(inner)
        subject = readable(unfolded(inner.raw("subject"))).strip()
        text = "\n\n".join(filter(None, (each.text().strip("\n") for each in words)))
        texts.append(f"{subject}\n{text}".strip()[:LONGEST_TEXT])
    return [text for text in texts if text]


def _notes(root: Part) -> list[str]:
    return ["parts_cut"] if any(part.cut for part in root.walk()) else []
