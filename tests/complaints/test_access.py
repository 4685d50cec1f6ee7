"""Who sees which case: pages, routes, exports and locks all start here."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from complaints import (
    acknowledgement,
    attachments,
    cases,
    closing,
    privacy,
    remedies,
    rulings,
    selectors,
    triage,
)
from complaints.access import visible_to
from complaints.escalation import sweep
from complaints.models import Complaint, Escalation, Event, RemedyKind
from complaints.rules import Action
from quality import sheets
from staff import branches, people
from staff.models import Branch, BranchKind, Person, Role
from tests.complaints.scenes import (
    HOUR,
    MINUTE,
    accept,
    answer,
    apologise,
    call_back,
    parts,
    rule,
)
from tests.conftest import MONDAY, Cast, Register

#: Case by its relation: (who registered it, who was ruled) and who may see it.
HQ = {"chen", "lin", "gao"}
SEEN = [
    ("li", None, {"li", "wang", "xu"}),  # Wuxi
    ("wang", None, {"li", "wang", "xu"}),
    ("xu", None, {"xu"}),  # the region's own
    ("zhao", None, {"zhao", "ma"}),  # Lanzhou
    ("chen", None, set()),  # headquarters' own
    ("li", "ma", {"li", "wang", "xu", "zhao", "ma"}),
    ("li", "xu", {"li", "wang", "xu"}),
    ("zhao", "li", {"zhao", "ma", "li", "wang", "xu"}),
    ("chen", "zhao", {"zhao", "ma"}),
]


@pytest.mark.parametrize(("owner", "ruled", "seen_by"), SEEN)
def test_each_person_sees_the_cases_of_their_reach(
    cast: Cast, register: Register, owner: str, ruled: str | None, seen_by: set[str]
) -> None:
    case = register(by=getattr(cast, owner))
    if ruled:
        accept(case, cast, at=MONDAY)
        rule(case, cast, at=MONDAY, person=getattr(cast, ruled))
    seers = {each.username for each in cast.people if visible_to(each).filter(pk=case.pk).exists()}
    assert seers == seen_by | HQ


def move(person: Person, branch: Branch) -> Person:
    person.branch = branch
    person.save(update_fields=["branch"])
    return person


def test_owner_and_rectifier_keep_sight_of_their_case_from_elsewhere(
    cast: Cast, register: Register
) -> None:
    case, other = register(by=cast.li), register(by=cast.li)
    accept(case, cast, at=MONDAY)
    rule(case, cast, at=MONDAY, person=cast.zhao)
    move(cast.li, cast.lanzhou)
    move(cast.zhao, cast.suzhou)
    assert set(visible_to(cast.li)) == {case, other}
    assert set(visible_to(cast.zhao)) == {case}
    assert set(visible_to(cast.wang)) == {case, other}
    assert set(visible_to(cast.ma)) == {case}


def test_a_ruling_taken_back_takes_the_sight_with_it(cast: Cast, register: Register) -> None:
    case = register()
    accept(case, cast, at=MONDAY)
    rule(case, cast, at=MONDAY, person=cast.ma)
    rule(case, cast, at=MONDAY + MINUTE, person=cast.wang)
    assert not visible_to(cast.ma).exists()


@pytest.mark.parametrize("who", ["li", "wang", "xu", "chen", "lin", "gao"])
def test_whoever_has_left_sees_nothing(cast: Cast, register: Register, who: str) -> None:
    register()
    person = getattr(cast, who)
    assert visible_to(person).exists()
    person.is_active = False
    assert not visible_to(person).exists()


def test_quality_of_a_region_sees_the_region_only(cast: Cast, register: Register) -> None:
    register(by=cast.li)
    register(by=cast.zhao)
    local = people.hire("qu", name="曲", role=Role.QUALITY, branch=cast.east, password=None)
    assert {case.owner for case in visible_to(local)} == {cast.li}


def test_a_path_is_no_prefix_of_a_longer_number(cast: Cast, register: Register) -> None:
    """Branch 1 does not see into branch 10, 11, ..."""
    regions = [
        branches.save(
            Branch(code=f"R{n}", name=f"平台{n}", kind=BranchKind.REGION, parent=cast.headquarters)
        )
        for n in range(12)
    ]
    bosses = [
        people.hire(f"b{n}", name=f"主管{n}", role=Role.SUPERVISOR, branch=region, password=None)
        for n, region in enumerate(regions)
    ]
    for boss in bosses:
        register(by=boss)
    for boss in bosses:
        assert {case.owner for case in visible_to(boss)} == {boss}


def test_a_branch_that_moves_takes_its_cases_into_the_new_reach(
    cast: Cast, register: Register
) -> None:
    case = register(by=cast.li)
    cast.wuxi.parent = cast.northwest
    branches.save(cast.wuxi)
    assert not visible_to(cast.xu).filter(pk=case.pk).exists()
    assert visible_to(Person.objects.get(pk=cast.wang.pk)).filter(pk=case.pk).exists()


@pytest.mark.parametrize("who", ["zhao", "ma", "root"])
def test_nobody_can_lock_what_they_cannot_see(cast: Cast, register: Register, who: str) -> None:
    case = register(by=cast.li)
    accept(case, cast, at=MONDAY)
    offer = remedies.propose(
        case.pk, kind=RemedyKind.REFUND, amount=Decimal(500), description="退", by=cast.li,
        at=MONDAY,
    )  # fmt: skip
    sweep(until=MONDAY + HOUR)
    raised = Escalation.objects.get(level=1)
    by, at = getattr(cast, who), MONDAY + 2 * HOUR
    before = Event.objects.count()
    paper = SimpleUploadedFile("a.txt", "证据".encode())
    deeds: list[Callable[[], object]] = [
        lambda: cases.lock(case.pk, to=Action.REVEAL, by=by, at=at),
        lambda: apologise(case, by=by, at=at),
        lambda: answer(case, by=by, at=at),
        lambda: triage.accept(case.pk, by=by, at=at),
        lambda: triage.reject(case.pk, reason="praise", note="x", by=by, at=at),
        lambda: rulings.rule(case.pk, branch=cast.lanzhou, person=cast.ma, basis="x", by=by, at=at),
        lambda: remedies.propose(
            case.pk, kind=RemedyKind.GIFT, amount=Decimal(1), description="x", by=by, at=at
        ),
        lambda: remedies.decide(offer.pk, approve=True, note="", by=by, at=at),
        lambda: remedies.deliver(offer.pk, proof="x", by=by, at=at),
        lambda: remedies.cancel(offer.pk, note="x", by=by, at=at),
        lambda: sheets.submit(case.pk, parts(), by=by, at=at),
        lambda: sheets.send_back(case.pk, opinion="x", by=by, at=at),
        lambda: sheets.verify(case.pk, opinion="x", by=by, at=at),
        lambda: sheets.waive(case.pk, reason="x", by=by, at=at),
        lambda: call_back(case, by=by, at=at),
        lambda: closing.close(case.pk, by=by, at=at),
        lambda: closing.reopen(case.pk, reason="x", by=by, at=at),
        lambda: closing.withdraw(case.pk, said_by="x", note="x", by=by, at=at),
        lambda: attachments.attach(case.pk, paper, by=by, at=at),
        lambda: privacy.reveal(case.pk, by=by, at=at),
        lambda: acknowledgement.acknowledge(raised.pk, note="", by=by, at=at),
    ]
    for deed in deeds:
        with pytest.raises(Complaint.DoesNotExist):
            deed()
    assert Event.objects.count() == before


@pytest.mark.parametrize("who", ["zhao", "ma", "root"])
def test_no_list_shows_what_one_cannot_see(cast: Cast, register: Register, who: str) -> None:
    register(by=cast.li)
    sweep(until=MONDAY + HOUR)
    person = getattr(cast, who)
    for rows in (
        selectors.owed_by(person), selectors.to_sort(person), selectors.to_rule(person),
        selectors.to_approve(person), selectors.board(person),
        selectors.earlier_cases(person, phone_key="+8613800138000", name="孙玉梅"),
    ):  # fmt: skip
        assert list(rows) == []
