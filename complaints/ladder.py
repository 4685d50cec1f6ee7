"""When each step of a clock's ladder comes: pure arithmetic on a policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from complaints.models import Clock, ClockKind, Complaint, PolicyStep, Severity

#: A critical case is known to this level from its first minute.
CRITICAL_LEVEL = 2


@dataclass(frozen=True)
class Ring:
    """A step and the moment it comes."""

    step: PolicyStep
    at: datetime


def rings(complaint: Complaint, clock: Clock, steps: Sequence[PolicyStep]) -> list[Ring]:
    """All rings of the clock in their order. Level 2 of a critical case comes at the clock's
    start: that of the apology, whose lower steps fall away; an anonymous case, which has no such
    clock, is told of through its sheet's."""
    rising = ClockKind.SHEET if complaint.anonymous else ClockKind.APOLOGY
    rises_at_once = complaint.severity == Severity.CRITICAL and clock.kind == rising
    found = []
    for step in steps:
        moment = clock.due_at + timedelta(minutes=step.offset_minutes)
        if rises_at_once:
            if step.level < CRITICAL_LEVEL and clock.kind == ClockKind.APOLOGY:
                continue
            if step.level == CRITICAL_LEVEL:
                moment = clock.started_at
        found.append(Ring(step, moment))
    return sorted(found, key=lambda ring: (ring.at, ring.step.number))


def due_rings(all_rings: Sequence[Ring], clock: Clock, until: datetime) -> list[Ring]:
    """The rings not yet taken that have come by `until`."""
    return [ring for ring in all_rings[clock.next_step :] if ring.at <= until]


def next_ring(all_rings: Sequence[Ring], place: int) -> Ring | None:
    """The ring at this place of the ladder, counted from 0; None above its top."""
    return all_rings[place] if place < len(all_rings) else None
