"""The address that belongs to one case: who answers it answers about that case, and nobody can
make one for another's."""

from __future__ import annotations

import re
from base64 import b32encode
from collections.abc import Iterable

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

_TOKEN = re.compile(r"c(\d{1,18})-([a-z2-7]{16})")
_SALT = "intake.mail.reply_addresses"


def address_for(own: str, inlet_id: int, complaint_id: int) -> str:
    """`desk+c7-abcdefghijklmnop@example.com` for `desk@example.com`."""
    local, _at, domain = own.rpartition("@")
    return f"{local}+{token(inlet_id, complaint_id)}@{domain}"


def token(inlet_id: int, complaint_id: int) -> str:
    """The mark of the case in addresses and message ids: its id, and 80 bits that only we can
    make."""
    return f"c{complaint_id}-{_code(inlet_id, complaint_id, settings.SECRET_KEY)}"


def case_of(own: str, inlet_id: int, addresses: Iterable[str]) -> int | None:
    """The id of the case whose address is among these; None for none, or a forged one."""
    local, _at, domain = own.lower().rpartition("@")
    for address in addresses:
        name, _at, host = address.lower().rpartition("@")
        if host != domain or not name.startswith(f"{local}+"):
            continue
        found = _TOKEN.fullmatch(name.removeprefix(f"{local}+"))
        if found and _is_ours(inlet_id, int(found[1]), found[2]):
            return int(found[1])
    return None


def _is_ours(inlet_id: int, complaint_id: int, code: str) -> bool:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return any(constant_time_compare(code, _code(inlet_id, complaint_id, key)) for key in keys)


def _code(inlet_id: int, complaint_id: int, key: str) -> str:
    mac = salted_hmac(_SALT, f"{inlet_id}:{complaint_id}", secret=key, algorithm="sha256")
    return b32encode(mac.digest()[:10]).decode("ascii").lower()
