"""Closing for the customer, opening again, and withdrawing."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from common import text
from common.errors import Conflict, RuleBroken
from complaints import cases, clocks, escalation, ownership
from complaints.contacts import result_told
from complaints.models import (
    Callback,
    Clock,
    ClockKind,
    Complaint,
    MetAs,
    Remedy,
    RemedyState,
    Severity,
)
from complaints.rules import Action
from notify.post import Note, post
from staff.models import Person
from staff.presence import with_stand_ins


def what_is_missing(complaint: Complaint) -> list[str]:
    """What still stands in the way of closing for the customer, each a sentence: the result
    told, the callback answered, no compensation left undecided (`docs/domain.md` section 4)."""
    missing = []
    if not complaint.anonymous and not result_told(complaint):
        missing.append(_("还没有把处理结果告诉客户。"))
    if not _callback_satisfied(complaint):
        missing.append(_("还没有回访到客户。"))
    if Remedy.objects.filter(complaint=complaint, state=RemedyState.AWAITING).exists():
        missing.append(_("还有补救在等待审批。"))
    return missing


def what_is_missing_at_first(complaint: Complaint) -> list[str]:
    """The same of a case that has just been registered, to which nothing has been done."""
    if complaint.anonymous:
        return []
    return [_("还没有把处理结果告诉客户。"), _("还没有回访到客户。")]


def _callback_satisfied(complaint: Complaint) -> bool:
    """Answered in this round, or tried until the customer counted as out of reach."""
    reached = Callback.objects.filter(complaint=complaint, round=complaint.round, reached=True)
    given_up = Clock.objects.filter(
        complaint=complaint, round=complaint.round, met_as=MetAs.UNREACHABLE
    )
    return complaint.anonymous or reached.exists() or given_up.exists()


@transaction.atomic
def close(complaint_id: int, *, by: Person, at: datetime) -> Complaint:
    """Close for the customer. Raises Conflict `not_ready` with what is missing; NotAllowed."""
    complaint = cases.lock(complaint_id, to=Action.CLOSE, by=by, at=at)
    close_locked(complaint, by=by, at=at)
    return complaint


def close_locked(complaint: Complaint, *, by: Person, at: datetime) -> None:
    """`close` for a case whose lock the caller holds."""
    if missing := what_is_missing(complaint):
        raise Conflict("not_ready", "\n".join(missing))
    cases.act(complaint, Action.CLOSE, by=by, at=at, closed_at=at)


@transaction.atomic
def reopen(complaint_id: int, *, reason: str, by: Person, at: datetime) -> Complaint:
    """The customer is still dissatisfied: a new round with fresh clocks from now; the old round
    is frozen. Raises RuleBroken `reason.blank`, `text.*`; NotAllowed, Conflict."""
    complaint = cases.lock(complaint_id, to=Action.REOPEN, by=by, at=at)
    reason = text.clean(reason, limit=500, field="reason", lines=True)
    if text.is_blank(reason):
        raise RuleBroken("reason.blank", _("请写明客户为什么仍不满意。"), field="reason")
    reopen_locked(complaint, reason=reason, by=by, at=at)
    return complaint


def reopen_locked(complaint: Complaint, *, reason: str, by: Person, at: datetime) -> None:
    """`reopen` for a case whose lock the caller holds."""
    clocks.void(complaint, at=at)
    data, following = {"reason": reason}, next_round(complaint)
    cases.act(complaint, Action.REOPEN, by=by, at=at, data=data, **following)
    begin_round(complaint, by=by, at=at)


def next_round(complaint: Complaint) -> dict[str, object]:
    """What changes on the case itself when a new round begins, besides its status."""
    return {"round": complaint.round + 1, "closed_at": None, "closed_inside_at": None}


def begin_round(complaint: Complaint, *, by: Person | None, at: datetime) -> None:
    """The owner, the clocks and the message of a round that has just begun; `by` None: the
    customer began it."""
    ownership.revive(complaint, by=by, at=at)
    clocks.start_round(complaint, at=at)
    escalation.fire(complaint, until=at)
    _tell_reopened(complaint, at)


@transaction.atomic
def withdraw(complaint_id: int, *, said_by: str, note: str, by: Person, at: datetime) -> Complaint:
    """The customer takes the complaint back: running clocks no longer apply from now on,
    breaches stay, and a major or critical case still owes its sheet.
    Raises RuleBroken `said_by.blank`, `note.blank`, `text.*`; NotAllowed, Conflict."""
    complaint = cases.lock(complaint_id, to=Action.WITHDRAW, by=by, at=at)
    said_by = text.clean(said_by, limit=60, field="said_by")
    note = text.clean(note, limit=500, field="note", lines=True)
    if not said_by:
        raise RuleBroken("said_by.blank", _("请写明是谁提出撤诉的。"), field="said_by")
    if text.is_blank(note):
        raise RuleBroken("note.blank", _("请写明客户怎样提出撤诉的。"), field="note")
    cases.act(complaint, Action.WITHDRAW, by=by, at=at, data={"said_by": said_by, "note": note})
    stop_clocks(complaint, at=at)
    return complaint


def stop_clocks(complaint: Complaint, *, at: datetime) -> None:
    """A withdrawn case owes nothing any more, but for the sheet of one that was not minor."""
    severe = complaint.severity != Severity.MINOR
    clocks.void(complaint, at=at, kinds=clocks.CONTACT_KINDS if severe else tuple(ClockKind))


def _tell_reopened(complaint: Complaint, at: datetime) -> None:
    told = [pk for pk in (complaint.owner_id, complaint.rectifier_id) if pk is not None]
    note = Note(
        key=f"reopened:{complaint.pk}:{complaint.round}",
        recipient_ids=with_stand_ins(told, at),
        text=gettext_noop("%(no)s 客户仍不满意，已重开，四个时限重新计时"),
        params={"no": complaint.no},
        url=f"/complaints/{complaint.no}/",
        urgent=True,
    )
    post([note], at=at)
