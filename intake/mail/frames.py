"""How a mail goes to the child that reads it, and how what it found comes back: lengths and bytes,
a heading in JSON; never anything that could be run."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from dataclasses import asdict
from typing import IO, Any

from intake.mail.parsed import Mail, MailFile

_LENGTH = struct.Struct(">Q")
#: More than this comes from no honest child.
LARGEST = 128 * 1024 * 1024


class Torn(Exception):
    """The other side ended in the middle, or says what it may not say."""


def send(stream: IO[bytes], content: bytes) -> None:
    """Write one frame. Raises OSError."""
    stream.write(_LENGTH.pack(len(content)))
    stream.write(content)
    stream.flush()


def receive(stream: IO[bytes]) -> bytes:
    """Read one frame. Raises Torn at the end of the stream, and for what is too long."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise Torn
    (length,) = _LENGTH.unpack(head)
    if length > LARGEST:
        raise Torn
    content = stream.read(length)
    if len(content) < length:
        raise Torn
    return content


def packed(mail: Mail, send_one: Callable[[bytes], None]) -> None:
    """Send the mail: its heading, then each file's bytes."""
    files = [[file.name, file.declared_type] for file in mail.files]
    heading = {**asdict(_without_files(mail)), "files": files}
    # what is half a character goes the same way and comes back
    send_one(json.dumps(heading).encode("ascii"))
    for file in mail.files:
        send_one(file.content)


def unpacked(receive_one: Callable[[], bytes]) -> Mail | str:
    """The mail again, or the code of what failed. Raises Torn."""
    try:
        heading: dict[str, Any] = json.loads(receive_one())
        if "failed" in heading:
            return str(heading["failed"])
        named = [(str(name), str(kind)) for name, kind in heading.pop("files")]
        files = [MailFile(name, kind, receive_one()) for name, kind in named]
        return Mail(**heading, files=files)
    except (ValueError, TypeError, KeyError) as wrong:
        raise Torn from wrong


def _without_files(mail: Mail) -> Mail:
    return Mail(**{**vars(mail), "files": []})
