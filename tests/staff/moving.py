"""People of a branch that is about to close, moved elsewhere."""

from __future__ import annotations

from datetime import datetime

from staff import people
from staff.models import Branch, Person, Role
from tests.conftest import Cast


def vacate(cast: Cast, branch: Branch, to: Branch, *, at: datetime) -> None:
    """Everybody of the branch works in the other one from now on."""
    for person in Person.objects.filter(branch=branch, is_active=True):
        people.appoint(person.pk, Role(person.role), to, since=at, by=cast.root, at=at)
