"""Parsing where it can do no harm: in a child process with limits of time and memory.

One child reads one mail after the other; it is started when the first comes, and again after it
had to be ended. Each process that asks has a child of its own.
"""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from time import monotonic

from intake.mail import frames
from intake.mail.parsed import Mail

#: Seconds for one mail, the start of a new child included.
PATIENCE = 10.0
_HOUSE = Path(__file__).resolve().parents[2]


class Unread(Exception):
    """The mail could not be read: `code` is `unreadable`, `too_slow` or `too_big`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Cage:
    """The child and who talks to it: one at a time."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._owner = 0

    def parse(self, raw: bytes) -> Mail:
        """The mail. Raises Unread. A child that was dead already, or dies of it, gets a second."""
        with self._lock:
            ends = monotonic() + self._patience
            try:
                return self._parse(raw, ends)
            except Unread as unread:
                if unread.code != "died":
                    raise
            try:
                return self._parse(raw, ends)
            except Unread as unread:
                raise Unread("unreadable" if unread.code == "died" else unread.code) from unread

    def _parse(self, raw: bytes, ends: float) -> Mail:
        child = self._running()
        late = threading.Event()

        def end() -> None:
            late.set()
            child.kill()

        timer = threading.Timer(ends - monotonic(), end)
        timer.daemon = True
        timer.start()
        try:
            found = _asked(child, raw)
        except (frames.Torn, OSError) as broken:
            self._end()
            raise Unread("too_slow" if late.is_set() else "died") from broken
        finally:
            timer.cancel()
        if isinstance(found, str):
            if found == "too_big":
                self._end()
            raise Unread(found)
        return found

    def close(self) -> None:
        """End the child; the next mail starts another."""
        with self._lock:
            self._end()

    @property
    def pid(self) -> int | None:
        """Of the child that runs now."""
        return self._child.pid if self._child else None

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child and self._owner == os.getpid() and self._child.poll() is None:
            return self._child
        if self._owner == os.getpid():
            self._end()
        # a child of the process that this one was forked from is that one's
        self._child, self._owner = _started(), os.getpid()
        return self._child

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is None or self._owner != os.getpid():
            return
        child.kill()
        for stream in (child.stdin, child.stdout):
            if stream:
                with suppress(OSError):
                    stream.close()
        child.wait()


def _asked(child: subprocess.Popen[bytes], raw: bytes) -> Mail | str:
    source, target = child.stdout, child.stdin
    if source is None or target is None:
        raise frames.Torn
    frames.send(target, raw)
    return frames.unpacked(lambda: frames.receive(source))


def _started() -> subprocess.Popen[bytes]:
    # no secret of ours is in its environment
    environment = {"PATH": os.defpath, "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "intake.mail.child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=_HOUSE,
        env=environment,
        start_new_session=True,
    )


_CAGE = Cage()
atexit.register(_CAGE.close)


def parse(raw: bytes) -> Mail:
    """The mail, read by this process's child. Raises Unread."""
    return _CAGE.parse(raw)
