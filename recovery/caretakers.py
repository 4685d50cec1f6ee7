"""Who looks after the house: they see the system page, and are warned of what it lacks."""

from __future__ import annotations

from staff.models import BranchKind, Person, Role

CARETAKERS = (Role.QUALITY, Role.DIRECTOR, Role.GENERAL_MANAGER, Role.ADMINISTRATOR)


def is_caretaker(person: Person) -> bool:
    """Whether the state of the whole house may be shown to the person."""
    return person.is_active and person.role in CARETAKERS


def addresses() -> list[str]:
    """The mail addresses of those who hear when nobody watches the deadlines: administrators, and
    headquarters' quality."""
    told = Person.objects.filter(is_active=True, role=Role.ADMINISTRATOR) | Person.objects.filter(
        is_active=True, role=Role.QUALITY, branch__kind=BranchKind.HEADQUARTERS
    )
    return sorted(set(told.exclude(email="").values_list("email", flat=True)))
