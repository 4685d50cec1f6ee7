"""Disputing a ruling (争议): raised by a ruled branch, reviewed by quality, decided finally by
the director. Each answer is a ruling of its own that supersedes the one disputed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from common import text
from common.errors import Conflict, NotAllowed, RuleBroken
from complaints import cases, disputing, findings, ruling_notes
from complaints.findings import Finding
from complaints.models import Complaint, Dispute, DisputeOutcome, Ruling, RulingStage
from complaints.rules import Action
from complaints.selectors import standing_ruling
from staff.models import Branch, Person

REASONS_LIMIT = 2000


@transaction.atomic
def dispute(
    complaint_id: int, *, reasons: str, by: Person, at: datetime, evidence: tuple[int, ...] = ()
) -> Dispute:
    """Say that the ruling that stands is wrong, within 24 h of it, for a branch it names. One
    dispute a ruling: whoever else it names may take the review further. The clocks run on.

    Raises RuleBroken `reasons.blank`, `evidence.foreign`, `text.*`; NotAllowed `not_ruled`;
    Conflict `ruling.none`, `ruling.final`, `dispute.open`, `dispute.late`.
    """
    complaint = cases.lock(complaint_id, to=Action.DISPUTE, by=by, at=at)
    ruling = _disputable(complaint, at)
    branch = _branch_of(ruling, by)
    reasons = text.clean(reasons, limit=REASONS_LIMIT, field="reasons", lines=True)
    if text.is_blank(reasons):
        raise RuleBroken("reasons.blank", _("请写明为什么不服这项判定。"), field="reasons")
    findings.check_evidence(complaint, evidence)
    raised = Dispute.objects.create(
        complaint=complaint,
        ruling=ruling,
        branch=branch,
        reasons=reasons,
        raised_by=by,
        raised_at=at,
    )
    raised.evidence.set(evidence)
    data = {"branch": branch.name, "reasons": reasons, "stage": ruling.stage}
    cases.act(complaint, Action.DISPUTE, by=by, at=at, data=data)
    ruling_notes.disputed(complaint, raised, at)
    return raised


@transaction.atomic
def review(
    dispute_id: int, *, basis: str, by: Person, at: datetime, instead: Finding | None = None
) -> Dispute:
    """Answer a dispute about a first ruling: the same stands, or `instead` does (its own basis is
    not looked at); `basis` says why either way. Not by whoever made the ruling, unless nobody
    else holds their role.

    Raises Dispute.DoesNotExist, Complaint.DoesNotExist; RuleBroken as `findings.checked`;
    NotAllowed `own_dispute`, `own_ruling`; Conflict `dispute.answered`, `dispute.stage`.
    """
    found, complaint = _lock(dispute_id, Action.REVIEW_DISPUTE, by, at)
    if found.ruling.stage != RulingStage.FIRST:
        raise Conflict("dispute.stage", _("这项争议已经复核过，要由服务总监终裁。"))
    return _answer(found, complaint, RulingStage.REVIEWED, basis, instead, by=by, at=at)


@transaction.atomic
def decide(
    dispute_id: int, *, basis: str, by: Person, at: datetime, instead: Finding | None = None
) -> Dispute:
    """Answer a dispute about a review, for good. Raises as `review`."""
    found, complaint = _lock(dispute_id, Action.DECIDE_DISPUTE, by, at)
    if found.ruling.stage == RulingStage.FIRST:
        raise Conflict("dispute.stage", _("这项争议要先由品质管理员复核。"))
    return _answer(found, complaint, RulingStage.FINAL, basis, instead, by=by, at=at)


def _answer(
    found: Dispute,
    complaint: Complaint,
    stage: RulingStage,
    basis: str,
    instead: Finding | None,
    *,
    by: Person,
    at: datetime,
) -> Dispute:
    """The ruling that answers the dispute, and the dispute with it."""
    basis = findings.checked_basis(basis)
    outcome = DisputeOutcome.CHANGED if instead else DisputeOutcome.UPHELD
    finding = (
        findings.checked(complaint, replace(instead, basis=basis))
        if instead
        else findings.of(found.ruling, basis=basis)
    )
    action = Action.DECIDE_DISPUTE if stage == RulingStage.FINAL else Action.REVIEW_DISPUTE
    more: dict[str, object] = {"outcome": outcome.value}
    ruling = findings.write(complaint, finding, stage, by=by, at=at)
    found.outcome, found.answered_with = outcome, ruling
    found.answered_by, found.answered_at = by, at
    found.save(update_fields=["outcome", "answered_with", "answered_by", "answered_at"])
    findings.act(complaint, finding, action, by=by, at=at, more=more)
    if instead:
        ruling_notes.ruled(complaint, ruling)
    ruling_notes.answered(complaint, found, ruling, at)
    return found


def _lock(dispute_id: int, to: Action, by: Person, at: datetime) -> tuple[Dispute, Complaint]:
    """The case first, then its dispute, which waits and which this person may answer."""
    complaint_id = Dispute.objects.values_list("complaint_id", flat=True).get(pk=dispute_id)
    complaint = cases.lock(complaint_id, to=to, by=by, at=at)
    locked = Dispute.objects.select_for_update(of=("self",)).select_related("ruling")
    found = locked.get(pk=dispute_id)
    if found.outcome != DisputeOutcome.OPEN:
        raise Conflict("dispute.answered", _("这项争议已经有人答复过了。"))
    if found.raised_by_id == by.pk:
        raise NotAllowed("own_dispute", _("不能答复自己提出的争议。"))
    if found.ruling.by_id == by.pk and not _is_only_one(by):
        raise NotAllowed("own_ruling", _("不能复核自己作出的判定，请由其他人答复。"))
    return found, complaint


def _is_only_one(person: Person) -> bool:
    """Whether nobody else holds this person's role now."""
    others = Person.objects.filter(is_active=True, role=person.role).exclude(pk=person.pk)
    return not others.exists()


def _disputable(complaint: Complaint, at: datetime) -> Ruling:
    """The ruling that stands, if it may still be disputed. Raises Conflict."""
    ruling = standing_ruling(complaint)
    if ruling is None:
        raise Conflict("ruling.none", _("还没有判定责任，没有可以申诉的。"))
    if ruling.stage == RulingStage.FINAL:
        raise Conflict("ruling.final", _("责任已终裁，不能再申诉。"))
    if ruling.disputes.exists():
        raise Conflict("dispute.open", _("这项判定已经有人申诉，正在等待答复。"))
    if at > disputing.until(ruling):
        raise Conflict("dispute.late", _("申诉须在判定后 24 小时内提出，现在已过期。"))
    return ruling


def _branch_of(ruling: Ruling, by: Person) -> Branch:
    branch = disputing.speaks_for(ruling, by)
    if branch is None:
        raise NotAllowed("not_ruled", _("只有被判定的机构的主管或整改责任人可以申诉。"))
    return branch
