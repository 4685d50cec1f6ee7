"""Clients over HTTP, so light that they are not what is measured: a socket each, kept open, and
bytes that stand ready."""

from __future__ import annotations

import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from recovery.children import Failed

HOST = "127.0.0.1"
_PATIENCE = 30.0
#: One client's next request.
Ask = Callable[[], bytes]


@dataclass
class Answers:
    """What came back: seconds of each answer, how many of each status, and how long it all took."""

    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    wall: float = 0.0

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.seconds) / self.wall

    def unlike(self, status: int) -> tuple[str, ...]:
        """What came with another status, in words."""
        return tuple(f"{n} answers {s}" for s, n in self.statuses.items() if s != status)


class Wire:
    """One connection, opened again when the server has closed it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None

    def ask(self, request: bytes) -> tuple[int, bytes]:
        """The status and the body. Raises Failed when nothing whole comes back."""
        if self._socket is None:
            self._socket = socket.create_connection((HOST, self._port), timeout=_PATIENCE)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(request)
        head, body = self._read_head(self._socket)
        words = head.lower()
        length = int(words.split(b"content-length:")[1].split(b"\r\n")[0])
        while len(body) < length:
            body += _some(self._socket)
        if b"connection: close" in words:
            self.close()
        return int(head[9:12]), body

    def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    @staticmethod
    def _read_head(wire: socket.socket) -> tuple[bytes, bytes]:
        read = b""
        while b"\r\n\r\n" not in read:
            read += _some(wire)
        head, _, body = read.partition(b"\r\n\r\n")
        return head, body


def _some(wire: socket.socket) -> bytes:
    read = wire.recv(65536)
    if not read:
        raise Failed("The web process hung up in the middle of an answer.")
    return read


def press(port: int, asks: Sequence[Ask], *, seconds: float) -> Answers:
    """A client for each of `asks`, one request after the other, for so long."""
    said, ends = Answers(), time.monotonic() + seconds
    begun = time.monotonic()
    threads = [
        threading.Thread(target=_client, args=(port, ask, ends, said), daemon=True) for ask in asks
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(seconds + _PATIENCE)
    said.wall = time.monotonic() - begun
    if not said.seconds:
        raise Failed("The web process answered nothing.")
    return said


def _client(port: int, ask: Ask, ends: float, said: Answers) -> None:
    wire = Wire(port)
    while time.monotonic() < ends:
        request = ask()
        begun = time.perf_counter()
        status, _body = wire.ask(request)
        said.seconds.append(time.perf_counter() - begun)
        said.statuses[status] += 1
    wire.close()


def request(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """The bytes of a request."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {HOST}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body
