"""More time for the 24H clock (暂停、延期): asked for, endorsed, granted or refused.

A pause moves the due time by its whole length at once, so that it ends by itself: nothing has to
run for the clock to go on. What it has not used is given back when it is ended before.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from common import text
from common.errors import Conflict, NotAllowed, RuleBroken
from complaints import allowance_notes, cases, clocks, elapsed
from complaints.models import (
    LONGEST_PAUSE,
    Allowance,
    AllowanceKind,
    AllowanceReason,
    AllowanceState,
    Clock,
    ClockKind,
    Complaint,
)
from complaints.rules import Action
from staff.models import Person

#: How far a clock's due time may be put off by extensions in all (`docs/domain.md` section 3).
LONGEST_EXTENSION = timedelta(hours=72)
NOTE_LIMIT = 500
_MOST_MINUTES = LONGEST_EXTENSION // timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class Wish:
    """How much more time is wanted, and why."""

    kind: AllowanceKind
    reason: AllowanceReason
    minutes: int
    note: str


@transaction.atomic
def ask(complaint_id: int, wish: Wish, *, by: Person, at: datetime) -> Allowance:
    """Ask for a pause or an extension; one request waits at a time. Those who may decide, and the
    supervisor, are told.

    Raises RuleBroken `minutes.range`, `over_cap`, `note.blank`, `text.*`; Conflict
    `allowance.waiting`, `clock.not_running`, `clock.overdue`, `pause.active`; NotAllowed.
    """
    complaint = cases.lock(complaint_id, to=Action.ASK_TIME, by=by, at=at)
    wish, clock = _checked(wish), _running_clock(complaint)
    _check_room(clock, wish.kind, wish.minutes, at)
    if Allowance.objects.filter(clock=clock, state=AllowanceState.ASKED).exists():
        raise Conflict("allowance.waiting", _("已有一项暂停或延期的申请在等待批准。"))
    allowance = _of(clock, wish, by, at)
    allowance.save()
    cases.act(complaint, Action.ASK_TIME, by=by, at=at, data=_data(allowance, note=wish.note))
    allowance_notes.asked(complaint, allowance, at)
    return allowance


@transaction.atomic
def endorse(allowance_id: int, *, by: Person, at: datetime) -> Allowance:
    """The supervisor says that the request is justified. Raises Allowance.DoesNotExist,
    Complaint.DoesNotExist; NotAllowed `own_request`; Conflict `already_endorsed`,
    `already_decided`."""
    allowance, complaint = _lock_asked(allowance_id, Action.ENDORSE_TIME, by, at)
    if allowance.endorsed_at:
        raise Conflict("already_endorsed", _("这项申请已经有主管同意过了。"))
    allowance.endorsed_by, allowance.endorsed_at = by, at
    allowance.save(update_fields=["endorsed_by", "endorsed_at"])
    cases.act(complaint, Action.ENDORSE_TIME, by=by, at=at, data=_data(allowance))
    return allowance


@transaction.atomic
def decide(
    allowance_id: int, *, granted: bool, opinion: str, by: Person, at: datetime
) -> Allowance:
    """Grant or refuse a request; what is granted begins now. An endorsement is not waited for:
    the clock runs meanwhile. A refusal says why, and is possible whatever the clock does.

    Raises Allowance.DoesNotExist, Complaint.DoesNotExist; RuleBroken `opinion.blank`, `over_cap`,
    `text.*`; NotAllowed `own_request`; Conflict `already_decided`, `clock.not_running`,
    `clock.overdue`, `pause.active`.
    """
    allowance, complaint = _lock_asked(allowance_id, Action.DECIDE_TIME, by, at)
    opinion = text.clean(opinion, limit=NOTE_LIMIT, field="opinion")
    if not granted and text.is_blank(opinion):
        raise RuleBroken("opinion.blank", _("请写明不批准的原因。"), field="opinion")
    due = allowance.clock.due_at
    if granted:
        _check_room(allowance.clock, AllowanceKind(allowance.kind), allowance.minutes, at)
        _give(allowance)
    allowance.state = AllowanceState.GRANTED if granted else AllowanceState.REFUSED
    allowance.decided_by, allowance.decided_at, allowance.opinion = by, at, opinion
    allowance.save(update_fields=["state", "decided_by", "decided_at", "opinion"])
    data = {**_data(allowance, due=due), "state": allowance.state, "opinion": opinion}
    cases.act(complaint, Action.DECIDE_TIME, by=by, at=at, data=data)
    allowance_notes.decided(complaint, allowance, at)
    return allowance


@transaction.atomic
def grant(complaint_id: int, wish: Wish, *, by: Person, at: datetime) -> Allowance:
    """Pause or extend the 24H from now on, without a request. Raises as `ask`, but for
    `allowance.waiting`."""
    complaint = cases.lock(complaint_id, to=Action.GRANT_TIME, by=by, at=at)
    wish, clock = _checked(wish), _running_clock(complaint)
    _check_room(clock, wish.kind, wish.minutes, at)
    due = clock.due_at
    allowance = _of(clock, wish, by, at)
    allowance.state = AllowanceState.GRANTED
    allowance.decided_by, allowance.decided_at = by, at
    allowance.save()
    _give(allowance)
    data = _data(allowance, due=due, note=wish.note)
    cases.act(complaint, Action.GRANT_TIME, by=by, at=at, data=data)
    allowance_notes.granted(complaint, allowance, at)
    return allowance


@transaction.atomic
def resume(allowance_id: int, *, by: Person, at: datetime) -> Allowance:
    """End a pause before it has run out; what is left of it is given back. Raises
    Allowance.DoesNotExist, Complaint.DoesNotExist; Conflict `pause.not_active`,
    `clock.not_running`; NotAllowed."""
    allowance, complaint = _lock(allowance_id, Action.RESUME_TIME, by, at)
    end = elapsed.pause_end(allowance)
    if end is None or elapsed.active_pause([allowance], at) is None:
        raise Conflict("pause.not_active", _("没有正在进行的暂停可以恢复。"))
    _check_running(allowance.clock)
    due = allowance.clock.due_at
    clocks.move_due(allowance.clock, at - end, paused=True)
    allowance.resumed_at = at
    allowance.save(update_fields=["resumed_at"])
    cases.act(complaint, Action.RESUME_TIME, by=by, at=at, data=_data(allowance, due=due))
    allowance_notes.resumed(complaint, allowance, at)
    return allowance


def _lock(allowance_id: int, to: Action, by: Person, at: datetime) -> tuple[Allowance, Complaint]:
    """The case first, then its allowance with the clock as it stands under that lock."""
    complaint_id = Allowance.objects.values_list("complaint_id", flat=True).get(pk=allowance_id)
    complaint = cases.lock(complaint_id, to=to, by=by, at=at)
    found = Allowance.objects.select_for_update(of=("self",)).select_related("clock")
    return found.get(pk=allowance_id), complaint


def _lock_asked(
    allowance_id: int, to: Action, by: Person, at: datetime
) -> tuple[Allowance, Complaint]:
    """A request that waits and is not one's own."""
    allowance, complaint = _lock(allowance_id, to, by, at)
    if allowance.state != AllowanceState.ASKED:
        raise Conflict("already_decided", _("这项申请已经有人处理过了。"))
    if allowance.asked_by_id == by.pk:
        raise NotAllowed("own_request", _("不能同意或批准自己提出的申请。"))
    return allowance, complaint


def _checked(wish: Wish) -> Wish:
    """The wish with its note as it is stored."""
    if not 1 <= wish.minutes <= _MOST_MINUTES:
        raise RuleBroken("minutes.range", _("时长须在 1 分钟到 72 小时之间。"), field="minutes")
    note = text.clean(wish.note, limit=NOTE_LIMIT, field="note")
    if text.is_blank(note):
        raise RuleBroken("note.blank", _("请写明需要更多时间的具体情况。"), field="note")
    return replace(wish, note=note)


def _running_clock(complaint: Complaint) -> Clock:
    round_ = Clock.objects.filter(complaint=complaint, round=complaint.round)
    return _check_running(round_.filter(kind=ClockKind.RESULT).first())


def _check_running(clock: Clock | None) -> Clock:
    if clock is None or not clock.is_running:
        raise Conflict("clock.not_running", _("24H 反馈时限已不在计时。"))
    return clock


def _check_room(clock: Clock, kind: AllowanceKind, minutes: int, at: datetime) -> None:
    """Whether the clock may be given so much more at `at`."""
    _check_running(clock)
    if at > clock.due_at:
        raise Conflict("clock.overdue", _("24H 反馈时限已超时，不能再暂停或延期。"))
    if kind == AllowanceKind.PAUSE and elapsed.active_pause(clock.allowances.all(), at):
        raise Conflict("pause.active", _("24H 反馈时限正在暂停，不能重复暂停。"))
    left = _left(clock, kind)
    if timedelta(minutes=minutes) > left:
        sentence = (
            _("暂停合计不能超过 48 小时，还可暂停 %(left)s 小时。")
            if kind == AllowanceKind.PAUSE
            else _("延期合计不能超过 72 小时，还可延期 %(left)s 小时。")
        )
        raise RuleBroken("over_cap", sentence % {"left": elapsed.hours(left)}, field="minutes")


def _left(clock: Clock, kind: AllowanceKind) -> timedelta:
    """How much of this kind the clock may still be given."""
    if kind == AllowanceKind.PAUSE:
        return LONGEST_PAUSE - clock.paused_for
    return LONGEST_EXTENSION - (clock.due_at - clock.original_due_at - clock.paused_for)


def _of(clock: Clock, wish: Wish, by: Person, at: datetime) -> Allowance:
    """What is wished for this clock, not stored yet."""
    return Allowance(
        clock=clock,
        complaint_id=clock.complaint_id,
        kind=wish.kind,
        reason=wish.reason,
        note=wish.note,
        minutes=wish.minutes,
        asked_by=by,
        asked_at=at,
    )


def _give(allowance: Allowance) -> None:
    is_pause = allowance.kind == AllowanceKind.PAUSE
    clocks.move_due(allowance.clock, timedelta(minutes=allowance.minutes), paused=is_pause)


def _data(
    allowance: Allowance, *, due: datetime | None = None, note: str = ""
) -> dict[str, object]:
    """What the event keeps; `due` is the due time as it was before."""
    data: dict[str, object] = {
        "kind": allowance.kind,
        "reason": allowance.reason,
        "minutes": allowance.minutes,
    }
    if note:
        data["note"] = note
    if due and due != allowance.clock.due_at:
        data["changes"] = {"due_at": [due.isoformat(), allowance.clock.due_at.isoformat()]}
    return data
