"""What a ruling says: who bears which share, on what basis, by what evidence.

The first ruling, its review and the final decision all say the same kind of thing and write it
down here. Callers hold the lock of the case.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, cast

from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _

from common import text
from common.errors import RuleBroken
from complaints import cases
from complaints.models import (
    WHOLE,
    Complaint,
    Department,
    Ruling,
    RulingPart,
    RulingStage,
    Supplier,
    percent,
)
from complaints.rules import Action
from staff.branches import closed_sentence
from staff.models import Branch, Person, Role

BASIS_LIMIT = 2000
#: More sides than this is nobody's fault any more.
MOST_PARTIES = 4


@dataclass(frozen=True, kw_only=True)
class Party:
    """Who bears `share` per cent: a branch, in it a department or a person; or a supplier."""

    share: Decimal
    branch: Branch | None = None
    department: Department | None = None
    person: Person | None = None
    supplier: Supplier | None = None

    @property
    def who(self) -> str:
        """As people say it."""
        named = (self.supplier, self.branch, self.department, self.person)
        return " · ".join(each.name for each in named if each)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """`branch` and `person` lead: they write the sheet and stand on the case, whatever `share`
    they bear. `evidence` and `talks` are ids of the case's attachments and contacts."""

    branch: Branch
    person: Person
    basis: str
    department: Department | None = None
    share: Decimal = WHOLE
    others: tuple[Party, ...] = ()
    evidence: tuple[int, ...] = ()
    talks: tuple[int, ...] = ()

    @property
    def lead(self) -> Party:
        """The part that leads."""
        return Party(
            branch=self.branch, department=self.department, person=self.person, share=self.share
        )

    @property
    def parties(self) -> tuple[Party, ...]:
        """All sides, the one that leads first."""
        return (self.lead, *self.others)


def checked(complaint: Complaint, finding: Finding) -> Finding:
    """The finding as it is stored. Raises RuleBroken `basis.blank`, `branch.closed`,
    `person.elsewhere`, `person.is_subject`, `party.one_of`, `party.twice`, `party.too_many`,
    `share.range`, `share.sum`, `evidence.foreign`, `talks.foreign`, `text.*`."""
    basis = checked_basis(finding.basis)
    _check_open(finding.branch, "branch")
    _check_works_there(finding.branch, finding.person, "person")
    if finding.person.pk in complaint.subject_ids:
        raise RuleBroken(
            "person.is_subject", _("被投诉人看不到投诉，不能担任整改责任人。"), field="person"
        )
    for party in finding.others:
        _check_party(party)
    _check_different(finding.parties)
    _check_shares(finding)
    check_evidence(complaint, finding.evidence)
    _check_of_case(complaint.contacts.all(), finding.talks, "talks")
    return replace(finding, basis=basis)


def checked_basis(basis: str) -> str:
    """The basis as it is stored. Raises RuleBroken `basis.blank`, `text.*`."""
    basis = text.clean(basis, limit=BASIS_LIMIT, field="basis", lines=True)
    if text.is_blank(basis):
        raise RuleBroken("basis.blank", _("请写明判定依据。"), field="basis")
    return basis


def _check_party(party: Party) -> None:
    if (party.branch is None) == (party.supplier is None):
        raise RuleBroken(
            "party.one_of", _("每个共同责任方须是一个机构，或一个外部供应商。"), field="others"
        )
    if party.branch is None and (party.person or party.department):
        raise RuleBroken("party.one_of", _("外部供应商不填部门和责任人。"), field="others")
    if party.branch:
        _check_open(party.branch, "others")
    if party.branch and party.person:
        _check_works_there(party.branch, party.person, "others")


def _check_open(branch: Branch, field: str) -> None:
    if branch.closed_at:
        raise RuleBroken("branch.closed", closed_sentence(branch), field=field)


def _check_works_there(branch: Branch, person: Person, field: str) -> None:
    if person.branch_id != branch.pk or not person.is_active or person.role == Role.ADMINISTRATOR:
        sentence = (
            _("整改责任人必须是责任机构的在职人员。")
            if field == "person"
            else _("共同责任人必须是所选机构的在职人员。")
        )
        raise RuleBroken("person.elsewhere", sentence, field=field)


def _check_different(parties: tuple[Party, ...]) -> None:
    if len(parties) > MOST_PARTIES:
        raise RuleBroken(
            "party.too_many", _("责任方最多 %(most)s 个。") % {"most": MOST_PARTIES}, field="others"
        )
    sides = Counter((p.branch, p.department, p.person, p.supplier) for p in parties)
    if max(sides.values()) > 1:
        raise RuleBroken("party.twice", _("同一个责任方只能填一次。"), field="others")


def _check_shares(finding: Finding) -> None:
    """The one that leads may bear nothing, where others bear all."""
    shares = [party.share for party in finding.parties]
    if not all(share.is_finite() and share == round(share, 2) for share in shares):
        raise RuleBroken("share.range", _("份额最多两位小数。"), field="share")
    if not 0 <= finding.share <= WHOLE or not all(0 < p.share <= WHOLE for p in finding.others):
        raise RuleBroken(
            "share.range",
            _("份额须在 0 到 100 之间；只有主责机构可以为 0。"),
            field="share",
        )
    if (total := sum(shares)) != WHOLE:
        raise RuleBroken(
            "share.sum",
            _("各方份额合计须为 100%%，现为 %(total)s%%。") % {"total": percent(Decimal(total))},
            field="share",
        )


def check_evidence(complaint: Complaint, evidence: tuple[int, ...]) -> None:
    """Whether these are ids of the case's own attachments. Raises RuleBroken
    `evidence.foreign`."""
    _check_of_case(complaint.attachments.all(), evidence, "evidence")


def _check_of_case(found: QuerySet[Any], ids: tuple[int, ...], field: str) -> None:
    if ids and found.filter(pk__in=ids).count() != len(set(ids)):
        raise RuleBroken(f"{field}.foreign", _("证据只能选这件投诉里的。"), field=field)


def act(
    complaint: Complaint,
    finding: Finding,
    action: Action,
    *,
    by: Person,
    at: datetime,
    more: dict[str, object] | None = None,
) -> None:
    """Put the branch and the person that lead onto the case; `action` is what the story calls
    it, `more` what else it says. Raises NotAllowed, Conflict."""
    cases.act(
        complaint,
        action,
        by=by,
        at=at,
        data={**told(finding), **(more or {})},
        responsible_branch=finding.branch,
        rectifier=finding.person,
    )


def write(
    complaint: Complaint, finding: Finding, stage: RulingStage, *, by: Person, at: datetime
) -> Ruling:
    """The finding as the ruling that stands from now on. It must have been checked, or be that of
    an earlier ruling."""
    Ruling.objects.filter(complaint=complaint, superseded_at=None).update(superseded_at=at)
    ruling = Ruling.objects.create(
        complaint=complaint,
        round=complaint.round,
        stage=stage,
        basis=finding.basis,
        by=by,
        at=at,
    )
    RulingPart.objects.bulk_create(
        RulingPart(
            ruling=ruling,
            branch=party.branch,
            department=party.department,
            person=party.person,
            supplier=party.supplier,
            share=party.share,
            lead=number == 0,
        )
        for number, party in enumerate(finding.parties)
    )
    ruling.evidence.set(finding.evidence)
    ruling.talks.set(finding.talks)
    return ruling


def of(ruling: Ruling, *, basis: str) -> Finding:
    """What an earlier ruling said, on another basis."""
    lead, *others = (_party(part) for part in ruling.parts.all())
    return Finding(
        branch=cast(Branch, lead.branch),  # the database holds it
        person=cast(Person, lead.person),
        department=lead.department,
        share=lead.share,
        others=tuple(others),
        basis=basis,
        evidence=_ids(ruling.evidence.all()),
        talks=_ids(ruling.talks.all()),
    )


def _party(part: RulingPart) -> Party:
    return Party(
        branch=part.branch,
        department=part.department,
        person=part.person,
        supplier=part.supplier,
        share=part.share,
    )


def _ids(rows: Iterable[Model]) -> tuple[int, ...]:
    return tuple(row.pk for row in rows)


def told(finding: Finding) -> dict[str, Any]:
    """What the event keeps; the shares only where several bear them."""
    data: dict[str, Any] = {
        "branch": finding.branch.name,
        "person": finding.person.name,
        "basis": finding.basis,
    }
    if finding.department:
        data["department"] = finding.department.name
    if finding.others:
        data["parties"] = [[party.who, percent(party.share)] for party in finding.parties]
    if finding.evidence or finding.talks:
        data["evidence"] = [*finding.evidence]
        data["talks"] = [*finding.talks]
    return data
