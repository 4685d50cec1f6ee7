"""Keeping what must be read again (the seeds of codes) so that a copy of the table is worth
nothing: encrypted with a key that comes from SECRET_KEY."""

from __future__ import annotations

from base64 import urlsafe_b64encode

from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


def seal(text: str) -> str:
    """The text, unreadable."""
    return _ring().encrypt(text.encode()).decode("ascii")


def unseal(sealed: str) -> str:
    """The text again, also what was sealed under one of SECRET_KEY_FALLBACKS. Raises InvalidToken
    of `cryptography` for what no key of ours has made."""
    return _ring().decrypt(sealed.encode("ascii")).decode()


def _ring() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_derived(key)) for key in keys])


def _derived(key: str) -> bytes:
    made = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"staff.secrets")
    return urlsafe_b64encode(made.derive(key.encode()))
