"""Numbers of cases: never twice, not gapless, so that intake has no hot row."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

_PRIMES = (7, 3, 1)


def number(running: int, at: datetime) -> str:
    """`TS2611-0000417-3`: year and month of entry, the running number, a check digit."""
    body = f"{timezone.localtime(at):%y%m}{running:07d}"
    return f"TS{body[:4]}-{body[4:]}-{check_digit(body)}"


def check_digit(digits: str) -> int:
    """Catches each single wrong digit and most swapped neighbours (weights 7, 3, 1)."""
    weighted = (int(digit) * _PRIMES[i % 3] for i, digit in enumerate(digits))
    return -sum(weighted) % 10
