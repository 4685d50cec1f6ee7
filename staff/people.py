"""Taking people on."""

from __future__ import annotations

from staff.branches import sort_key
from staff.models import Branch, Person, Role


def hire(
    username: str,
    *,
    name: str,
    role: Role,
    branch: Branch,
    password: str | None,
    phone: str = "",
    email: str = "",
) -> Person:
    """A person who can sign in; administrators get into the back office. None: no password."""
    return Person.objects.create_user(
        username,
        password,
        name=name,
        role=role,
        branch=branch,
        phone=phone,
        email=email,
        sort_key=sort_key(name),
        is_staff=role == Role.ADMINISTRATOR,
        is_superuser=role == Role.ADMINISTRATOR,
    )
