"""Reading handovers: what waits for a person's answer, and what for their decision."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from complaints.access import visible_to
from complaints.models import Handover, HandoverState
from complaints.models.complaint import OPEN
from complaints.models.handover import RETURNED
from staff.access import Scope, branches_in_scope, scope_of
from staff.models import Person, Role
from staff.presence import stands_in_for

#: Who may decide: the supervisor within the branch, the others beyond it.
DECIDING = (Role.SUPERVISOR, Role.QUALITY, Role.DIRECTOR, Role.GENERAL_MANAGER)
_NAMED = (
    "complaint__category",
    "complaint__owner",
    "complaint__owner_branch",
    "giver__branch",
    "receiver__branch",
    "answered_by",
)


def offered_to(person: Person, at: datetime) -> QuerySet[Handover]:
    """The open offers to the person, or to somebody they stand in for; the soonest to lapse
    first."""
    asked = [person.pk, *stands_in_for(person.pk, at)]
    found = Handover.objects.filter(
        state=HandoverState.OFFERED, lapses_at__gte=at, receiver__in=asked
    )
    return found.select_related(*_NAMED).order_by("lapses_at", "pk")


def to_decide(person: Person, at: datetime) -> QuerySet[Handover]:
    """What came back and may be decided by the person: for a supervisor what stays within their
    branches, for the others all the rest; what was referred first, then the oldest."""
    if person.role not in DECIDING:
        return Handover.objects.none()
    later = Handover.objects.filter(complaint=OuterRef("complaint"), pk__gt=OuterRef("pk"))
    came_back = Q(state__in=RETURNED, giver=F("complaint__owner")) & ~Exists(later)
    waits = came_back | Q(state=HandoverState.REFERRED)
    found = Handover.objects.filter(
        waits, complaint__status__in=OPEN, complaint__in=visible_to(person, at).values("pk")
    ).exclude(Q(giver=person) | Q(receiver=person))
    if scope_of(person) != Scope.EVERYTHING:
        within = branches_in_scope(person).values("pk")
        found = found.filter(giver__branch__in=within, receiver__branch__in=within)
    if person.role == Role.SUPERVISOR:
        found = found.exclude(state=HandoverState.REFERRED)
    return found.select_related(*_NAMED).order_by(F("referred_at").asc(nulls_last=True), "pk")


def of_case(complaint_id: int) -> QuerySet[Handover]:
    """All of a case, the latest first."""
    found = Handover.objects.filter(complaint=complaint_id)
    named = found.select_related("giver__branch", "receiver__branch", "answered_by", "decided_by")
    return named.select_related("decided_owner").order_by("-offered_at", "-pk")
