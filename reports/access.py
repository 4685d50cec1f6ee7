"""Who may read the rankings, and which branches' cases a figure opens for them."""

from __future__ import annotations

from staff.access import Scope, branches_in_scope, scope_of
from staff.models import Branch, Person, Role

#: A firm publishes its ranking to those who lead (`docs/domain.md` section 8).
READERS = (Role.SUPERVISOR, Role.QUALITY, Role.DIRECTOR, Role.GENERAL_MANAGER)


def may_read(person: Person) -> bool:
    """Whether the figures of all branches may be shown to the person."""
    return person.is_active and person.role in READERS


def sees_all(person: Person) -> bool:
    """Whether every case of the firm lies in the person's reach."""
    return scope_of(person) == Scope.EVERYTHING


def opened_for(person: Person) -> dict[str, Branch]:
    """By code, the branches whose figures lead this person to their cases."""
    return {branch.code: branch for branch in branches_in_scope(person)}
