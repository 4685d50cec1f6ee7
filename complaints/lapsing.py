"""Offers that nobody answered, and referred ones that nobody decided: taken in sets by the sweep,
or one by one by whoever acts on the case first. Which they are depends on stored times only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import connection, transaction

from complaints import events, handover_notes
from complaints.models import Complaint, Handover, HandoverState
from complaints.models.handover import DECIDE_WITHIN
from complaints.rules import Action

BATCH = 500

# The case is locked first, as everywhere; what somebody holds is taken the next time.
_CLAIM = """
SELECT handover.id
FROM complaints_handover AS handover
JOIN complaints_complaint AS kase ON kase.id = handover.complaint_id
WHERE handover.state = 'offered' AND handover.lapses_at < %s
ORDER BY handover.lapses_at LIMIT %s
FOR NO KEY UPDATE OF kase, handover SKIP LOCKED
"""
_CLAIM_UNDECIDED = """
SELECT handover.id
FROM complaints_handover AS handover
JOIN complaints_complaint AS kase ON kase.id = handover.complaint_id
WHERE handover.state = 'referred' AND handover.director_told_at IS NULL
    AND handover.referred_at < %s
ORDER BY handover.referred_at LIMIT %s
FOR NO KEY UPDATE OF kase, handover SKIP LOCKED
"""
_NAMED = ("complaint", "giver", "receiver")


def sweep(*, until: datetime, batch: int = BATCH) -> int:
    """Let the offers lapse that were unanswered for more than two hours at `until`, and tell the
    director of the referred ones undecided for more than four; how many of either. Any number
    may run at once."""
    return _lapse_batch(until, batch) + _remind_batch(until, batch)


def lapse_of(complaint: Complaint, *, until: datetime) -> None:
    """Let the open offer of this locked case lapse if it has waited too long at `until`."""
    lapse_of_all([complaint], until=until)


def lapse_of_all(complaints: Sequence[Complaint], *, until: datetime) -> None:
    """The same for many locked cases."""
    overdue = Handover.objects.filter(
        complaint__in=complaints, state=HandoverState.OFFERED, lapses_at__lt=until
    )
    _lapse(overdue.select_related(*_NAMED), until)


def call_off(complaint: Complaint, *, at: datetime) -> None:
    """End what is open for this locked case, since the case is over or has another owner."""
    open_ = (HandoverState.OFFERED, HandoverState.REFERRED)
    found = Handover.objects.filter(complaint=complaint, state__in=open_)
    found.update(state=HandoverState.WITHDRAWN, answered_at=at)


@transaction.atomic
def _lapse_batch(until: datetime, batch: int) -> int:
    return _lapse(_claimed(_CLAIM, until, batch), until)


@transaction.atomic
def _remind_batch(until: datetime, batch: int) -> int:
    found = _claimed(_CLAIM_UNDECIDED, until - DECIDE_WITHIN, batch)
    for handover in found:
        handover.director_told_at = until
        handover_notes.undecided(handover, at=until)
    Handover.objects.bulk_update(found, ["director_told_at"])
    return len(found)


def _claimed(claim: str, until: datetime, batch: int) -> Sequence[Handover]:
    with connection.cursor() as cursor:
        cursor.execute(claim, [until, batch])
        ids = [pk for (pk,) in cursor.fetchall()]
    return list(Handover.objects.filter(pk__in=ids).select_related(*_NAMED)) if ids else []


def _lapse(overdue: Iterable[Handover], until: datetime) -> int:
    """The offers ended at their own time; what is told and written is of `until`."""
    found = list(overdue)
    for handover in found:
        handover.state, handover.answered_at = HandoverState.LAPSED, handover.lapses_at
        data = {"to": handover.receiver.name, "lapsed_at": handover.lapses_at.isoformat()}
        events.record(handover.complaint, Action.LAPSE_OFFER, by=None, at=until, data=data)
        handover_notes.lapsed(handover, at=until)
    if found:
        Handover.objects.bulk_update(found, ["state", "answered_at"])
    return len(found)
