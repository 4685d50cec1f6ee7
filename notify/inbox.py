"""Marking messages as read."""

from __future__ import annotations

from datetime import datetime

from notify.models import Message
from staff.models import Person


def mark_read(person: Person, *, at: datetime, message_ids: list[int] | None = None) -> int:
    """Mark the person's own unread messages (all, or those named); the number marked."""
    unread = Message.objects.filter(recipient=person, read_at=None)
    if message_ids is not None:
        unread = unread.filter(pk__in=message_ids)
    return unread.update(read_at=at)
