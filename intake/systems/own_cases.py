"""The cases that another system may look at: those that it has sent itself."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from common import walls
from complaints.models import Clock, Complaint, Contact, ContactKind
from complaints.outcome import outcome
from intake.models import Inlet, Item, ItemState


def own_case(inlet: Inlet, no: str) -> int:
    """The id of the case by its number, if it came by this inlet. Raises Complaint.DoesNotExist."""
    return _came(inlet, no)[0]


def numbers(inlet: Inlet, complaint_ids: Iterable[int]) -> dict[int, str]:
    """The numbers of those of the cases that are the system's own."""
    with walls.lifted():
        own = _own(inlet).filter(complaint__in=complaint_ids)
        return dict(own.values_list("complaint", "complaint__no"))


@transaction.atomic
def show(inlet: Inlet, no: str, *, at: datetime) -> dict[str, Any]:
    """Where the case stands at `at`: its clocks, and the result as the customer was last told.
    Only this case is in sight. Raises Complaint.DoesNotExist."""
    complaint_id, outside_id = _came(inlet, no)
    walls.hold(complaint_id)
    case = Complaint.objects.get(pk=complaint_id)
    clocks = Clock.objects.filter(complaint=case).order_by("round", "due_at")
    talks = Contact.objects.filter(complaint=case, kind=ContactKind.RESULT, reached=True)
    return {
        "no": case.no,
        "outside_id": outside_id,
        "status": case.status,
        "status_label": case.get_status_display(),
        "round": case.round,
        "channel": case.channel,
        "received_at": case.received_at,
        "closed_at": case.closed_at,
        "clocks": [
            {
                "kind": clock.kind,
                "round": clock.round,
                "started_at": clock.started_at,
                "due_at": clock.due_at,
                "met_at": clock.met_at,
                "outcome": outcome(clock, at),
            }
            for clock in clocks
        ],
        "result": talks.order_by("occurred_at", "pk").last(),
    }


def _came(inlet: Inlet, no: str) -> tuple[int, str]:
    """The id of the case, and the system's own of what made it."""
    if not no.isprintable():  # the database can't be asked for a NUL
        raise Complaint.DoesNotExist
    with walls.lifted():
        came = _own(inlet).filter(complaint__no=no)
        found = came.order_by("pk").values_list("complaint_id", "outside_id").first()
    if found is None or found[0] is None:
        raise Complaint.DoesNotExist
    return found


def _own(inlet: Inlet) -> QuerySet[Item]:
    """What made the system's own cases. Words that a person added to another case don't."""
    return Item.objects.filter(inlet=inlet, state=ItemState.REGISTERED)
