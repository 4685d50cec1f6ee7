"""Sorting valid complaints from the rest (分拣); both ways can be undone, and leave a trace."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from common import text
from common.errors import Conflict, NotAllowed, RuleBroken
from complaints import cases, clocks, escalation, links, ownership
from complaints.access import visible_to
from complaints.contacts import result_told
from complaints.models import Callback, Complaint, InvalidReason, Status, Triage, TriageOutcome
from complaints.rules import Action
from staff.models import Person

NOTE_LIMIT = 500
#: What a complaint is converted into, or sorted out as, for these reasons; invalid for the others.
_OUTCOMES = {
    InvalidReason.INQUIRY: TriageOutcome.INQUIRY,
    InvalidReason.PRAISE: TriageOutcome.PRAISE,
    InvalidReason.DUPLICATE: TriageOutcome.DUPLICATE,
}


@transaction.atomic
def accept(complaint_id: int, *, by: Person, at: datetime) -> Complaint:
    """The complaint is valid. One that was sorted out gets its clocks back, running from their
    first start. Raises NotAllowed, Conflict."""
    complaint = cases.lock(complaint_id, to=Action.ACCEPT, by=by, at=at)
    _accept_locked(complaint, Action.ACCEPT, by=by, at=at)
    return complaint


@transaction.atomic
def reject(
    complaint_id: int,
    *,
    reason: InvalidReason,
    note: str,
    by: Person,
    at: datetime,
    duplicate_of: str = "",
) -> Complaint:
    """The complaint is not a valid one of its own; its running clocks no longer apply from now
    on. A duplicate names the number of the other case, which the person has to see and which was
    received earlier; that case and its clocks stay as they are.

    Raises RuleBroken `note.blank`, `duplicate_of.blank`, `duplicate_of.unknown`,
    `duplicate_of.itself`, `duplicate_of.sorted_out`, `duplicate_of.later`, `text.*`; NotAllowed,
    Conflict.
    """
    complaint = cases.lock(complaint_id, to=Action.REJECT, by=by, at=at)
    note = text.clean(note, limit=NOTE_LIMIT, field="note", lines=True)
    if text.is_blank(note):
        raise RuleBroken("note.blank", _("请写明判为无效的依据。"), field="note")
    other = _other_case(complaint, duplicate_of, by) if reason == InvalidReason.DUPLICATE else None
    other = links.check(complaint, other) if other else None
    data = {"note": note, **({"duplicate_of": other.no} if other else {})}
    cases.act(complaint, Action.REJECT, by=by, at=at, data=data, invalid_reason=reason)
    clocks.void(complaint, at=at)
    _sorted(
        Triage(
            complaint=complaint,
            outcome=_OUTCOMES.get(reason, TriageOutcome.INVALID),
            reason=reason,
            note=note,
            duplicate_of=other,
            by=by,
            at=at,
        )
    )
    if other:
        links.link(complaint, other, by=by, at=at)
    return complaint


@transaction.atomic
def review(complaint_id: int, *, upheld: bool, opinion: str, by: Person, at: datetime) -> Complaint:
    """Look from above at a case that was sorted out: it stays so, or is valid after all.
    Raises RuleBroken `opinion.blank`, `text.*`; NotAllowed `own_sorting`; Conflict
    `triage.reviewed`."""
    complaint = cases.lock(complaint_id, to=Action.REVIEW_TRIAGE, by=by, at=at)
    opinion = text.clean(opinion, limit=NOTE_LIMIT, field="opinion", lines=True)
    if not upheld and text.is_blank(opinion):
        raise RuleBroken("opinion.blank", _("请写明为什么改判为有效。"), field="opinion")
    standing = Triage.objects.select_for_update().get(complaint=complaint, superseded_at=None)
    if standing.reviewed_at:
        raise Conflict("triage.reviewed", _("这次分拣已经有人复核过了。"))
    if standing.by_id == by.pk:
        raise NotAllowed("own_sorting", _("不能复核自己的分拣。"))
    standing.upheld, standing.opinion = upheld, opinion
    standing.reviewed_by, standing.reviewed_at = by, at
    standing.save(update_fields=["upheld", "opinion", "reviewed_by", "reviewed_at"])
    data = {"upheld": upheld, "opinion": opinion}
    if upheld:
        cases.act(complaint, Action.REVIEW_TRIAGE, by=by, at=at, data=data)
    else:
        _accept_locked(complaint, Action.REVIEW_TRIAGE, by=by, at=at, data=data)
    return complaint


def _accept_locked(
    complaint: Complaint,
    action: Action,
    *,
    by: Person,
    at: datetime,
    data: dict[str, object] | None = None,
) -> None:
    """Make it valid; `action` is what the story calls it."""
    was_invalid = complaint.status == Status.INVALID
    status = _where_it_stands(complaint)
    cases.act(complaint, action, by=by, at=at, data=data, status=status, invalid_reason="")
    wrong = _sorted(Triage(complaint=complaint, outcome=TriageOutcome.VALID, by=by, at=at))
    if wrong and wrong.duplicate_of:
        links.unlink(complaint, wrong.duplicate_of, by=by, at=at)
    if was_invalid:
        ownership.revive(complaint, by=by, at=at)
    if was_invalid and wrong:
        clocks.restore(complaint, voided_since=wrong.at)
        escalation.fire(complaint, until=at)


def _sorted(new: Triage) -> Triage | None:
    """Let the new sorting stand; the one that stood until then, None when there was none."""
    old = Triage.objects.filter(complaint=new.complaint, superseded_at=None).first()
    if old:
        old.superseded_at = new.at
        old.save(update_fields=["superseded_at"])
    new.save()
    return old


def _other_case(complaint: Complaint, no: str, by: Person) -> Complaint:
    """The case that this one repeats. Raises RuleBroken, the same for one that does not exist
    and one that the person may not see."""
    no = text.clean(no, limit=20, field="duplicate_of").upper()
    if not no:
        raise RuleBroken("duplicate_of.blank", _("请填写与哪一件投诉重复。"), field="duplicate_of")
    if no == complaint.no:
        raise RuleBroken("duplicate_of.itself", _("不能与自己重复。"), field="duplicate_of")
    other = visible_to(by).filter(no=no).first()
    if other is None:
        raise RuleBroken(
            "duplicate_of.unknown", _("没有找到这个编号的投诉。"), field="duplicate_of"
        )
    return other


def _where_it_stands(complaint: Complaint) -> Status:
    """The status a valid case has reached in this round, whatever it was taken for meanwhile."""
    called = Callback.objects.filter(complaint=complaint, round=complaint.round, reached=True)
    if called.exists():
        return Status.CALLED_BACK
    return Status.ANSWERED if result_told(complaint) else Status.HANDLING
