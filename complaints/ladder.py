"""When each step of a clock's ladder comes: pure arithmetic, in Python and in SQL side by side."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from complaints.models import Clock, ClockKind, Complaint, PolicyStep, Severity

#: A critical case is known to this level from its first minute.
CRITICAL_LEVEL = 2
#: An escalation nobody has acknowledged for so long rises to the next level.
ACKNOWLEDGE_WITHIN = timedelta(hours=2)


@dataclass(frozen=True)
class Ring:
    """A step and the moment it comes."""

    step: PolicyStep
    at: datetime


def rises(complaint: Complaint, kind: ClockKind) -> bool:
    """Whether this clock tells level 2 of a critical case at its start: the apology's does; an
    anonymous case, which owes none, is told of through its sheet's."""
    rising = ClockKind.SHEET if complaint.anonymous else ClockKind.APOLOGY
    return complaint.severity == Severity.CRITICAL and kind == rising


def rings(clock: Clock, steps: Sequence[PolicyStep]) -> list[Ring]:
    """All rings of the clock in their order. Where level 2 comes at the start, the apology's
    lower steps fall away."""
    found = [Ring(step, moment(clock, step)) for step in steps if not falls_away(clock, step)]
    return sorted(found, key=lambda ring: (ring.at, ring.step.number))


def moment(clock: Clock, step: PolicyStep) -> datetime:
    """When the step comes by itself; sooner when the level below it stays unacknowledged."""
    if clock.rises and step.level == CRITICAL_LEVEL:
        return clock.started_at
    return clock.due_at + timedelta(minutes=step.offset_minutes)


def falls_away(clock: Clock, step: PolicyStep) -> bool:
    """Whether the step is not part of this clock's ladder."""
    return clock.rises and clock.kind == ClockKind.APOLOGY and step.level < CRITICAL_LEVEL


#: The same of a row `clock` of complaints_clock and a row `step` of complaints_policystep.
MOMENT_SQL = f"""
CASE WHEN clock.rises AND step.level = {CRITICAL_LEVEL} THEN clock.started_at
     ELSE clock.due_at + make_interval(mins => step.offset_minutes) END
"""
FALLS_AWAY_SQL = f"""
(clock.rises AND clock.kind = '{ClockKind.APOLOGY.value}' AND step.level < {CRITICAL_LEVEL})
"""


def next_at(clock: Clock, steps: Sequence[PolicyStep], taken: Container[int]) -> datetime | None:
    """When the sweep has to look at the clock again: at its first step not yet taken, or when
    the level told last has waited too long; None above the top of the ladder."""
    waiting = [ring.at for ring in rings(clock, steps) if ring.step.number not in taken]
    if clock.rise_at and any(step.level == clock.level + 1 for step in steps):
        waiting.append(clock.rise_at)
    return min(waiting, default=None)
