"""How long a clock has run, with and without the pauses it was given: pure functions of stored
times (`docs/domain.md` section 3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from complaints.models import Allowance, AllowanceKind, AllowanceState, Clock


def raw(clock: Clock, at: datetime) -> timedelta:
    """From the clock's start until it was met or made void, else until `at`; never negative."""
    return max(_end(clock, at) - clock.started_at, timedelta())


def net(clock: Clock, allowances: Iterable[Allowance], at: datetime) -> timedelta:
    """`raw` without what of it fell into the clock's pauses."""
    end = _end(clock, at)
    stood = (
        min(until, end) - max(since, clock.started_at)
        for _pause, since, until in _pauses(allowances)
    )
    return raw(clock, at) - sum((span for span in stood if span > timedelta()), timedelta())


def active_pause(allowances: Iterable[Allowance], at: datetime) -> Allowance | None:
    """The pause in which the clock stands still at `at`; its last instant is no longer in it."""
    return next((pause for pause, since, until in _pauses(allowances) if since <= at < until), None)


def pause_end(allowance: Allowance) -> datetime | None:
    """When a granted pause has run out, or was ended before; None for anything else."""
    return next((until for _pause, _since, until in _pauses([allowance])), None)


def hours(span: timedelta) -> str:
    """The span in hours, as people write it: 12, 1.5, 0.02."""
    return f"{round(span / timedelta(hours=1), 2):g}"


def _end(clock: Clock, at: datetime) -> datetime:
    return clock.met_at or clock.voided_at or at


def _pauses(allowances: Iterable[Allowance]) -> Iterator[tuple[Allowance, datetime, datetime]]:
    """Those that were granted as pauses, each with its beginning and its end."""
    for each in allowances:
        granted = each.kind == AllowanceKind.PAUSE and each.state == AllowanceState.GRANTED
        if granted and each.decided_at:
            full = each.decided_at + timedelta(minutes=each.minutes)
            yield each, each.decided_at, each.resumed_at or full
