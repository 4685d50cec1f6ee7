"""Ruling which branch, and whom in it, answers to the firm for the fix (判定责任)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from common.errors import Conflict, NotAllowed
from complaints import cases, disputing, findings, ruling_notes
from complaints.findings import Finding, Party
from complaints.models import WHOLE, Complaint, Department, Ruling, RulingStage
from complaints.rules import Action
from complaints.selectors import standing_ruling
from staff.models import Branch, Person, Role


@transaction.atomic
def rule(
    complaint_id: int,
    *,
    branch: Branch,
    person: Person,
    basis: str,
    by: Person,
    at: datetime,
    department: Department | None = None,
    share: Decimal = WHOLE,
    others: tuple[Party, ...] = (),
    evidence: tuple[int, ...] = (),
    talks: tuple[int, ...] = (),
) -> Ruling:
    """Name the responsible branch and the rectifier in it, and who bears the rest; they are told.
    An earlier ruling is superseded. While a ruling is disputed its answer is waited for; after a
    review only the director rules anew, and after the final decision the general manager, until
    the case is opened again.

    Raises RuleBroken as `findings.checked`; NotAllowed `ruling.reviewed`, `ruling.final`;
    Conflict `dispute.open`.
    """
    complaint = cases.lock(complaint_id, to=Action.RULE, by=by, at=at)
    stage = _stage(complaint, by)
    finding = findings.checked(
        complaint,
        Finding(
            branch=branch,
            person=person,
            department=department,
            share=share,
            others=others,
            basis=basis,
            evidence=evidence,
            talks=talks,
        ),
    )
    findings.act(complaint, finding, Action.RULE, by=by, at=at)
    ruling = findings.write(complaint, finding, stage, by=by, at=at)
    ruling_notes.ruled(complaint, ruling)
    return ruling


def _stage(complaint: Complaint, by: Person) -> RulingStage:
    """What a ruling would be now. Raises NotAllowed, Conflict."""
    standing = standing_ruling(complaint)
    if standing is None:
        return RulingStage.FIRST
    if disputing.open_dispute(standing):
        raise Conflict("dispute.open", _("责任判定正有争议，请先答复争议。"))
    if standing.stage == RulingStage.FIRST or standing.round < complaint.round:
        return RulingStage.FIRST
    if by.role == Role.GENERAL_MANAGER:
        return RulingStage.FINAL
    if standing.stage == RulingStage.FINAL:
        raise NotAllowed(
            "ruling.final", _("责任已终裁，只有总经理可以改判；投诉重开后可以重新判定。")
        )
    if by.role != Role.DIRECTOR:
        raise NotAllowed("ruling.reviewed", _("责任已复核，只有服务总监可以改判。"))
    return RulingStage.FINAL
