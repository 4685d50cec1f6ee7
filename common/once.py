"""The same press twice is one deed: each form carries a key, and a key counts once."""

from __future__ import annotations

from common.models import Press


def claim(key: str) -> bool:
    """Whether this is the first time; call it inside the transaction of the deed. A second press
    waits for the first to end, and a first that failed gives its key back."""
    _press, first = Press.objects.get_or_create(key=key)
    return first


def is_claimed(key: str) -> bool:
    """Whether the deed of this key was done before."""
    return Press.objects.filter(key=key).exists()
