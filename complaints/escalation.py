"""Taking the steps of the ladder that are due: warnings and escalations, each exactly once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from complaints import ladder
from complaints.models import Clock, ClockKind, Complaint, Escalation, Event, PolicyStep
from complaints.rules import Action
from notify.post import Note, msgid, post
from staff.models import Role
from staff.posts import Roster

_TEXTS = {
    0: gettext_noop("%(no)s 的%(clock)s时限将于 %(due)s 到期"),
    1: gettext_noop("%(no)s 的%(clock)s已超时（一级升级），应于 %(due)s 完成"),
    2: gettext_noop("%(no)s 的%(clock)s二级升级，应于 %(due)s 完成"),
    3: gettext_noop("%(no)s 的%(clock)s三级升级，应于 %(due)s 完成"),
}


@dataclass(frozen=True)
class _Taken:
    """A step taken just now, with all it takes to tell of it."""

    complaint: Complaint
    clock: Clock
    ring: ladder.Ring
    recipients: list[int]


def sweep(*, until: datetime, batch: int = 500) -> int:
    """Take every step that has come by `until` in one batch of at most `batch` cases; the
    number taken. Any number of sweeps may run at once: each takes cases no other has locked.
    """
    with transaction.atomic():
        ids = list(
            Clock.objects.filter(next_at__lte=until)
            .order_by("next_at")
            .values_list("complaint_id", flat=True)[:batch]
        )
        cases = Complaint.objects.filter(pk__in=ids).order_by("pk")
        return fire(cases.select_for_update(skip_locked=True, of=("self",)), until=until)


def fire(
    complaints: Iterable[Complaint], *, until: datetime, taken_at: datetime | None = None
) -> int:
    """Take the steps of these locked cases that have come by `until`: escalation, event and
    messages, written as of `taken_at` (usually `until`), in the caller's transaction. The number
    of steps taken."""
    by_id = {complaint.pk: complaint for complaint in complaints}
    clocks = list(
        Clock.objects.filter(complaint__in=by_id, next_at__lte=until).order_by("next_at", "pk")
    )
    if not clocks:
        return 0
    steps = _steps_of({complaint.policy_id for complaint in by_id.values()})
    roster = Roster()
    taken: list[_Taken] = []
    for clock in clocks:
        complaint = by_id[clock.complaint_id]
        ladder_of_clock = steps.get((complaint.policy_id, clock.kind), [])
        taken += _advance(complaint, clock, ladder_of_clock, until, roster)
    Clock.objects.bulk_update(clocks, ["next_step", "next_at"], batch_size=1000)
    _write(taken, at=taken_at or until)
    return len(taken)


def _steps_of(policy_ids: set[int]) -> dict[tuple[int, str], list[PolicyStep]]:
    found: dict[tuple[int, str], list[PolicyStep]] = {}
    steps = PolicyStep.objects.filter(clock__policy__in=policy_ids).select_related("clock")
    for step in steps:
        found.setdefault((step.clock.policy_id, step.clock.kind), []).append(step)
    return found


def _advance(
    complaint: Complaint,
    clock: Clock,
    steps: Sequence[PolicyStep],
    until: datetime,
    roster: Roster,
) -> list[_Taken]:
    """The due steps of one clock; sets the clock to look again at the one that follows."""
    all_rings = ladder.rings(complaint, clock, steps)
    due = ladder.due_rings(all_rings, clock, until)
    clock.next_step += len(due)
    following = ladder.next_ring(all_rings, clock.next_step)
    clock.next_at = following.at if following else None
    return [
        _Taken(complaint, clock, ring, _recipients(complaint, clock, ring.step, roster))
        for ring in due
    ]


def _recipients(complaint: Complaint, clock: Clock, step: PolicyStep, roster: Roster) -> list[int]:
    """Whoever owes it (for a warning), then the holders of the step's roles."""
    debtors = _debtors(complaint, clock, roster) if step.tells_debtor else []
    branch = complaint.owner_branch_id
    if clock.kind == ClockKind.SHEET and complaint.responsible_branch_id:
        branch = complaint.responsible_branch_id
    return list(dict.fromkeys([*debtors, *roster.holders_of_any(step.roles, branch)]))


def _debtors(complaint: Complaint, clock: Clock, roster: Roster) -> list[int]:
    match clock.kind:
        case ClockKind.CALLBACK:
            return roster.holders(Role.QUALITY, complaint.owner_branch_id)
        case ClockKind.SHEET if complaint.rectifier_id:
            return [complaint.rectifier_id]
        case ClockKind.SHEET:
            return roster.holders(Role.QUALITY, complaint.owner_branch_id)
        case _:
            return [complaint.owner_id]


def _write(taken: list[_Taken], *, at: datetime) -> None:
    Escalation.objects.bulk_create([_escalation(step, at) for step in taken], batch_size=1000)
    Event.objects.bulk_create([_event(step, at) for step in taken], batch_size=1000)
    post([_note(step) for step in taken], at=at)


def _escalation(taken: _Taken, at: datetime) -> Escalation:
    step = taken.ring.step
    return Escalation(
        clock=taken.clock,
        complaint=taken.complaint,
        step=step.number,
        level=step.level,
        roles=step.roles,
        recipient_ids=taken.recipients,
        rang_at=taken.ring.at,
        fired_at=at,
    )


def _event(taken: _Taken, at: datetime) -> Event:
    step = taken.ring.step
    return Event(
        complaint=taken.complaint,
        kind=Action.ESCALATE if step.level else Action.WARN,
        at=at,
        data={
            "clock": taken.clock.kind,
            "round": taken.clock.round,
            "level": step.level,
            "rang_at": taken.ring.at.isoformat(),
            "told": taken.recipients,
        },
    )


def _note(taken: _Taken) -> Note:
    return Note(
        key=f"clock:{taken.clock.pk}:{taken.ring.step.number}",
        recipient_ids=taken.recipients,
        text=_TEXTS[taken.ring.step.level],
        params={
            "no": taken.complaint.no,
            "clock": msgid(taken.clock.get_kind_display),
            "due": f"{timezone.localtime(taken.clock.due_at):%m-%d %H:%M}",
        },
        url=f"/complaints/{taken.complaint.no}/",
        urgent=taken.ring.step.level > 0,
    )
