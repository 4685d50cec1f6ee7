"""Writing the story of a case."""

from __future__ import annotations

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
