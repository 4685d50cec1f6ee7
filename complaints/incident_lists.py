"""What an incident comes to: how many cases, and what they are still owed, as far as seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, F, Q, QuerySet, prefetch_related_objects

from common import walls
from complaints.access import visible_to
from complaints.incidents import visible_incidents
from complaints.models import (
    Clock,
    ClockKind,
    Escalation,
    Incident,
    IncidentMember,
    IncidentState,
)
from complaints.models.complaint import OPEN
from staff.models import Person


@dataclass
class Standing:
    """An incident with its figures: cases, those still open, clocks that run and those late by
    kind, and the escalations that wait for an acknowledgement."""

    incident: Incident
    cases: int = 0
    open: int = 0
    running: dict[str, int] = field(default_factory=dict)
    late: dict[str, int] = field(default_factory=dict)
    unacknowledged: list[int] = field(default_factory=list)

    @property
    def late_in_all(self) -> int:
        return sum(self.late.values())

    @property
    def owed(self) -> list[tuple[str, str, int, int]]:
        """Each kind with its label: how many run, and how many of them are late."""
        return [
            (kind.value, str(kind.label), self.running[kind], self.late.get(kind, 0))
            for kind in ClockKind
            if kind in self.running
        ]


def still_open(person: Person) -> QuerySet[Incident]:
    """The open incidents in the person's sight, the latest first."""
    return visible_incidents(person).filter(state=IncidentState.OPEN)


def standings(incidents: Sequence[Incident], person: Person, at: datetime) -> list[Standing]:
    """The figures of each, in four queries however many; of the cases the person may see. The
    leading case may be another branch's: whoever sees one of the others knows its number."""
    if not incidents:
        return []
    with walls.lifted():
        prefetch_related_objects(incidents, "lead")
    made = {incident.pk: Standing(incident) for incident in incidents}
    members = IncidentMember.objects.active().filter(
        incident__in=incidents, complaint__in=visible_to(person).values("pk")
    )
    counted = (
        members.order_by()
        .values("incident")
        .annotate(n=Count("pk"), open=Count("pk", filter=Q(complaint__status__in=OPEN)))
    )
    for row in counted:
        made[row["incident"]].cases, made[row["incident"]].open = row["n"], row["open"]
    _count_clocks(made, members, at)
    waiting = Escalation.objects.filter(
        level__gt=0, acknowledged_at=None, complaint__in=members.values("complaint")
    )
    inside = dict(members.order_by().values_list("complaint_id", "incident_id"))
    for pk, complaint_id in waiting.order_by("pk").values_list("pk", "complaint_id"):
        made[inside[complaint_id]].unacknowledged.append(pk)
    return list(made.values())


def _count_clocks(
    made: dict[int, Standing], members: QuerySet[IncidentMember], at: datetime
) -> None:
    """Running clocks by kind; of the sheets only the leading case's, which is everybody's."""
    standing = members.order_by()
    led = standing.filter(complaint=F("incident__lead")).values("complaint")
    counted = (
        Clock.objects.running()
        .filter(complaint__memberships__in=standing)
        .exclude(Q(kind=ClockKind.SHEET) & ~Q(complaint__in=led))
        .order_by()
        .values_list("complaint__memberships__incident", "kind")
        .annotate(n=Count("pk"), overdue=Count("pk", filter=Q(due_at__lt=at)))
    )
    for incident_id, kind, running, overdue in counted:
        made[incident_id].running[kind] = running
        if overdue:
            made[incident_id].late[kind] = overdue
