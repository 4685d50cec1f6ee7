"""The tree with its history: renamed, moved, merged in the middle of a month."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from common.errors import Conflict, NotAllowed, RuleBroken
from complaints.access import visible_to
from staff import branches, people
from staff.access import branches_in_scope
from staff.models import Branch, BranchKind, BranchSpan, Person, Role
from staff.posts import Roster
from staff.tree import as_of
from tests.conftest import MONDAY, Cast, Register
from tests.staff.moving import vacate

DAY = timedelta(days=1)
NOW = MONDAY + 30 * DAY


def fresh(branch: Branch) -> Branch:
    return Branch.objects.get(pk=branch.pk)


def spans(branch: Branch) -> list[tuple[str, str | None, datetime | None, datetime | None]]:
    found = BranchSpan.objects.filter(branch=branch).order_by("-until")
    rows = [(s.name, s.parent and s.parent.code, s.since, s.until) for s in found]
    return sorted(rows, key=lambda row: row[2] or datetime.min.replace(tzinfo=NOW.tzinfo))


def refused(code: str, deed: object) -> RuleBroken:
    with pytest.raises(RuleBroken) as caught, transaction.atomic():
        deed()  # type: ignore[operator]
    assert caught.value.code == code
    return caught.value


def names(moment: datetime) -> dict[str, tuple[str, str | None]]:
    return {
        each.code: (each.name, each.parent and each.parent.code)
        for each in as_of(moment).branches.values()
    }


def test_a_branch_that_was_always_there_has_no_known_beginning(cast: Cast) -> None:
    assert spans(cast.wuxi) == [("无锡分公司", "EAST", None, None)]
    assert names(MONDAY - 3000 * DAY) == names(NOW)


def test_a_rename_holds_from_its_moment_on_and_not_before(cast: Cast) -> None:
    branches.rename(cast.wuxi.pk, "太湖分公司", since=MONDAY, by=cast.root, at=NOW)
    instant = timedelta(microseconds=1)
    assert names(MONDAY - instant)["WUX"] == ("无锡分公司", "EAST")
    assert names(MONDAY)["WUX"] == ("太湖分公司", "EAST")
    assert (fresh(cast.wuxi).name, fresh(cast.wuxi).sort_key) == (
        "太湖分公司",
        "tai hu fen gong si",
    )
    assert spans(cast.wuxi) == [
        ("无锡分公司", "EAST", None, MONDAY), ("太湖分公司", "EAST", MONDAY, None),
    ]  # fmt: skip


def test_a_move_takes_what_lies_below_along_in_every_tree_of_then_and_now(cast: Cast) -> None:
    office = branches.save(
        Branch(code="WUX1", name="新区", kind=BranchKind.BRANCH, parent=cast.wuxi)
    )
    branches.move(cast.wuxi.pk, cast.northwest, since=MONDAY, by=cast.root, at=NOW)
    hq, east, northwest = cast.headquarters.pk, cast.east.pk, cast.northwest.pk
    before, after = as_of(MONDAY - DAY).branches, as_of(NOW).branches
    assert before[office.pk].path == f"/{hq}/{east}/{cast.wuxi.pk}/{office.pk}/"
    assert after[office.pk].path == f"/{hq}/{northwest}/{cast.wuxi.pk}/{office.pk}/"
    assert fresh(office).path == after[office.pk].path
    assert [each.code for each in after.values()] == [
        "HQ",
        "EAST",
        "SUZ",
        "NW",
        "LZ",
        "WUX",
        "WUX1",
    ]


def test_two_changes_at_one_moment_are_one_span(cast: Cast) -> None:
    branches.rename(cast.wuxi.pk, "太湖分公司", since=MONDAY, by=cast.root, at=NOW)
    branches.move(cast.wuxi.pk, cast.northwest, since=MONDAY, by=cast.root, at=NOW)
    assert spans(cast.wuxi)[1:] == [("太湖分公司", "NW", MONDAY, None)]


def test_a_slip_is_corrected_as_if_it_had_never_been(cast: Cast) -> None:
    cast.wuxi.name = "无锡分公司 "
    branches.save(cast.wuxi)
    assert len(spans(cast.wuxi)) == 1


def test_changes_are_neither_for_the_future_nor_before_the_last(cast: Cast) -> None:
    branches.rename(cast.wuxi.pk, "太湖分公司", since=MONDAY, by=cast.root, at=NOW)
    for since, code in ((NOW + DAY, "since.future"), (MONDAY - DAY, "since.before_last_change")):
        refused(code, lambda since=since: branches.rename(
            cast.wuxi.pk, "蠡湖", since=since, by=cast.root, at=NOW
        ))  # fmt: skip
        refused(code, lambda since=since: branches.merge(
            empty_wuxi(cast), cast.suzhou, since=since, by=cast.root, at=NOW
        ))  # fmt: skip


def empty_wuxi(cast: Cast) -> int:
    vacate(cast, cast.wuxi, cast.suzhou, at=MONDAY)
    return cast.wuxi.pk


def test_no_branch_ever_hung_below_itself_at_any_moment(cast: Cast) -> None:
    refused("parent.below_itself", lambda: branches.move(
        cast.east.pk, cast.wuxi, since=MONDAY, by=cast.root, at=NOW
    ))  # fmt: skip
    branches.move(cast.wuxi.pk, cast.northwest, since=MONDAY + 5 * DAY, by=cast.root, at=NOW)
    refused("parent.below_itself", lambda: branches.move(
        cast.east.pk, cast.wuxi, since=MONDAY, by=cast.root, at=NOW
    ))  # fmt: skip
    branches.move(cast.east.pk, cast.wuxi, since=MONDAY + 5 * DAY, by=cast.root, at=NOW)


def test_a_branch_begins_when_it_was_founded(cast: Cast) -> None:
    def found(**said: object) -> Branch:
        usual = {
            "code": "CZX", "name": "常州分公司", "kind": BranchKind.BRANCH, "parent": cast.east,
            "since": MONDAY, "by": cast.root, "at": NOW,
        }  # fmt: skip
        return branches.found(**{**usual, **said})  # type: ignore[arg-type]

    refused("code.taken", lambda: found(code="wux"))
    refused("name.taken", lambda: found(name="无锡分公司"))
    refused("name.blank", lambda: found(name="\u200b "))
    refused("kind.headquarters", lambda: found(kind=BranchKind.HEADQUARTERS))
    refused("since.future", lambda: found(since=NOW + DAY))
    made = found()
    assert "CZX" not in names(MONDAY - DAY)
    assert names(MONDAY)["CZX"] == ("常州分公司", "EAST")
    assert made.path == f"{cast.east.path}{made.pk}/"
    refused("parent.not_yet", lambda: found(
        code="CZ2", name="常州二部", parent=made, since=MONDAY - DAY
    ))  # fmt: skip


@pytest.mark.parametrize("who", ["li", "wang", "chen", "gao"])
def test_the_tree_is_the_administrators(cast: Cast, who: str) -> None:
    by = getattr(cast, who)
    for deed in (
        lambda: branches.rename(cast.wuxi.pk, "新", since=MONDAY, by=by, at=NOW),
        lambda: branches.close(cast.wuxi.pk, since=MONDAY, by=by, at=NOW),
        lambda: branches.describe(cast.wuxi.pk, city="", calendar=None, by=by),
    ):
        with pytest.raises(NotAllowed):
            deed()


def test_a_branch_closes_only_when_nobody_and_nothing_is_left_in_it(cast: Cast) -> None:
    def merge(branch: Branch, into: Branch) -> Branch:
        return branches.merge(branch.pk, into, since=MONDAY + DAY, by=cast.root, at=NOW)

    said = refused("branch.has_people", lambda: merge(cast.wuxi, cast.suzhou))
    assert "2 名" in said.message
    vacate(cast, cast.east, cast.northwest, at=MONDAY)
    said = refused("branch.has_children", lambda: merge(cast.east, cast.northwest))
    assert "2 个" in said.message
    refused("branch.headquarters", lambda: merge(cast.headquarters, cast.east))
    vacate(cast, cast.wuxi, cast.suzhou, at=MONDAY)
    refused("into.itself", lambda: merge(cast.wuxi, cast.wuxi))
    merge(cast.wuxi, cast.suzhou)
    refused("branch.closed", lambda: merge(cast.wuxi, cast.suzhou))
    refused("branch.closed", lambda: merge(cast.suzhou, cast.wuxi))
    refused("branch.closed", lambda: people.hire(
        "neu", name="新", role=Role.FRONTLINE, branch=cast.wuxi, password=None
    ))  # fmt: skip
    refused("parent.closed", lambda: branches.save(
        Branch(code="X", name="新", kind=BranchKind.BRANCH, parent=cast.wuxi)
    ))  # fmt: skip


def test_a_planned_post_keeps_its_branch_open(cast: Cast) -> None:
    people.appoint(cast.zhao.pk, Role.FRONTLINE, cast.suzhou, since=NOW + DAY, by=cast.root, at=NOW)
    refused("branch.has_people", lambda: branches.close(
        cast.suzhou.pk, since=NOW, by=cast.root, at=NOW
    ))  # fmt: skip


def test_after_a_merger_the_tree_of_before_still_stands(cast: Cast) -> None:
    vacate(cast, cast.wuxi, cast.suzhou, at=MONDAY)
    closed = MONDAY + 10 * DAY
    branches.merge(cast.wuxi.pk, cast.suzhou, since=closed, by=cast.root, at=NOW)
    before, after = as_of(closed - DAY), as_of(closed)
    assert cast.wuxi.pk in before.branches
    assert cast.wuxi.pk not in after.branches
    assert before.answering(cast.wuxi.pk) == cast.wuxi.pk
    assert after.answering(cast.wuxi.pk) == cast.suzhou.pk


def test_open_cases_of_a_closed_branch_are_seen_and_watched_by_the_last_in_its_line(
    cast: Cast, register: Register
) -> None:
    """Wuxi into Suzhou, Suzhou into Lanzhou, of another region."""
    case = register(by=cast.li)
    vacate(cast, cast.wuxi, cast.headquarters, at=MONDAY)
    branches.merge(cast.wuxi.pk, cast.suzhou, since=MONDAY + DAY, by=cast.root, at=NOW)
    assert set(branches_in_scope(cast.xu)) == {cast.east, cast.wuxi, cast.suzhou}
    branches.merge(cast.suzhou.pk, cast.lanzhou, since=MONDAY + 2 * DAY, by=cast.root, at=NOW)
    case.refresh_from_db()
    assert (case.owner_branch, case.owner) == (cast.wuxi, cast.li)
    assert fresh(cast.wuxi).successor == cast.suzhou
    assert fresh(cast.wuxi).heir == cast.lanzhou
    assert set(branches_in_scope(cast.zhao)) == {cast.lanzhou, cast.wuxi, cast.suzhou}
    for person in (cast.zhao, cast.ma, cast.li):
        assert visible_to(Person.objects.get(pk=person.pk)).filter(pk=case.pk).exists()
    for branch in (cast.wuxi, cast.suzhou, cast.lanzhou):
        assert Roster().holders(Role.SUPERVISOR, branch.pk) == [cast.ma.pk]


def test_a_branch_closed_without_more_ado_leaves_its_duties_to_what_lies_above(cast: Cast) -> None:
    vacate(cast, cast.lanzhou, cast.headquarters, at=MONDAY)
    branches.close(cast.lanzhou.pk, since=MONDAY + DAY, by=cast.root, at=NOW)
    assert fresh(cast.lanzhou).heir == cast.northwest
    assert Roster().holders(Role.QUALITY, cast.lanzhou.pk) == [cast.chen.pk]
    with pytest.raises(RuleBroken, match="总部不能撤并"):
        branches.close(cast.headquarters.pk, since=MONDAY, by=cast.root, at=NOW)


def test_a_closed_branch_takes_no_new_complaint(cast: Cast, register: Register) -> None:
    vacate(cast, cast.wuxi, cast.suzhou, at=MONDAY)
    closed = branches.merge(cast.wuxi.pk, cast.suzhou, since=MONDAY, by=cast.root, at=NOW)
    said = refused("branch.closed", lambda: register(by=cast.zhao, concerned_branch=closed))
    assert said.message == "“无锡分公司”已经撤并，由“苏州分公司”接手。"
    assert said.field == "concerned_branch"


def test_its_city_and_hours_have_no_history(cast: Cast) -> None:
    branches.describe(cast.wuxi.pk, city=" 无锡 ", calendar=None, by=cast.root)
    assert fresh(cast.wuxi).city == "无锡"
    assert len(spans(cast.wuxi)) == 1


#: What the database refuses whoever asks: statement, and the words of the refusal.
PROMISES = [
    ("UPDATE staff_branch SET name = 'x' WHERE code = 'WUX'", "not what its open span says"),
    ("UPDATE staff_branch SET path = '/9/' WHERE code = 'WUX'", "does not follow the tree"),
    ("UPDATE staff_branchspan SET name = 'x' WHERE name = '无锡分公司'", "not what its open span"),
    ("UPDATE staff_branchspan SET until = now() WHERE name = '无锡分公司'", "has an open span"),
    ("DELETE FROM staff_branchspan WHERE name = '无锡分公司'", "never deleted"),
    ("DELETE FROM staff_post", "never deleted"),
    ("INSERT INTO staff_branchspan (branch_id, name, sort_key) SELECT id, 'x', 'x'"
     " FROM staff_branch WHERE code = 'WUX'", "branch_span_"),
    ("INSERT INTO staff_branchspan (branch_id, name, sort_key, until) SELECT id, 'x', 'x', now()"
     " FROM staff_branch WHERE code = 'WUX'", "branch_span_no_overlap"),
    ("UPDATE staff_branch SET closed_at = now() WHERE code = 'SUZ'", "closed_has_an_heir"),
    ("UPDATE staff_branch SET closed_at = now(), successor_id = parent_id, heir_id = parent_id"
     " WHERE code = 'WUX'", "still has people"),
    ("UPDATE staff_branch SET closed_at = now(), successor_id = parent_id, heir_id = parent_id"
     " WHERE code = 'SUZ'", "a closed one none"),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "words"), PROMISES)
def test_the_database_keeps_the_tree_and_its_history_together(
    cast: Cast, statement: str, words: str
) -> None:
    with pytest.raises(IntegrityError, match=words), transaction.atomic():
        run(f"{statement}; SET CONSTRAINTS ALL IMMEDIATE")


def test_the_database_seats_nobody_active_in_a_closed_branch(cast: Cast) -> None:
    branches.close(cast.suzhou.pk, since=MONDAY, by=cast.root, at=NOW)
    with pytest.raises(IntegrityError, match="closed branch"), transaction.atomic():
        Person.objects.filter(pk=cast.li.pk).update(branch=cast.suzhou)
    Person.objects.filter(pk=cast.li.pk).update(branch=cast.suzhou, is_active=False)
    with pytest.raises(IntegrityError, match="closed branch"), transaction.atomic():
        Person.objects.filter(pk=cast.li.pk).update(is_active=True)


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_an_heir_is_always_open(cast: Cast) -> None:
    branches.close(cast.suzhou.pk, since=MONDAY, by=cast.root, at=NOW)
    changed = "UPDATE staff_branch SET heir_id = id WHERE code = 'SUZ'"
    with pytest.raises(IntegrityError, match="heir of branch"), transaction.atomic():
        run(f"{changed}; SET CONSTRAINTS ALL IMMEDIATE")


def test_a_conflict_names_the_heir(cast: Cast) -> None:
    branches.close(cast.suzhou.pk, since=MONDAY, by=cast.root, at=NOW)
    with pytest.raises(Conflict, match="由“华东平台”接手"):
        branches.rename(cast.suzhou.pk, "新", since=NOW, by=cast.root, at=NOW)
