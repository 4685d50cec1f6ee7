"""A person's inbox."""

from __future__ import annotations

from django.db.models import QuerySet

from notify.models import Message
from staff.models import Person


def inbox(person: Person) -> QuerySet[Message]:
    """All that the person was told, newest first."""
    return Message.objects.filter(recipient=person)


def unread_count(person: Person, *, at_most: int = 99) -> int:
    """How many messages are unread, counted no further than `at_most` + 1."""
    unread = Message.objects.filter(recipient=person, read_at=None)
    return unread[: at_most + 1].count()
