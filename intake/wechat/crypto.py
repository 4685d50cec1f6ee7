"""What seals the calls of WeChat and WeCom: a signature, AES-256-CBC, and whose account it is."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC

_BLOCK = 32
#: Random bytes before the length, and the length's own.
_SALT, _LENGTH = 16, 4


class Forged(Exception):
    """Not from the platform, or not for this account. Nobody outside learns which."""


@dataclass(frozen=True)
class Keys:
    """What an account and its platform share. `aes_key` is 32 bytes, or empty in plain mode;
    `owner` is the app id (WeChat) or the corp id (WeCom)."""

    token: str
    aes_key: bytes
    owner: str


def aes_key(typed: str) -> bytes:
    """The key from the 43 characters of the platform's page (EncodingAESKey); empty from none.
    Raises ValueError."""
    if not typed:
        return b""
    key = base64.b64decode(typed + "=" * (-len(typed) % 4), validate=True)
    if len(typed) != 43 or len(key) != _BLOCK:
        raise ValueError("an EncodingAESKey has 43 characters")
    return key


def signature(*parts: str) -> str:
    """Of the token, the time, the nonce and what is sealed, in whatever order they are given."""
    joined = "".join(sorted(parts))
    return hashlib.sha1(joined.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()


def check_signature(claimed: str, *parts: str) -> None:
    """Takes the same time wherever they differ. Raises Forged."""
    if not hmac.compare_digest(signature(*parts).encode(), claimed.encode("utf-8", "replace")):
        raise Forged


def encrypt(message: bytes, keys: Keys) -> str:
    """The message as the platform reads it, in base64."""
    body = os.urandom(_SALT) + len(message).to_bytes(_LENGTH, "big") + message + keys.owner.encode()
    missing = _BLOCK - len(body) % _BLOCK
    machine = _cipher(keys).encryptor()
    sealed = machine.update(body + bytes([missing]) * missing) + machine.finalize()
    return base64.b64encode(sealed).decode()


def decrypt(sealed: str, keys: Keys) -> bytes:
    """The message that the platform has sealed for this account. Raises Forged for everything
    that is wrong with it. The signature is checked before, so nobody can ask about the padding."""
    try:
        raw = base64.b64decode(sealed, validate=True)
        machine = _cipher(keys).decryptor()
        body = _without_padding(machine.update(raw) + machine.finalize())
    except (binascii.Error, ValueError):
        raise Forged from None
    start = _SALT + _LENGTH
    length = int.from_bytes(body[_SALT:start], "big")
    message, owner = body[start : start + length], body[start + length :]
    if len(message) != length or not hmac.compare_digest(owner, keys.owner.encode()):
        raise Forged
    return message


def _cipher(keys: Keys) -> Cipher[CBC]:
    return Cipher(AES256(keys.aes_key), CBC(keys.aes_key[:16]))


def _without_padding(body: bytes) -> bytes:
    last = body[-1] if body else 0
    if not 1 <= last <= _BLOCK or body[-last:] != bytes([last]) * last:
        raise Forged
    return body[:-last]
