"""Knowing people by name and password: bounded, counted, and saying nothing to a stranger."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth import authenticate
from django.http import HttpRequest

from staff import throttle
from staff.models import Person

#: Hashing takes time that grows with the password; nobody has a longer one.
LONGEST = 128


def recognise(
    username: str, password: str, *, address: str, at: datetime, request: HttpRequest | None = None
) -> Person | None:
    """The active person of that name (NFKC, as it is stored) and password; None for a wrong one,
    and after too many of them from this address even for the right one, after the same time."""
    name = Person.normalize_username(username)
    what = (name.lower(), address)
    may = throttle.enter(throttle.SIGN_IN, *what, at=at)
    person = None
    if len(password) <= LONGEST:
        person = authenticate(request, username=name, password=password)
    if not may or not isinstance(person, Person):
        return None
    throttle.forget(throttle.SIGN_IN, *what)
    return person
