"""A real IMAP server with one mailbox in its memory, and letters to put into it."""

from __future__ import annotations

import imaplib
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tests.notify.sinks import closed_port

USER, PASSWORD = "desk@example.com", "geheim"


@dataclass
class PostBox:
    port: int

    def put(self, raw: bytes, at: datetime | None = None, *, folder: str = "INBOX") -> None:
        """Put a letter in, as if it had come at that time."""
        with self.client() as client:
            moment = imaplib.Time2Internaldate(at) if at else None  # type: ignore[arg-type]
            status, said = client.append(folder, None, moment, raw)  # type: ignore[arg-type]
            assert status == "OK", said

    def make(self, folder: str) -> None:
        """The folder, empty: one of that name is gone, with its letters and numbers."""
        with self.client() as client:
            client.delete(folder)
            assert client.create(folder)[0] == "OK"

    def empty(self) -> None:
        with self.client() as client:
            client.select("INBOX")
            client.uid("STORE", "1:*", "+FLAGS", "(\\Deleted)")
            client.expunge()

    def flags(self) -> list[bytes]:
        with self.client() as client:
            client.select("INBOX", readonly=True)
            status, found = client.uid("FETCH", "1:*", "(FLAGS)")
            assert status == "OK"
            return [each for each in found if isinstance(each, bytes)]

    @contextmanager
    def client(self) -> Iterator[imaplib.IMAP4]:
        client = imaplib.IMAP4("127.0.0.1", self.port, timeout=30)
        try:
            client.login(USER, PASSWORD)
            yield client
        finally:
            client.logout()


@contextmanager
def post_box() -> Iterator[PostBox]:
    box = PostBox(closed_port())
    command = Path(sys.executable).with_name("pymap")
    arguments = ["--host", "127.0.0.1", "--port", str(box.port), "--no-tls", "dict"]
    server = subprocess.Popen(
        [str(command), *arguments, "--demo-user", USER, "--demo-password", PASSWORD],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(box)
        yield box
    finally:
        server.terminate()
        server.wait(10)


def _wait_for(box: PostBox) -> None:
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        try:
            with box.client():
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the IMAP server does not answer")
