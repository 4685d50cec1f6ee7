"""Starting, meeting, moving and voiding clocks. Callers hold the lock of the case."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from django.db.models import Min

from complaints import evidence, ladder, policies
from complaints.evidence import Proof
from complaints.models import (
    ROUND_KINDS,
    Callback,
    Clock,
    ClockKind,
    Complaint,
    Contact,
    Escalation,
    MetAs,
    PolicyClock,
    PolicyStep,
    Severity,
)
from complaints.models.clock import ClockQuerySet
from staff import calendars

#: Clocks that need someone to talk to; an anonymous complaint has none of them.
CONTACT_KINDS = (ClockKind.APOLOGY, ClockKind.RESULT, ClockKind.CALLBACK)

#: How long each kind of clock runs, and the steps of its ladder.
Lengths = Mapping[ClockKind, tuple[PolicyClock, Sequence[PolicyStep]]]


def start_round(complaint: Complaint, *, at: datetime) -> list[Clock]:
    """The four clocks of the case's present round, running from `at`."""
    return Clock.objects.bulk_create(round_from(complaint, at))


def round_from(complaint: Complaint, at: datetime) -> list[Clock]:
    """The four clocks of the case's present round as they run from `at`, not stored yet; the
    apology's from the opening of the branch's service window, unless the case is critical."""
    lengths = {
        kind: (length, list(length.steps.all()))
        for kind, length in policies.lengths(complaint).items()
    }
    return round_by(complaint, at, lengths, opens=_opening(complaint, at))


def round_by(
    complaint: Complaint, at: datetime, lengths: Lengths, *, opens: datetime
) -> list[Clock]:
    """The same by these lengths, for a branch whose service window opens at `opens`."""
    clocks = [
        _clock(complaint, *lengths[kind], _start(complaint, kind, at, opens))
        for kind in ROUND_KINDS
        if kind in lengths
    ]
    for clock in clocks:
        if complaint.anonymous and clock.kind in CONTACT_KINDS:
            clock.voided_at, clock.next_at = at, None
    return clocks


def _opening(complaint: Complaint, at: datetime) -> datetime:
    """When the service window opens; of no matter to a critical case."""
    if complaint.severity == Severity.CRITICAL:
        return at
    return calendars.service_start(complaint.owner_branch, at)


def _start(complaint: Complaint, kind: ClockKind, at: datetime, opens: datetime) -> datetime:
    if kind != ClockKind.APOLOGY or complaint.severity == Severity.CRITICAL:
        return at
    return opens


def start_resubmission(complaint: Complaint, *, at: datetime) -> None:
    """The time a rectifier has for a sheet that was returned once, from `at`; the first
    submission stands for the 48H clock."""
    length = policies.lengths(complaint).get(ClockKind.RESUBMISSION)
    if length:
        _clock(complaint, length, list(length.steps.all()), at).save()


def _clock(
    complaint: Complaint, length: PolicyClock, steps: Sequence[PolicyStep], at: datetime
) -> Clock:
    """A clock of this length from `at`, not stored yet."""
    clock = Clock(
        complaint=complaint,
        round=complaint.round,
        kind=length.kind,
        policy_clock=length,
        started_at=at,
        due_at=at + length.duration,
        original_due_at=at + length.duration,
        paused_for=timedelta(),
        met_as="",
        level=0,
        rises=ladder.rises(complaint, ClockKind(length.kind)),
    )
    clock.next_at = ladder.next_at(clock, steps, ())
    return clock


def settle(complaint: Complaint, kind: ClockKind) -> Proof | None:
    """Meet the round's apology, result or callback clock by the best proof in what has been
    recorded so far, in whatever order; the proof, None when there is none or nothing to meet."""
    clock = _of_round(complaint, [kind]).filter(voided_at=None).first()
    proof = _proof(complaint, clock) if clock else None
    if clock is None or proof is None:
        return None
    clock.met_at, clock.met_as, clock.next_at = proof.at, proof.how, None
    clock.save(update_fields=["met_at", "met_as", "next_at"])
    return proof


def settle_all(complaints: Sequence[Complaint], kind: ClockKind) -> None:
    """`settle` for many cases whose apology or result was talked of, in three statements."""
    rounds = {complaint.pk: complaint.round for complaint in complaints}
    talks = defaultdict(list)
    for talk in Contact.objects.filter(complaint__in=complaints, kind=kind):
        if talk.round == rounds[talk.complaint_id]:
            talks[talk.complaint_id].append(talk)
    changed = []
    for clock in Clock.objects.filter(complaint__in=complaints, kind=kind, voided_at=None):
        of_round = talks[clock.complaint_id] if clock.round == rounds[clock.complaint_id] else []
        if proof := evidence.of_talks(of_round, clock.due_at):
            clock.met_at, clock.met_as, clock.next_at = proof.at, proof.how, None
            changed.append(clock)
    Clock.objects.bulk_update(changed, ["met_at", "met_as", "next_at"], batch_size=1000)


def _proof(complaint: Complaint, clock: Clock) -> Proof | None:
    if clock.kind == ClockKind.CALLBACK:
        calls = Callback.objects.filter(complaint=complaint, round=complaint.round)
        return evidence.of_callbacks(calls, clock.due_at)
    talks = Contact.objects.filter(complaint=complaint, round=complaint.round, kind=clock.kind)
    return evidence.of_talks(list(talks), clock.due_at)


def meet(complaint: Complaint, kind: ClockKind, *, at: datetime, how: MetAs = MetAs.MET) -> bool:
    """Stop the round's clock of this kind by evidence that happened at `at`; whether it was
    running. The first evidence stands: a clock once met is not met again."""
    running = _of_round(complaint, [kind]).running()
    return bool(running.update(met_at=at, met_as=how, next_at=None))


def forfeit(complaint: Complaint, *, at: datetime) -> None:
    """The sheet was returned a second time: what met its clock no longer does, and it counts as
    breached at its original due time."""
    sheets = _of_round(complaint, [ClockKind.SHEET]).filter(voided_at=None)
    sheets.update(met_at=None, met_as="", forfeited_at=at)
    rearm(sheets)


def void(
    complaint: Complaint, *, at: datetime, kinds: Iterable[ClockKind] = tuple(ClockKind)
) -> int:
    """The round's running clocks of these kinds no longer apply from `at` on; how many."""
    return _of_round(complaint, kinds).running().update(voided_at=at, next_at=None)


def restore(complaint: Complaint, *, voided_since: datetime) -> int:
    """Undo a `void` made at `voided_since`: the round's clocks run again from their first start
    and ring again from where they stopped; how many. A clock made void before that, such as a
    waived sheet's, stays void, and so do an anonymous case's contact clocks."""
    voided = _of_round(complaint, tuple(ClockKind)).filter(voided_at__gte=voided_since)
    if complaint.anonymous:
        voided = voided.exclude(kind__in=CONTACT_KINDS)
    ids = list(voided.values_list("pk", flat=True))
    restored = Clock.objects.filter(pk__in=ids)
    restored.update(voided_at=None)
    rearm(restored)
    return len(ids)


def move_due(clock: Clock, by: timedelta, *, paused: bool = False) -> None:
    """Put off a running clock's due time, and with it the steps not yet taken; a pause is also
    counted. A negative `by` gives back what was not used of one."""
    clock.due_at += by
    clock.rise_at = None  # time that was granted answers the level told last
    if paused:
        clock.paused_for += by
    clock.save(update_fields=["due_at", "paused_for", "rise_at"])
    rearm([clock])


def rearm(clocks: Iterable[Clock]) -> None:
    """Set these running clocks to ring again at their first step not yet taken."""
    clocks = list(clocks)
    taken = defaultdict(set)
    for clock_id, step in Escalation.objects.filter(clock__in=clocks).values_list(
        "clock_id", "step"
    ):
        taken[clock_id].add(step)
    steps = _steps([clock.policy_clock_id for clock in clocks])
    for clock in clocks:
        clock.next_at = ladder.next_at(clock, steps[clock.policy_clock_id], taken[clock.pk])
    Clock.objects.bulk_update(clocks, ["next_at"])


def _steps(policy_clock_ids: Sequence[int]) -> dict[int, list[PolicyStep]]:
    steps = defaultdict(list)
    for step in PolicyStep.objects.filter(clock__in=policy_clock_ids):
        steps[step.clock_id].append(step)
    return steps


def round_start(complaint: Complaint) -> datetime:
    """When the present round began: at receipt, or when the case was opened again."""
    return next(start for number, start in _rounds(complaint) if number == complaint.round)


def round_at(complaint: Complaint, moment: datetime) -> tuple[int, datetime]:
    """The round that ran at `moment` (to the minute, as people type times) and its start."""
    if complaint.round == 1:
        return 1, complaint.received_at
    next_minute = moment.replace(second=0, microsecond=0) + timedelta(minutes=1)
    return max(found for found in _rounds(complaint) if found[0] == 1 or found[1] < next_minute)


def _rounds(complaint: Complaint) -> list[tuple[int, datetime]]:
    """Each round and its start; an apology may start later, when the service window opens."""
    started = Clock.objects.filter(complaint=complaint).values("round").order_by("round")
    return list(started.annotate(start=Min("started_at")).values_list("round", "start"))


def _of_round(complaint: Complaint, kinds: Iterable[ClockKind]) -> ClockQuerySet:
    return Clock.objects.filter(complaint=complaint, round=complaint.round, kind__in=list(kinds))
