"""Sorting valid complaints from the rest (分拣); both ways can be undone."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from common import text
from common.errors import RuleBroken
from complaints import cases, clocks, escalation, ownership
from complaints.contacts import result_told
from complaints.models import Callback, Complaint, Event, InvalidReason, Status
from complaints.rules import Action
from staff.models import Person


@transaction.atomic
def accept(complaint_id: int, *, by: Person, at: datetime) -> Complaint:
    """The complaint is valid. One that was sorted out as invalid gets its clocks back, running
    from their first start. Raises NotAllowed, Conflict."""
    complaint = cases.lock(complaint_id, to=Action.ACCEPT, by=by, at=at)
    was_invalid = complaint.status == Status.INVALID
    status = _where_it_stands(complaint)
    cases.act(complaint, Action.ACCEPT, by=by, at=at, status=status, invalid_reason="")
    if was_invalid:
        rejected = Event.objects.filter(complaint=complaint, kind=Action.REJECT).latest("at", "pk")
        ownership.revive(complaint, by=by, at=at)
        clocks.restore(complaint, voided_since=rejected.at)
        escalation.fire(complaint, until=at)
    return complaint


@transaction.atomic
def reject(
    complaint_id: int, *, reason: InvalidReason, note: str, by: Person, at: datetime
) -> Complaint:
    """The complaint is not a valid one; its running clocks no longer apply from now on.
    Raises RuleBroken `note.blank`, `text.*`; NotAllowed, Conflict."""
    complaint = cases.lock(complaint_id, to=Action.REJECT, by=by, at=at)
    note = text.clean(note, limit=500, field="note", lines=True)
    if text.is_blank(note):
        raise RuleBroken("note.blank", _("请写明判为无效的依据。"), field="note")
    cases.act(complaint, Action.REJECT, by=by, at=at, data={"note": note}, invalid_reason=reason)
    clocks.void(complaint, at=at)
    return complaint


def _where_it_stands(complaint: Complaint) -> Status:
    """The status a valid case has reached in this round, whatever it was taken for meanwhile."""
    called = Callback.objects.filter(complaint=complaint, round=complaint.round, reached=True)
    if called.exists():
        return Status.CALLED_BACK
    return Status.ANSWERED if result_told(complaint) else Status.HANDLING
