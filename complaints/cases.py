"""Locking a case and moving it on: every change of a case goes through these two."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from common import walls
from complaints import escalation, events, lapsing, rules
from complaints.access import visible_to
from complaints.models import Complaint, Event
from complaints.rules import Action
from staff.models import Person


def lock(complaint_id: int, *, to: Action, by: Person, at: datetime) -> Complaint:
    """The case, locked until the transaction ends, for somebody who may do this to it now. What
    was overdue at `at` is fired first, so that a late deed never hides a breach the sweep has
    not seen yet; and an offer that has waited too long lapses before anything else.

    Raises Complaint.DoesNotExist when the person may not see it; NotAllowed, Conflict.
    """
    complaint = visible_to(by, at).select_for_update(of=("self",)).get(pk=complaint_id)
    walls.hold(complaint.pk)
    lapsing.lapse_of(complaint, until=at)
    rules.check(complaint, to, by, at)
    escalation.fire(complaint, until=at)
    return complaint


def act(
    complaint: Complaint,
    action: Action,
    *,
    by: Person,
    at: datetime,
    data: dict[str, Any] | None = None,
    **changes: Any,
) -> Event:
    """Check the rule, set the status it leads to and the named fields, and write the event with
    old and new values; whoever acts for somebody who is away says so (`for`). The complaint must
    be locked. Raises NotAllowed, Conflict."""
    rule = rules.check(complaint, action, by, at)
    if rule.leads is not None:
        changes.setdefault("status", rule.leads)
    if absent := rules.stood_in_for(complaint, action, by, at):
        data = {**(data or {}), "for": absent}
    return write(complaint, action, by=by, at=at, data=data, **changes)


def write(
    complaint: Complaint,
    action: Action,
    *,
    by: Person | None,
    at: datetime,
    data: dict[str, Any] | None = None,
    **changes: Any,
) -> Event:
    """Set the named fields and write the event with old and new values; whether it may be done
    is the caller's to know. A case that is over takes its open offer with it."""
    changed = _assign(complaint, changes)
    if "status" in changed and not complaint.is_open:
        lapsing.call_off(complaint, at=at)
    return events.record(
        complaint,
        action,
        by=by,
        at=at,
        data={**(data or {}), **({"changes": changed} if changed else {})},
    )


def _assign(complaint: Complaint, changes: dict[str, Any]) -> dict[str, list[Any]]:
    changed = {}
    for field, new in changes.items():
        old = getattr(complaint, field)
        if old != new:
            changed[field] = [_plain(old), _plain(new)]
            setattr(complaint, field, new)
    if changed:
        complaint.save(update_fields=list(changed))
    return changed


def _plain(value: Any) -> Any:
    """The value as the event keeps it: text, number or null."""
    if value is None or isinstance(value, bool | int):
        return value
    return value.isoformat() if isinstance(value, datetime) else str(value)
