"""From which address a request comes."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

#: Of a request that came through a socket without an address.
NOWHERE = "0.0.0.0"  # noqa: S104  # an address that is shown, not one that is listened at


def address_of(request: HttpRequest) -> str:
    """The address of whoever asks, as text. `X-Forwarded-For` is read only where the request came
    from one of TRUSTED_PROXIES, from its end, which those wrote, up to the first stranger."""
    address = _readable(request.META.get("REMOTE_ADDR", ""))
    named = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    while named and _is_proxy(address):
        before = _readable(named.pop())
        if before == NOWHERE:
            break
        address = before
    return address


def _readable(said: str) -> str:
    try:
        return str(ip_address(said.strip()))
    except ValueError:
        return NOWHERE


def _is_proxy(address: str) -> bool:
    there = ip_address(address)
    return any(there in ip_network(net, strict=False) for net in settings.TRUSTED_PROXIES)
