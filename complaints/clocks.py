"""Starting, meeting and voiding clocks. Callers hold the lock of the case."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from complaints import ladder
from complaints.models import Clock, ClockKind, Complaint, MetAs, PolicyClock
from complaints.models.clock import ClockQuerySet

#: Clocks that need someone to talk to; an anonymous complaint has none of them.
CONTACT_KINDS = (ClockKind.APOLOGY, ClockKind.RESULT, ClockKind.CALLBACK)


def start_round(complaint: Complaint, *, at: datetime) -> list[Clock]:
    """The four clocks of the case's present round, running from `at`."""
    lengths = PolicyClock.objects.filter(policy=complaint.policy_id).prefetch_related("steps")
    clocks = [_clock(complaint, length, at) for length in lengths]
    return Clock.objects.bulk_create(clocks)


def _clock(complaint: Complaint, length: PolicyClock, at: datetime) -> Clock:
    clock = Clock(
        complaint=complaint,
        round=complaint.round,
        kind=length.kind,
        started_at=at,
        due_at=at + length.duration,
    )
    if complaint.anonymous and clock.kind in CONTACT_KINDS:
        clock.voided_at = at
        return clock
    first = ladder.next_ring(ladder.rings(complaint, clock, list(length.steps.all())), 0)
    clock.next_at = first.at if first else None
    return clock


def meet(complaint: Complaint, kind: ClockKind, *, at: datetime, how: MetAs = MetAs.MET) -> bool:
    """Stop the round's clock of this kind by evidence that happened at `at`; whether it was
    running. The first evidence stands: a clock once met is not met again."""
    running = _of_round(complaint, [kind])
    return bool(running.update(met_at=at, met_as=how, next_at=None))


def void(
    complaint: Complaint, *, at: datetime, kinds: Iterable[ClockKind] = tuple(ClockKind)
) -> int:
    """The round's running clocks of these kinds no longer apply from `at` on; how many."""
    return _of_round(complaint, kinds).update(voided_at=at, next_at=None)


def restore(complaint: Complaint, *, voided_since: datetime) -> int:
    """Undo a `void` made at `voided_since`: the round's clocks run again from their first start
    and ring again from where they stopped; how many. A clock made void before that, such as a
    waived sheet's, stays void, and so do an anonymous case's contact clocks."""
    voided = Clock.objects.filter(
        complaint=complaint, round=complaint.round, voided_at__gte=voided_since
    )
    if complaint.anonymous:
        voided = voided.exclude(kind__in=CONTACT_KINDS)
    clocks = list(voided)
    lengths = PolicyClock.objects.filter(policy=complaint.policy_id).prefetch_related("steps")
    steps = {length.kind: list(length.steps.all()) for length in lengths}
    for clock in clocks:
        clock.voided_at = None
        following = ladder.next_ring(
            ladder.rings(complaint, clock, steps[clock.kind]), clock.next_step
        )
        clock.next_at = following.at if following else None
    return Clock.objects.bulk_update(clocks, ["voided_at", "next_at"])


def round_start(complaint: Complaint) -> datetime:
    """When the present round began: at receipt, or when the case was opened again."""
    clocks = Clock.objects.filter(complaint=complaint, round=complaint.round)
    return clocks.values_list("started_at", flat=True)[0]


def round_at(complaint: Complaint, moment: datetime) -> tuple[int, datetime]:
    """The round that ran at `moment` (to the minute, as people type times) and its start."""
    if complaint.round == 1:
        return 1, complaint.received_at
    next_minute = moment.replace(second=0, microsecond=0) + timedelta(minutes=1)
    started = Clock.objects.filter(complaint=complaint, started_at__lt=next_minute)
    return started.order_by("-round").values_list("round", "started_at")[0]


def _of_round(complaint: Complaint, kinds: Iterable[ClockKind]) -> ClockQuerySet:
    return Clock.objects.running().filter(
        complaint=complaint, round=complaint.round, kind__in=list(kinds)
    )
