"""From which address a request comes."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network

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


def counted(request: HttpRequest) -> str:
    """What tries are counted by: the address; of IPv6 its /64, all of which is one connection's."""
    address = ip_address(address_of(request))
    return str(ip_network((address, 64 if address.version == 6 else 32), strict=False))


def _readable(said: str) -> str:
    """As text; one of IPv4 that came through a socket of IPv6 as what it is."""
    try:
        address = ip_address(said.strip())
    except ValueError:
        return NOWHERE
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)


def _is_proxy(address: str) -> bool:
    there = ip_address(address)
    return any(there in ip_network(net, strict=False) for net in settings.TRUSTED_PROXIES)
