"""Ruling which branch, and whom in it, answers to the firm for the fix (判定责任)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from common import text
from common.errors import RuleBroken
from complaints import cases
from complaints.models import Complaint, Ruling
from complaints.rules import Action
from notify.post import Note, post
from staff.models import Branch, Person, Role
from staff.presence import with_stand_ins


@transaction.atomic
def rule(
    complaint_id: int, *, branch: Branch, person: Person, basis: str, by: Person, at: datetime
) -> Ruling:
    """Name the responsible branch and the rectifier in it, who is told; an earlier ruling is
    superseded. Raises RuleBroken `basis.blank`, `person.elsewhere`, `text.*`; NotAllowed,
    Conflict."""
    complaint = cases.lock(complaint_id, to=Action.RULE, by=by, at=at)
    basis = text.clean(basis, limit=2000, field="basis", lines=True)
    if text.is_blank(basis):
        raise RuleBroken("basis.blank", _("请写明判定依据。"), field="basis")
    if person.branch_id != branch.pk or not person.is_active or person.role == Role.ADMINISTRATOR:
        raise RuleBroken(
            "person.elsewhere", _("整改责任人必须是责任机构的在职人员。"), field="person"
        )
    data = {"branch": branch.name, "person": person.name, "basis": basis}
    cases.act(
        complaint, Action.RULE, by=by, at=at, data=data, responsible_branch=branch, rectifier=person
    )
    Ruling.objects.filter(complaint=complaint, superseded_at=None).update(superseded_at=at)
    ruling = Ruling.objects.create(
        complaint=complaint, branch=branch, person=person, basis=basis, by=by, at=at
    )
    _tell(complaint, ruling)
    return ruling


def _tell(complaint: Complaint, ruling: Ruling) -> None:
    note = Note(
        key=f"ruling:{ruling.pk}",
        recipient_ids=with_stand_ins([ruling.person_id], ruling.at),
        text=gettext_noop("您被判定为 %(no)s 的整改责任人，请在 48 小时内提交整改单"),
        params={"no": complaint.no},
        url=f"/complaints/{complaint.no}/",
    )
    post([note], at=ruling.at)
