"""What is known of a raw mail before anybody reads it: enough to keep it, and to know it again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from intake.items import Arrival
from intake.mail import addresses
from intake.mail.parts import without_body
from intake.mail.words import readable, unfolded

#: Of a mail so many bytes are looked at for its head.
HEAD = 64 * 1024
_FIELD = 4 * 1024
MEDIA_TYPE = "message/rfc822"


@dataclass(frozen=True)
class Head:
    """Fields that say which mail this is; `sender` is a bare address in lower case."""

    message_id: str
    sender: str
    subject: str
    no_answers: bool


def head_of(raw: bytes) -> Head:
    """The head of a mail, of which the first `HEAD` bytes are enough. Raises nothing."""
    root = without_body(raw[:HEAD])
    senders = addresses.parsed(unfolded(root.raw("from")[:_FIELD]), most=1)
    return Head(
        message_id=unfolded(root.raw("message-id")[:_FIELD]),
        sender=senders[0][1].lower() if senders else "",
        subject=readable(unfolded(root.raw("subject")[:_FIELD])),
        no_answers=bool(root.raw("x-auto-response-suppress").strip()),
    )


def arrival(raw: bytes) -> Arrival:
    """The mail as it is kept. Mails are the same when message id, sender and body are: each of
    the three alone can be somebody else's."""
    head = head_of(raw)
    body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")[2].rstrip()
    parts = (head.message_id.encode("utf-8", "replace"), head.sender.encode("utf-8", "replace"))
    digest = hashlib.sha256()
    for part in (*parts, hashlib.sha256(body).digest()):
        digest.update(len(part).to_bytes(8, "big") + part)
    return Arrival(
        outside_id=f"mail:{digest.hexdigest()}",
        raw=raw,
        media_type=MEDIA_TYPE,
        sender=head.sender,
        subject=head.subject,
    )
