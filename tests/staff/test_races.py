"""The tree and the posts changed by many at once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from complaints.access import visible_to
from complaints.models import Complaint
from staff import branches, people
from staff.models import Branch, Person, Post, Role
from tests.complaints.test_races import at_once, codes, done
from tests.conftest import MONDAY, Cast, Register
from tests.staff.moving import vacate

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("races")]

DAY = timedelta(days=1)


def test_two_moves_that_would_make_a_circle_are_never_both_done(cast: Cast) -> None:
    results = at_once([
        lambda: branches.move(cast.wuxi.pk, cast.suzhou, since=MONDAY, by=cast.root, at=MONDAY),
        lambda: branches.move(cast.suzhou.pk, cast.wuxi, since=MONDAY, by=cast.root, at=MONDAY),
    ])  # fmt: skip
    assert codes(results) == ["parent.below_itself"]
    above, below = sorted(Branch.objects.filter(code__in=["WUX", "SUZ"]), key=lambda b: b.path)
    assert below.path == f"{above.path}{below.pk}/"


def test_moves_of_a_region_and_of_its_branch_leave_paths_that_fit(cast: Cast) -> None:
    results = at_once([
        lambda: branches.move(cast.east.pk, cast.northwest, since=MONDAY, by=cast.root, at=MONDAY),
        lambda: branches.move(cast.wuxi.pk, cast.lanzhou, since=MONDAY, by=cast.root, at=MONDAY),
        lambda: branches.rename(cast.wuxi.pk, "太湖", since=MONDAY, by=cast.root, at=MONDAY),
    ])  # fmt: skip
    assert len(done(results)) == 3
    for branch in Branch.objects.select_related("parent"):
        assert branch.path == f"{branch.parent.path if branch.parent else '/'}{branch.pk}/"
    assert Branch.objects.get(code="WUX").name == "太湖"


def test_who_comes_while_the_branch_closes_comes_first_or_not_at_all(cast: Cast) -> None:
    vacate(cast, cast.wuxi, cast.suzhou, at=MONDAY - DAY)
    results = at_once([
        lambda: branches.close(cast.wuxi.pk, since=MONDAY, by=cast.root, at=MONDAY).pk,
        lambda: people.appoint(
            cast.zhao.pk, Role.FRONTLINE, cast.wuxi, since=MONDAY, by=cast.root, at=MONDAY
        ).pk,
        lambda: people.hire(
            "neu", name="新", role=Role.FRONTLINE, branch=cast.wuxi, password=None
        ).pk,
    ])  # fmt: skip
    closed = Branch.objects.get(pk=cast.wuxi.pk).closed_at is not None
    inside = Person.objects.filter(branch=cast.wuxi, is_active=True).exists()
    assert closed != inside
    assert len(codes(results)) == (2 if closed else 1)


def test_a_case_registered_while_its_branch_is_merged_is_nobodys_loss(
    cast: Cast, register: Register
) -> None:
    """Whoever types is at the old branch still; the successor sees the case all the same."""
    at_the_desk = Person.objects.select_related("branch").get(pk=cast.li.pk)
    vacate(cast, cast.wuxi, cast.suzhou, at=MONDAY - DAY)
    results = at_once([
        lambda: branches.merge(
            cast.wuxi.pk, cast.lanzhou, since=MONDAY, by=cast.root, at=MONDAY
        ).pk,
        *[lambda: register(by=at_the_desk).pk] * 4,
    ])  # fmt: skip
    assert codes(results) == []
    assert Complaint.objects.filter(owner_branch=cast.wuxi).count() == 4
    assert visible_to(Person.objects.get(pk=cast.ma.pk)).count() == 4


def test_a_planned_post_is_taken_up_once_by_ten_sweepers(cast: Cast) -> None:
    people.appoint(
        cast.li.pk, Role.SUPERVISOR, cast.lanzhou, since=MONDAY + DAY, by=cast.root, at=MONDAY
    )
    results = at_once([lambda: people.take_up_posts(MONDAY + DAY)] * 10)
    assert sum(done(results)) == 1
    assert Post.objects.filter(person=cast.li, is_current=True).get().branch == cast.lanzhou
