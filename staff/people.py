"""Taking people on, and whether they may go."""

from __future__ import annotations

from django.db import IntegrityError, connection, transaction

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


def is_free_to_leave(person: Person) -> bool:
    """Whether the database would let the account be closed: it knows what other rooms hold that
    the person still answers for. Tried, and taken back."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            Person.objects.filter(pk=person.pk).update(is_active=False)
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            transaction.set_rollback(True)
    except IntegrityError:
        return False
    return True
