"""The process that reads mails for `cage`: one after the other, within its limits, until its
standard input ends. `python -m intake.mail.child`."""

from __future__ import annotations

import json
import resource
import signal
import sys

from intake.mail import frames
from intake.mail.parsing import parse

#: Bytes of memory of its own: a mail that wants more is not read.
MEMORY = 300 * 1024 * 1024
#: The parent ends a child after 10 s; this is for a child whose parent is gone.
_ORPHANED_AFTER = 20


def main() -> None:
    """Read, parse, answer; after a failure for want of memory it ends, and a new one starts."""
    for limit in (resource.RLIMIT_AS, resource.RLIMIT_DATA):
        resource.setrlimit(limit, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    source, target = sys.stdin.buffer, sys.stdout.buffer

    def send(content: bytes) -> None:
        frames.send(target, content)

    while True:
        try:
            raw = frames.receive(source)
        except frames.Torn:
            return
        signal.alarm(_ORPHANED_AFTER)
        try:
            mail = parse(raw)
            del raw
            frames.packed(mail, send)
        except MemoryError:
            send(b'{"failed": "too_big"}')
            return
        except Exception as unforeseen:
            failed = {"failed": "unreadable", "why": type(unforeseen).__name__}
            send(json.dumps(failed).encode("ascii"))
        signal.alarm(0)


if __name__ == "__main__":
    main()
