"""When each step of a clock's ladder comes: pure arithmetic on a policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from complaints.models import Clock, ClockKind, PolicyStep, Severity

#: A critical case is known to this level from its first minute.
CRITICAL_LEVEL = 2


@dataclass(frozen=True)
class Ring:
    """A step and the moment it comes."""

    step: PolicyStep
    at: datetime


def rings(clock: Clock, severity: str, steps: Sequence[PolicyStep]) -> list[Ring]:
    """All rings of the clock in their order. The apology clock of a critical case starts at
    level 2: the lower steps fall away, level 2 comes at the clock's start."""
    rise_at_once = severity == Severity.CRITICAL and clock.kind == ClockKind.APOLOGY
    found = []
    for step in steps:
        moment = clock.due_at + timedelta(minutes=step.offset_minutes)
        if rise_at_once:
            if step.level < CRITICAL_LEVEL:
                continue
            if step.level == CRITICAL_LEVEL:
                moment = clock.started_at
        found.append(Ring(step, moment))
    return sorted(found, key=lambda ring: (ring.at, ring.step.number))


def due_rings(all_rings: Sequence[Ring], clock: Clock, until: datetime) -> list[Ring]:
    """The rings not yet taken that have come by `until`."""
    return [ring for ring in all_rings if ring.step.number >= clock.next_step and ring.at <= until]


def next_ring(all_rings: Sequence[Ring], after_step: int) -> Ring | None:
    """The first ring whose step number is `after_step` or higher."""
    return next((ring for ring in all_rings if ring.step.number >= after_step), None)
