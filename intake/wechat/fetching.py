"""One answer from an outside host: looked up once, never inside our walls, never led elsewhere."""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from time import monotonic
from urllib.parse import urlsplit

#: Seconds to connect, and for the whole answer.
_CONNECT, _WHOLE = 4.0, 25.0
_CHUNK = 64 * 1024
_PORTS = {"http": 80, "https": 443}


class Unreachable(Exception):
    """There is no answer that we could take; `for_good`: nor will there be."""

    def __init__(self, reason: str, *, for_good: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.for_good = for_good


@dataclass(frozen=True)
class Answer:
    """Of a GET or POST that went well."""

    kind: str
    content: bytes


@dataclass(frozen=True)
class Rules:
    """`hosts`: who may be asked, by name, or by the end of it that begins with a dot. `trusted`:
    hosts with their port that the operator has set up; they may lie inside."""

    hosts: Iterable[str]
    trusted: Iterable[str]
    largest: int


def ask(url: str, rules: Rules, *, body: bytes | None = None) -> Answer:
    """GET the address, or POST the body there as JSON. Raises Unreachable: for another host, an
    address inside, a redirect, an answer that is too long or comes too slowly."""
    wire = _connection(url, rules)
    ends = monotonic() + _WHOLE
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {"Host": parts.netloc, "Content-Type": "application/json"} if body else {}
    try:
        wire.request("POST" if body else "GET", path, body=body, headers=headers)
        answer = wire.getresponse()
        if answer.status != 200:
            raise Unreachable(f"HTTP {answer.status}", for_good=300 <= answer.status < 400)
        return Answer(answer.getheader("Content-Type", ""), _read(answer, rules.largest, ends))
    except (OSError, http.client.HTTPException) as broken:
        raise Unreachable(type(broken).__name__) from None
    finally:
        wire.close()


def _connection(url: str, rules: Rules) -> http.client.HTTPConnection:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        raise Unreachable("no address", for_good=True) from None
    trusted = parts.netloc in set(rules.trusted)
    usual = port == _PORTS.get(parts.scheme) and "@" not in parts.netloc
    if not trusted and not (usual and _is_among(host, rules.hosts)):
        raise Unreachable("not a host of the platform", for_good=True)
    address = _address(host, port, inside=trusted)
    kind = _Encrypted if parts.scheme == "https" else _Plain
    return kind(host, port, address)


def _is_among(host: str, hosts: Iterable[str]) -> bool:
    return any(host == name or (name.startswith(".") and host.endswith(name)) for name in hosts)


def _address(host: str, port: int, *, inside: bool) -> str:
    """One that is not ours: every address of the name is looked at, the first is called."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Unreachable("no such host") from None
    addresses = [str(entry[4][0]) for entry in found]
    if not inside and not all(_is_outside(each) for each in addresses):
        raise Unreachable("an address inside", for_good=True)
    return addresses[0]


def _is_outside(address: str) -> bool:
    """Also behind IPv6's ways of writing an IPv4 address."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is not None and not inner.is_global:
            return False
    return ip.is_global and not ip.is_multicast


class _Plain(http.client.HTTPConnection):
    """Calls the address that was looked at, whatever the name leads to by now."""

    def __init__(self, host: str, port: int, address: str) -> None:
        super().__init__(host, port, timeout=_CONNECT)
        self._address = address

    def connect(self) -> None:
        self.sock = socket.create_connection((self._address, self.port), self.timeout)


class _Encrypted(_Plain):
    def connect(self) -> None:
        super().connect()
        context = ssl.create_default_context()
        self.sock = context.wrap_socket(self.sock, server_hostname=self.host)


def _read(answer: http.client.HTTPResponse, largest: int, ends: float) -> bytes:
    content = bytearray()
    while part := answer.read1(_CHUNK):
        content += part
        if len(content) > largest:
            raise Unreachable("too large", for_good=True)
        if monotonic() > ends:
            raise Unreachable("too slow")
    if answer.length:
        raise Unreachable("broken off")
    return bytes(content)
