"""Showing what is masked: each look leaves an event (`docs/domain.md` section 8)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from complaints import cases
from complaints.models import Complaint
from complaints.rules import Action
from staff.models import Person


@transaction.atomic
def reveal(complaint_id: int, *, by: Person, at: datetime) -> Complaint:
    """The case with its complainant's name and phone, recorded as seen by this person.
    Raises NotAllowed."""
    complaint = cases.lock(complaint_id, to=Action.REVEAL, by=by, at=at)
    cases.act(complaint, Action.REVEAL, by=by, at=at)
    return complaint
