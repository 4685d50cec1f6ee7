"""Reading cases: desks, boards, lists. Everything starts from `visible_to`."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from complaints.access import visible_to
from complaints.models import (
    Clock,
    ClockKind,
    Complaint,
    Escalation,
    Event,
    Remedy,
    RemedyState,
    Status,
)
from complaints.models.complaint import ComplaintQuerySet
from staff.models import Person, Role

_SORTING = (Role.QUALITY, Role.DIRECTOR)


def owed_by(person: Person) -> QuerySet[Clock]:
    """The running clocks this person has to stop, soonest due first: apology and result of the
    cases they own, sheets they must submit; for quality the callbacks, and the sheets nobody
    has been ruled to write yet."""
    mine = Q(kind__in=(ClockKind.APOLOGY, ClockKind.RESULT), complaint__owner=person)
    mine |= Q(kind=ClockKind.SHEET, complaint__rectifier=person)
    if person.role in _SORTING:
        mine |= Q(kind=ClockKind.CALLBACK) | Q(kind=ClockKind.SHEET, complaint__rectifier=None)
    return (
        Clock.objects.running()
        .filter(mine, complaint__in=visible_to(person).values("pk"))
        .select_related("complaint__category", "complaint__owner", "complaint__owner_branch",
                        "complaint__responsible_branch", "complaint__concerned_branch")
        .order_by("due_at", "pk")
    )


def to_sort(person: Person) -> ComplaintQuerySet:
    """Cases that wait for this person to sort them, oldest first; none unless they may."""
    if person.role not in _SORTING:
        return Complaint.objects.none()
    return visible_to(person).filter(status=Status.TRIAGE).order_by("received_at", "pk")


def to_rule(person: Person) -> ComplaintQuerySet:
    """Valid cases for which nobody has been ruled responsible yet, oldest first."""
    if person.role not in _SORTING:
        return Complaint.objects.none()
    valid = (Status.HANDLING, Status.ANSWERED, Status.CALLED_BACK)
    return (
        visible_to(person)
        .filter(status__in=valid, responsible_branch=None)
        .order_by("received_at", "pk")
    )


def to_approve(person: Person) -> QuerySet[Remedy]:
    """Remedies that await an approval this person could give."""
    if person.role not in (Role.SUPERVISOR, Role.DIRECTOR, Role.GENERAL_MANAGER):
        return Remedy.objects.none()
    return (
        Remedy.objects.filter(
            state=RemedyState.AWAITING, complaint__in=visible_to(person).values("pk")
        )
        .exclude(proposed_by=person)
        .exclude(complaint__owner=person)
        .exclude(complaint__rectifier=person)
        .select_related("complaint", "proposed_by")
        .order_by("proposed_at")
    )


def board(person: Person) -> QuerySet[Escalation]:
    """The warnings and escalations of cases in the person's reach that are still of interest:
    unacknowledged, and of clocks still running or breached; the gravest first."""
    return (
        Escalation.objects.filter(complaint__in=visible_to(person).values("pk"))
        .filter(Q(level__gt=0, acknowledged_at=None) | Q(clock__met_at=None, clock__voided_at=None))
        .select_related("clock", "complaint__owner", "complaint__owner_branch",
                        "complaint__responsible_branch", "acknowledged_by")
        .order_by("-level", "rang_at", "pk")
    )


def earlier_cases(person: Person, *, phone_key: str, name: str = "", limit: int = 5) -> ComplaintQuerySet:
    """What this person may see of the same customer's earlier cases, by phone or by full name."""
    same = Q(phone_key=phone_key) if phone_key else Q(pk=None)
    if name:
        same |= Q(complainant_name=name)
    return visible_to(person).filter(same).select_related("category", "owner_branch")[:limit]


def with_late_clock(cases: ComplaintQuerySet, at: datetime) -> ComplaintQuerySet:
    """Those with a running clock past due at `at`."""
    late = Clock.objects.late(at).filter(complaint=OuterRef("pk"))
    return cases.filter(Exists(late))


def with_clock_due_within(
    cases: ComplaintQuerySet, at: datetime, span: timedelta
) -> ComplaintQuerySet:
    """Those with a running clock that comes due in `[at, at + span)`."""
    soon = Clock.objects.running().filter(
        complaint=OuterRef("pk"), due_at__gte=at, due_at__lt=at + span
    )
    return cases.filter(Exists(soon))


def story(complaint: Complaint) -> QuerySet[Event]:
    """The case's events, the latest first."""
    return complaint.events.select_related("actor").order_by("-at", "-pk")
