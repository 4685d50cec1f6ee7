"""Keeping what another office calls the complaint, and its dates, with the case."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from complaints import events
from complaints.models import Channel, Clock, ClockKind, Complaint, OutsideReference
from complaints.rules import Action
from staff.models import Person

NUMBER_LIMIT = 100


@dataclass(frozen=True, kw_only=True)
class Reference:
    """The number that the channel gave, cleaned and not blank; the dates it set, if it set any."""

    channel: Channel
    number: str
    accept_by: datetime | None = None
    due_by: datetime | None = None


def note(
    complaint: Complaint, said: Reference, *, by: Person, at: datetime
) -> tuple[OutsideReference, bool]:
    """Keep the number with the case that the caller has just written or locked; whether anything
    is new. Another date for a number that is known already replaces it, and is an event; a date
    that is not named again stays. Raises IntegrityError when the number is another case's."""
    found, created = OutsideReference.objects.get_or_create(
        complaint=complaint,
        channel=said.channel,
        number=said.number,
        defaults={
            "accept_by": said.accept_by,
            "due_by": said.due_by,
            "noted_at": at,
            "by": by,
        },
    )
    return found, created or _move(complaint, found, said, by, at)


def first_note(complaint: Complaint, said: Reference, *, by: Person, at: datetime) -> None:
    """`note` for a case that was registered a moment ago in this transaction: one statement."""
    OutsideReference.objects.create(
        complaint=complaint,
        channel=said.channel,
        number=said.number,
        accept_by=said.accept_by,
        due_by=said.due_by,
        noted_at=at,
        by=by,
    )


def due_first(complaint: Complaint, clocks: Iterable[Clock]) -> list[OutsideReference]:
    """The references whose office wants the result before our own 24H clock of the present round
    does; none once that clock has stopped. `clocks` are those of the present round."""
    ours = next((c.due_at for c in clocks if c.kind == ClockKind.RESULT and c.is_running), None)
    if ours is None:
        return []
    return [
        each for each in complaint.outside_references.all() if each.due_by and each.due_by < ours
    ]


def _move(
    complaint: Complaint, found: OutsideReference, said: Reference, by: Person, at: datetime
) -> bool:
    moved = {
        name: new
        for name in ("accept_by", "due_by")
        if (new := getattr(said, name)) is not None and new != getattr(found, name)
    }
    if not moved:
        return False
    changes = {}
    for name, new in moved.items():
        old = getattr(found, name)
        changes[name] = [old and old.isoformat(), new.isoformat()]
        setattr(found, name, new)
    found.save(update_fields=list(moved))
    data = {"number": found.number, "channel": found.channel, "changes": changes}
    events.record(complaint, Action.MOVE_OUTSIDE_DATE, by=by, at=at, data=data)
    return True
