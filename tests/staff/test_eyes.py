"""Whose eyes a transaction sees with: the second wall stands where the first one does."""

from __future__ import annotations

from datetime import datetime, timedelta

from common.walls import Reach
from staff import absences, branches
from staff.absences import Leave
from staff.access import branches_in_scope
from staff.eyes import eyes_of
from staff.models import AbsenceReason, Branch, Person
from tests.conftest import MONDAY, Cast
from tests.staff.moving import vacate

DAY = timedelta(days=1)


def seen_by(person: Person, at: datetime = MONDAY) -> set[int]:
    """The branches in reach, which are those of the first wall."""
    fresh = Person.objects.select_related("branch").get(pk=person.pk)
    eyes = eyes_of(fresh, at)
    assert eyes.reach == Reach.SOME
    assert sorted(eyes.branches) == sorted(branches_in_scope(fresh).values_list("pk", flat=True))
    assert fresh.pk in eyes.people
    return set(eyes.branches)


def ids(*of: Branch) -> set[int]:
    return {branch.pk for branch in of}


def test_the_front_line_sees_its_branch_and_a_region_all_below_it(cast: Cast) -> None:
    assert seen_by(cast.li) == ids(cast.wuxi)
    assert seen_by(cast.xu) == ids(cast.east, cast.wuxi, cast.suzhou)


def test_headquarters_sees_all_and_the_administrator_nothing(cast: Cast) -> None:
    assert eyes_of(cast.chen).reach == Reach.ALL
    assert eyes_of(cast.root).reach == Reach.NOTHING


def test_what_a_branch_has_inherited_is_in_its_eyes(cast: Cast) -> None:
    vacate(cast, cast.wuxi, cast.headquarters, at=MONDAY)
    vacate(cast, cast.suzhou, cast.headquarters, at=MONDAY)
    branches.merge(cast.wuxi.pk, cast.suzhou, since=MONDAY + DAY, by=cast.root, at=MONDAY + DAY)
    branches.merge(
        cast.suzhou.pk, cast.lanzhou, since=MONDAY + 2 * DAY, by=cast.root, at=MONDAY + 2 * DAY
    )
    assert seen_by(cast.zhao) == ids(cast.lanzhou, cast.wuxi, cast.suzhou)
    assert seen_by(cast.ma) == ids(cast.lanzhou, cast.wuxi, cast.suzhou)


def test_who_stands_in_for_somebody_sees_their_cases_as_long_as_they_are_away(cast: Cast) -> None:
    leave = Leave(
        person=cast.li,
        since=MONDAY,
        until=MONDAY + DAY,
        reason=AbsenceReason.LEAVE,
        deputy=cast.zhao,
    )
    absences.plan(leave, by=cast.li, at=MONDAY)
    assert eyes_of(cast.zhao, MONDAY).people == [cast.zhao.pk, cast.li.pk]
    assert eyes_of(cast.zhao, MONDAY + DAY).people == [cast.zhao.pk]
