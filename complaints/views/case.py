"""The case page (投诉详情)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Prefetch, prefetch_related_objects
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET, require_POST

from common.time import now
from complaints import (
    advice,
    closing,
    customers,
    faces,
    links,
    outside,
    ownership,
    privacy,
    rules,
    selectors,
    subjects,
)
from complaints.access import visible_to
from complaints.models import Clock, Complaint, Handover, Incident, RemedyState
from complaints.models.contact import RECORDED_LATE
from complaints.rules import Action
from complaints.views import allowance_rows, ruling_rows
from complaints.views.buttons import buttons
from staff import presence
from staff.models import Person
from staff.session import person_of


def find(person: Person, no: str) -> Complaint:
    """The case by its number, if the person may see it; otherwise 404."""
    if not no.isprintable():
        raise Http404
    found = visible_to(person).select_related(
        "category__parent",
        "owner__branch",
        "first_receiver",
        "owner_branch",
        "responsible_branch",
        "concerned_branch",
        "rectifier",
        "entered_by",
    )
    named = Handover.objects.select_related(
        "giver", "receiver", "answered_by", "decided_by", "decided_owner"
    ).order_by("-offered_at", "-pk")
    return get_object_or_404(found.prefetch_related(Prefetch("handovers", named)), no=no)


@require_GET
def detail(request: HttpRequest, no: str) -> HttpResponse:
    """The case with all that belongs to it, and what this person may do now."""
    person = person_of(request)
    context = case_context(find(person, no), person, at=now())
    return render(request, "complaints/detail.html", context)


@require_POST
def reveal(request: HttpRequest, no: str) -> HttpResponse:
    """Show the complainant's name and phone; the look is recorded."""
    person, at = person_of(request), now()
    privacy.reveal(find(person, no).pk, by=person, at=at)
    context = {**case_context(find(person, no), person, at=at), "revealed": True}
    template = (
        "complaints/_case.html" if request.headers.get("HX-Request") else "complaints/detail.html"
    )
    return render(request, template, context)


@require_GET
def download(request: HttpRequest, no: str, attachment_id: int) -> HttpResponse | FileResponse:
    """A file of the case, always as a download, never shown by the browser itself."""
    complaint = find(person_of(request), no)
    attachment = get_object_or_404(complaint.attachments, pk=attachment_id)
    return FileResponse(
        attachment.file.open("rb"),
        as_attachment=True,
        filename=attachment.name,
        content_type=attachment.content_type,
    )


def case_context(complaint: Complaint, person: Person, *, at: datetime) -> dict[str, Any]:
    """All that the case page shows."""
    clocks = _clocks(complaint)
    contacts = list(complaint.contacts.select_related("by").order_by("-occurred_at"))
    callbacks = list(complaint.callbacks.select_related("by"))
    rulings = ruling_rows.rows(complaint, person, at)
    present = [clock for clock in clocks if clock.round == complaint.round]
    earlier = sorted(
        {clock.round for clock in clocks if clock.round < complaint.round}, reverse=True
    )
    return {
        "complaint": complaint,
        "late_entry": complaint.entered_at - complaint.received_at > RECORDED_LATE,
        "faces": faces.faces(present, at),
        "earlier_rounds": [
            {"round": n, "faces": faces.faces([c for c in clocks if c.round == n], at)}
            for n in earlier
        ],
        "handovers": complaint.handovers.all(),
        "acting": _acting(complaint, at),
        "allowances": allowance_rows.rows(complaint, clocks, person, at),
        "advice": advice.still_wanted(present, contacts, callbacks, at),
        "buttons": buttons(complaint, person, at),
        "story": [faces.story_item(event) for event in selectors.story(complaint)],
        "contacts": contacts,
        "remedies": _remedies(complaint, person),
        "callbacks": callbacks,
        "rulings": rulings,
        "sortings": ruling_rows.sortings(complaint, clocks, at),
        "suggestions": ruling_rows.suggestions(complaint, person),
        "attachments": complaint.attachments.select_related("by"),
        "escalations": _open_escalations(complaint, person),
        "may_reveal": rules.is_allowed(complaint, Action.REVEAL, person),
        "subjects": subjects.named(complaint),
        "keeper": links.keeper(complaint),
        "repeats": links.seen_numbers(complaint, person),
        "outside": complaint.outside_references.all(),
        "outside_first": outside.due_first(complaint, present),
        "missing": closing.what_is_missing(complaint) if complaint.is_open else [],
        "earlier_count": _earlier_count(complaint, person),
        "customer_note": customers.standing(complaint.phone_key) if complaint.phone_key else None,
        "may_note": rules.is_allowed(complaint, Action.NOTE_CUSTOMER, person),
        "incident": _incident(complaint),
    }


def _acting(complaint: Complaint, at: datetime) -> Person | None:
    """Who acts for an owner who is away; None while the owner is here."""
    if not complaint.is_open or presence.is_present(complaint.owner_id, at):
        return None
    return ownership.accountable(complaint, at)


def _clocks(complaint: Complaint) -> list[Clock]:
    """The clocks of all rounds with their allowances, kept on the case for whoever asks next."""
    found = Prefetch("clocks", Clock.objects.prefetch_related(allowance_rows.NAMED))
    prefetch_related_objects([complaint], found)
    return list(complaint.clocks.all())


def _remedies(complaint: Complaint, person: Person) -> list[dict[str, Any]]:
    may = {
        "decide": rules.is_allowed(complaint, Action.DECIDE_REMEDY, person),
        "deliver": rules.is_allowed(complaint, Action.DELIVER_REMEDY, person),
        "cancel": rules.is_allowed(complaint, Action.CANCEL_REMEDY, person),
    }
    return [
        {
            "remedy": remedy,
            "decide": may["decide"]
            and remedy.state == RemedyState.AWAITING
            and remedy.proposed_by_id != person.pk,
            "deliver": may["deliver"] and remedy.state == RemedyState.PROMISED,
            "cancel": may["cancel"]
            and remedy.state in (RemedyState.AWAITING, RemedyState.PROMISED),
        }
        for remedy in complaint.remedies.select_related("proposed_by", "decided_by")
    ]


def _open_escalations(complaint: Complaint, person: Person) -> list[Any]:
    if not rules.is_allowed(complaint, Action.ACKNOWLEDGE, person):
        return []
    return list(
        complaint.escalations.filter(level__gt=0, acknowledged_at=None)
        .select_related("clock")
        .order_by("-level", "rang_at")
    )


def _incident(complaint: Complaint) -> Incident | None:
    """The mass incident that the case is part of."""
    member = complaint.memberships.filter(left_at=None).select_related("incident__lead").first()
    return member.incident if member else None


def _earlier_count(complaint: Complaint, person: Person) -> int:
    if not complaint.phone_key:
        return 0
    same = visible_to(person).filter(phone_key=complaint.phone_key)
    return same.exclude(pk=complaint.pk).count()
