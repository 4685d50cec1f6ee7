"""One clock of a scenario: what its events come to along working hours, pauses left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from common import worktime
from common.worktime import Hours

Event = tuple[datetime, str]

_PAUSES = {"agent replied -> paused", "paused"}
_GOES_ON = {"customer reply -> open", "open"}
_REPLIES = {"agent replied -> paused", "agent replied"}
_SAYS_NOTHING = {"customer reply", "closed"}
_RESOLVES = "resolved"


class AfterTheEnd(Exception):
    """Something but closing happened after the resolution."""


@dataclass
class Clock:
    """What is known after the events so far; `targets` are spans of working time by name."""

    hours: Hours
    targets: Mapping[str, timedelta]
    created: datetime
    replied: datetime | None = None
    resolved: datetime | None = None
    paused: datetime | None = None
    hold: timedelta = timedelta(0)
    has_gone_on: bool = False
    path: list[str] = field(default_factory=list)

    @property
    def resolution(self) -> timedelta | None:
        """The working time from creation to resolution, without what was on hold."""
        if self.resolved is None:
            return None
        return worktime.between(self.hours, self.created, self.resolved) - self.hold

    @property
    def solution_due(self) -> datetime | None:
        """When the solution is due, put off by what was on hold until now."""
        target = self.targets.get("solution")
        return (
            None if target is None else worktime.add(self.hours, self.created, target + self.hold)
        )

    @property
    def status(self) -> str:
        """What is owed now, or how it ended."""
        if self.resolved is not None:
            return "fulfilled" if self._in_time(self.resolved) else "failed"
        if self.paused is not None:
            return "paused"
        waits = "first_response" in self.targets and self.replied is None
        return "first response due" if waits else "resolution due"

    def _in_time(self, resolved: datetime) -> bool:
        first = self.targets.get("first_response")
        in_time = first is None or (self.replied or resolved) <= worktime.add(
            self.hours, self.created, first
        )
        return in_time and (self.solution_due is None or resolved <= self.solution_due)


def run(hours: Hours, targets: Mapping[str, timedelta], events: Iterable[Event]) -> Clock:
    """The clock after its events, the first of which is `created`. Raises ValueError for events
    that are unknown or out of order, AfterTheEnd."""
    told = list(events)
    if not told or told[0][1] != "created":
        raise ValueError("the first event must be: created")
    if told != sorted(told, key=lambda event: event[0]):
        raise ValueError("the events are not in order")
    clock = Clock(hours, targets, told[0][0])
    clock.path.append(clock.status)
    for at, event in told[1:]:
        _take(clock, at, event)
        if clock.path[-1] != clock.status:
            clock.path.append(clock.status)
    return clock


def _take(clock: Clock, at: datetime, event: str) -> None:
    if event not in _PAUSES | _GOES_ON | _REPLIES | _SAYS_NOTHING | {_RESOLVES}:
        raise ValueError(f"unknown event: {event}")
    if clock.resolved is not None and event != "closed":
        raise AfterTheEnd
    if event in _REPLIES:
        clock.replied = clock.replied or at
    if event in _PAUSES:
        clock.paused = clock.paused or at
    elif event in _GOES_ON | {_RESOLVES} and clock.paused is not None:
        clock.hold += worktime.between(clock.hours, clock.paused, at)
        clock.paused = None
        clock.has_gone_on = clock.has_gone_on or event in _GOES_ON
    if event == _RESOLVES:
        clock.resolved = at
