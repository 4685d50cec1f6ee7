"""Writing the story of a case."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from complaints.models import Complaint, Event
from complaints.rules import Action
from staff.models import Person


def record(
    complaint: Complaint,
    action: Action,
    *,
    by: Person | None,
    at: datetime,
    data: dict[str, Any] | None = None,
) -> Event:
    """One line in the case's story, inside the caller's transaction; `by` None: the clockwork."""
    return Event.objects.create(complaint=complaint, kind=action, actor=by, at=at, data=data or {})


def record_all(
    told: Iterable[tuple[Complaint, dict[str, Any]]],
    action: Action,
    *,
    by: Person | None,
    at: datetime,
) -> None:
    """The same line in the stories of many cases, each with its own data, in one statement."""
    Event.objects.bulk_create(
        Event(complaint=complaint, kind=action, actor=by, at=at, data=data)
        for complaint, data in told
    )
