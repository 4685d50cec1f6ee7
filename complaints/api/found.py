"""Finding what an address names, if the person may see it; otherwise 404, always the same."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Count, IntegerField, Model, OuterRef, Prefetch, Subquery
from django.db.models.functions import Coalesce
from rest_framework.request import Request

from complaints import selectors
from complaints.access import visible_to
from complaints.api.shown import ComplaintOut
from complaints.models import (
    Allowance,
    Attachment,
    Callback,
    Clock,
    Complaint,
    Contact,
    Dispute,
    Escalation,
    Event,
    Remedy,
    Ruling,
)
from complaints.models.complaint import ComplaintQuerySet
from staff.session import person_of

_HANGING: dict[str, type[Model]] = {
    "contact_count": Contact,
    "ruling_count": Ruling,
    "remedy_count": Remedy,
    "callback_count": Callback,
    "attachment_count": Attachment,
    "escalation_count": Escalation,
    "event_count": Event,
}
_NAMED = ("category", "owner", "owner_branch", "responsible_branch", "concerned_branch")


def the_case(request: Request, no: str) -> Complaint:
    """The case by its number. Raises Complaint.DoesNotExist."""
    if not no.isprintable():  # the database can't be asked for a NUL
        raise Complaint.DoesNotExist
    return visible_to(person_of(request)).get(no=no)


def the_remedy(request: Request, no: str, remedy_id: int) -> Remedy:
    """The remedy of this case. Raises Complaint.DoesNotExist, Remedy.DoesNotExist."""
    return Remedy.objects.get(pk=remedy_id, complaint=the_case(request, no))


def the_dispute(request: Request, no: str, dispute_id: int) -> Dispute:
    """The dispute about a ruling of this case. Raises Complaint.DoesNotExist,
    Dispute.DoesNotExist."""
    return Dispute.objects.get(pk=dispute_id, complaint=the_case(request, no))


def the_allowance(request: Request, no: str, allowance_id: int) -> Allowance:
    """The pause or extension of this case. Raises Complaint.DoesNotExist,
    Allowance.DoesNotExist."""
    return Allowance.objects.get(pk=allowance_id, complaint=the_case(request, no))


def with_names(cases: ComplaintQuerySet) -> ComplaintQuerySet:
    """The cases with what the list shows of them: four queries, however many rows."""
    running = Clock.objects.running().order_by("due_at").prefetch_related(selectors.pauses())
    return cases.select_related(*_NAMED).prefetch_related(
        Prefetch("clocks", running, to_attr="running_clocks")
    )


def show(request: Request, complaint: Complaint, *, at: datetime) -> dict[str, Any]:
    """The case as it stands now, read afresh. Raises Complaint.DoesNotExist when this person
    can't see it any more."""
    person = person_of(request)
    found = (
        visible_to(person)
        .select_related(*_NAMED, "entered_by", "first_receiver", "rectifier")
        .prefetch_related(
            "handovers",
            "outside_references",
            Prefetch(
                "clocks",
                Clock.objects.order_by("round", "due_at").prefetch_related(selectors.pauses()),
                to_attr="all_clocks",
            ),
        )
        .annotate(**{name: _count(model) for name, model in _HANGING.items()})
        .get(pk=complaint.pk)
    )
    shown: dict[str, Any] = ComplaintOut(found, context={"person": person, "at": at}).data
    return shown


def _count(model: type[Model]) -> Coalesce:
    rows = model._default_manager.filter(complaint=OuterRef("pk")).order_by()
    counted = rows.values("complaint").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)
