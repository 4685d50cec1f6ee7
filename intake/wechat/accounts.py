"""The keys of the accounts, read from their ways in and remembered while the database is away."""

from __future__ import annotations

import secrets as chance
import string
import threading
from time import monotonic

from complaints.models import Channel
from intake import inlets
from intake.models import Inlet
from intake.wechat.crypto import Forged, Keys, aes_key

#: Seconds for which nobody can make us read the keys of an account again.
_JUST = 2.0
_remembered: dict[tuple[str, str], tuple[Keys, float]] = {}
_lock = threading.Lock()


def find(channel: Channel, key: str) -> tuple[Inlet, Keys]:
    """The way in and its keys, from the database; remembered. Raises Forged where there is
    none."""
    inlet = inlets.active(channel, key)
    if inlet is None:
        forget(channel, key)
        raise Forged
    keys = keys_of(inlet)
    with _lock:
        _remembered[channel, key] = keys, monotonic()
    return inlet, keys


def keys_of(inlet: Inlet) -> Keys:
    """Raises Forged for an account that is not set up yet."""
    secrets = inlets.secrets_of(inlet)
    try:
        sealing = aes_key(secrets.get("aes_key", ""))
    except ValueError:
        raise Forged from None
    return Keys(secrets.get("token", ""), sealing, owner_of(inlet))


def owner_of(inlet: Inlet) -> str:
    """The AppID, or the CorpID of WeCom: no secret, but what is sealed has to name it."""
    return str(inlet.settings.get(owner_name(inlet), ""))


def owner_name(inlet: Inlet) -> str:
    """What the setting is called."""
    return "corpid" if inlet.channel == Channel.WECOM else "appid"


def make_keys(inlet: Inlet) -> Keys:
    """A new token and sealing key for the account, as the platform's page takes them; sealed, not
    saved yet."""
    letters = string.ascii_letters + string.digits
    # the last of the 43 holds four bits: A, E, I, ... are whole there
    typed = "".join(chance.choice(letters) for _ in range(42)) + chance.choice("AEIMQUYcgkosw048")
    inlets.seal(inlet, token=chance.token_hex(16), aes_key=typed)
    return keys_of(inlet)


def remembered(channel: Channel, key: str) -> Keys | None:
    """As they were when this process last read them."""
    found = _remembered.get((channel, key))
    return found[0] if found else None


def just_read(channel: Channel, key: str) -> bool:
    """Whether reading them again would tell nothing new."""
    found = _remembered.get((channel, key))
    return found is not None and monotonic() - found[1] < _JUST


def forget(channel: Channel, key: str) -> None:
    """The account is gone, or never was."""
    with _lock:
        _remembered.pop((channel, key), None)
