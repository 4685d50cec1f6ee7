"""A case that has just been registered, as `ComplaintOut` shows it, written out by hand: its fields
cost as much as all else of a registration. A test holds the two to be equal."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import TextChoices
from rest_framework import serializers

from complaints import closing, faces, rules
from complaints.api.shown import CountsOut
from complaints.models import (
    Category,
    Channel,
    Clock,
    ComplainantRole,
    Complaint,
    Contact,
    Handover,
    Severity,
    Status,
)
from complaints.outcome import outcome
from complaints.registration import Entered
from staff.models import Branch, Person

#: How the framework writes a moment.
_moment = serializers.DateTimeField().to_representation
#: Its first event, and else nothing.
_COUNTS = {str(name): int(str(name) == "events") for name in CountsOut().fields}
_NOTHING = {"handovers": Handover.objects.none(), "contacts": Contact.objects.none()}


def shown(entered: Entered, *, to: Person, at: datetime) -> dict[str, Any]:
    """The case from memory, if it is plain."""
    complaint = entered.complaint
    vars(complaint)["_prefetched_objects_cache"] = (
        _NOTHING  # asking for nothing takes Django a while
    )
    owner = _person(complaint.owner)
    allowed = rules.allowed_actions(complaint, to, at)
    clocks = sorted(entered.clocks, key=lambda clock: clock.due_at)
    return {
        "no": complaint.no,
        "status": complaint.status,
        "status_label": _label(Status, complaint.status),
        "round": complaint.round,
        "severity": complaint.severity,
        "severity_label": _label(Severity, complaint.severity),
        "summary": complaint.summary,
        "received_at": _moment(complaint.received_at),
        "owner": owner,
        "owner_branch": _named(complaint.owner_branch),
        "responsible_branch": None,
        "channel": complaint.channel,
        "channel_label": _label(Channel, complaint.channel),
        "entered_at": _moment(complaint.entered_at),
        "order_no": complaint.order_no,
        "category": _named(complaint.category),
        "concerned_branch": complaint.concerned_branch and _named(complaint.concerned_branch),
        "complainant": _complainant(complaint),
        "clocks": [_clock(clock, at) for clock in clocks],
        "what": complaint.what,
        "remedy_sought": complaint.remedy_sought,
        "settled_on_spot": complaint.settled_on_spot,
        "invalid_reason": "",
        "invalid_reason_label": "",
        "entered_by": owner,
        "first_receiver": owner,
        "rectifier": None,
        "subjects": [],
        "duplicate_of": None,
        "duplicates": [],
        "outside_references": [],
        "closed_at": None,
        "closed_inside_at": None,
        "counts": _COUNTS,
        "missing": closing.what_is_missing_at_first(complaint),
        "allowed_actions": [
            {"action": action.value, "action_label": str(action.label)} for action in allowed
        ],
    }


def _label(choices: type[TextChoices], value: str) -> str:
    """As `get_…_display` says it, which takes Django a while to find."""
    return str(choices(value).label)


def _person(person: Person) -> dict[str, str]:
    return {"username": person.username, "name": person.name}


def _named(thing: Branch | Category) -> dict[str, str]:
    return {"code": thing.code, "name": thing.name}


def _complainant(complaint: Complaint) -> dict[str, Any]:
    return {
        "name": complaint.masked_name,
        "phone": complaint.masked_phone,
        "role": complaint.complainant_role,
        "role_label": _label(ComplainantRole, complaint.complainant_role),
        "anonymous": complaint.anonymous,
    }


def _clock(clock: Clock, at: datetime) -> dict[str, Any]:
    face, ended = faces.face(clock, at), outcome(clock, at)
    due_at = _moment(clock.due_at)
    return {
        "kind": clock.kind,
        "kind_label": face.kind_label,
        "span": face.span_label,
        "round": clock.round,
        "started_at": _moment(clock.started_at),
        "due_at": due_at,
        "original_due_at": due_at,
        "met_at": None,
        "voided_at": clock.voided_at and _moment(clock.voided_at),
        "outcome": ended,
        "outcome_label": str(ended.label),
        "state": face.state,
        "seconds_left": int((clock.due_at - at).total_seconds()) if clock.is_running else None,
        "paused_until": None,
        "seconds_elapsed": int(face.raw.total_seconds()),
        "net_seconds_elapsed": int(face.net.total_seconds()),
    }
