"""Calling an address that somebody has typed in: only out into the world, and never for long.

The name is resolved once, each of its addresses is looked at, and the call goes to one of those
that were looked at: a name that changes its mind in between leads nowhere. Redirects are not
followed, what the environment says of proxies is not asked, and the answer's body is not read.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from threading import Event, Timer
from time import monotonic
from urllib.parse import urlsplit

#: Seconds for all of it: to connect, to say what is to be said, to hear how it was taken.
PATIENCE = 5.0
LONGEST_URL = 500
#: IPv4 inside of IPv6, as the translators of providers write it.
_NAT64 = IPv6Network("64:ff9b::/96")


class NotCalled(Exception):
    """The call was not made, or not answered. `reason` is a short code and names no address."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Target:
    """An address as it is called: `path` with its query; `host` as the other side knows itself."""

    secure: bool
    host: str
    port: int
    path: str

    @property
    def named(self) -> str:
        """The value of the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.secure else 80) else f"{host}:{self.port}"


def target(url: str, *, private: bool = False) -> Target:
    """What the text names. Raises NotCalled `url` for what is no https address (with `private`
    also http), names a user, or holds what no address may."""
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise NotCalled("url")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise NotCalled("url") from None
    secure = parts.scheme == "https"
    if not host or "@" in parts.netloc or not (secure or (private and parts.scheme == "http")):
        raise NotCalled("url")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(secure, host, port or (443 if secure else 80), path)


def post(url: str, body: bytes, headers: Mapping[str, str], *, private: bool = False) -> int:
    """The status of the answer. Raises NotCalled `url`, `unknown_host`, `private_address`,
    `timeout`, `tls`, `connection`, `answer`."""
    ends = monotonic() + PATIENCE
    aim = target(url, private=private)
    wire = _connected(aim, _addresses(aim, private), ends)
    # a socket's own timeout begins anew with each byte; this one does not
    cut = Event()
    with wire.dup() as handle:
        guard = Timer(max(0.0, ends - monotonic()), _cut, [handle, cut])
        guard.start()
        try:
            status = _asked(_secured(wire, aim), aim, body, headers)
        except (OSError, HTTPException, ValueError) as broken:
            raise NotCalled(_fault(broken, ends)) from None
        finally:
            guard.cancel()
            wire.close()
    if cut.is_set():  # what looks like the end of the answer was ours
        raise NotCalled("timeout")
    return status


def is_public(address: str) -> bool:
    """Whether an IP address lies out in the world, also what is written inside of another."""
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo and found.teredo[1])
        if found in _NAT64:
            inner = IPv4Address(int(found) & 0xFFFFFFFF)
        if inner:
            return is_public(str(inner))
        if found.is_site_local:
            return False
    return found.is_global and not (found.is_multicast or found.is_reserved)


def _addresses(aim: Target, private: bool) -> list[str]:
    """All that the name resolves to. Raises NotCalled if one of them is not out in the world."""
    try:
        found = socket.getaddrinfo(aim.host, aim.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NotCalled("unknown_host") from None
    addresses = list(dict.fromkeys(str(place[0]) for *_kind, place in found))
    if not private and not all(is_public(address) for address in addresses):
        raise NotCalled("private_address")
    return addresses


def _connected(aim: Target, addresses: list[str], ends: float) -> socket.socket:
    """To the first that answers, within the time for all of it."""
    fault = "unknown_host"
    for address in addresses[:4]:
        left = ends - monotonic()
        if left <= 0:
            raise NotCalled("timeout")
        try:
            wire = socket.create_connection((address, aim.port), timeout=left)
        except OSError as broken:
            fault = _fault(broken, ends)
        else:
            wire.settimeout(PATIENCE)
            return wire
    raise NotCalled(fault)


def _secured(wire: socket.socket, aim: Target) -> socket.socket:
    """With the certificate checked for the name, not for the address that is called."""
    if not aim.secure:
        return wire
    return ssl.create_default_context().wrap_socket(wire, server_hostname=aim.host)


def _asked(wire: socket.socket, aim: Target, body: bytes, headers: Mapping[str, str]) -> int:
    asking = HTTPConnection(aim.host, aim.port)
    asking.sock = wire
    try:
        said = {**headers, "Host": aim.named, "Connection": "close"}
        asking.request("POST", aim.path, body, said)
        answer = asking.getresponse()
        return answer.status
    finally:
        asking.close()


def _cut(handle: socket.socket, cut: Event) -> None:
    cut.set()
    with suppress(OSError):
        handle.shutdown(socket.SHUT_RDWR)


def _fault(broken: Exception, ends: float) -> str:
    if isinstance(broken, TimeoutError) or monotonic() >= ends:
        return "timeout"
    if isinstance(broken, ssl.SSLError):
        return "tls"
    return "connection" if isinstance(broken, OSError) else "answer"
