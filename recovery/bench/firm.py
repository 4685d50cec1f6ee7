"""A national firm: a tree of branches and the people who hold its posts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from complaints import registration
from complaints.models import Category, Channel, Clock, Complaint, Severity
from complaints.registration import Report
from recovery.bench import sql
from staff.models import Branch, BranchKind, BranchSpan, Person, Role

REGIONS = 31
BRANCHES = 500
FRONT_LINE = 2
#: As long as what people write about a lost parcel.
WHAT = "货晚到三天，打电话没人接，外包装破损，要求赔偿。" * 9


def found() -> None:
    """Headquarters, regions and branches with about 1,600 people; and the case that all others
    are copies of, which itself rings no more."""
    headquarters = _branches(BranchKind.HEADQUARTERS, [None])[0]
    regions = _branches(BranchKind.REGION, [headquarters] * REGIONS)
    branches = _branches(BranchKind.BRANCH, [regions[n % REGIONS] for n in range(BRANCHES)])
    staff = [
        *(_person(role, headquarters, n) for role in _AT_THE_TOP for n in range(2)),
        *(_person(role, region) for role in _IN_A_REGION for region in regions),
        *(_person(Role.SUPERVISOR, branch) for branch in branches),
        *(_person(Role.FRONTLINE, branch, n) for n in range(FRONT_LINE) for branch in branches),
    ]
    Person.objects.bulk_create(staff)
    sql.run(_OWNERS)
    sql.run("ANALYZE staff_branch, staff_person, bench_owner")


_AT_THE_TOP = (Role.QUALITY, Role.DIRECTOR, Role.GENERAL_MANAGER)
_IN_A_REGION = (Role.QUALITY, Role.DIRECTOR)
_OWNERS = """
CREATE TABLE bench_owner AS
SELECT row_number() OVER (ORDER BY id) - 1 AS slot, id AS person_id, branch_id
FROM staff_person WHERE role = 'frontline'
"""


def model_case(at: datetime) -> Complaint:
    """A case registered in the usual way; its clocks are void, so that it never rings."""
    report = Report(
        channel=Channel.PHONE,
        what=WHAT,
        category=Category.objects.get(code="other"),
        severity=Severity.MINOR,
        received_at=at - timedelta(minutes=1),
        complainant_phone="13800138000",
    )
    owner = Person.objects.filter(role=Role.FRONTLINE).order_by("pk")[0]
    case, _new = registration.register(report, by=owner, at=at)
    Clock.objects.filter(complaint=case).update(voided_at=at, next_at=None)
    return case


@transaction.atomic
def _branches(kind: BranchKind, parents: Sequence[Branch | None]) -> list[Branch]:
    made = Branch.objects.bulk_create(
        Branch(kind=kind, parent=parent, code=code, name=code, path=code, sort_key=code)
        for code, parent in ((f"{kind.value}-{n}", each) for n, each in enumerate(parents))
    )
    for branch in made:
        branch.path = f"{branch.parent.path if branch.parent else '/'}{branch.pk}/"
    Branch.objects.bulk_update(made, ["path"])
    BranchSpan.objects.bulk_create(
        BranchSpan(branch=each, name=each.name, sort_key=each.sort_key, parent=each.parent)
        for each in made
    )
    return made


def _person(role: Role, branch: Branch, number: int = 0) -> Person:
    name = f"{role.value}-{branch.code}-{number}"
    return Person(username=name, name=name, role=role, branch=branch, sort_key=name)
