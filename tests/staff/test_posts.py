"""Posts from and to: now, back then, and when their time has come."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from common.errors import NotAllowed, RuleBroken
from complaints.access import visible_to
from staff import branches, people
from staff.models import Branch, Person, Post, Role
from tests.conftest import MONDAY, Cast, Register

DAY = timedelta(days=1)


def fresh(person: Person) -> Person:
    return Person.objects.select_related("branch").get(pk=person.pk)


def posts(person: Person) -> list[tuple[str, str, datetime | None, datetime | None, bool]]:
    found = Post.objects.filter(person=person, cancelled_at=None).select_related("branch")
    rows = [(p.role, p.branch.code, p.since, p.until, p.is_current) for p in found]
    return sorted(rows, key=lambda row: row[2] or datetime.min.replace(tzinfo=MONDAY.tzinfo))


def appoint(cast: Cast, person: Person, role: Role, branch: Branch, since: datetime) -> Post:
    return people.appoint(person.pk, role, branch, since=since, by=cast.root, at=MONDAY)


def test_whoever_is_taken_on_holds_a_post_of_no_known_beginning(cast: Cast) -> None:
    assert posts(cast.li) == [("frontline", "WUX", None, None, True)]
    made = people.hire(
        "neu", name="新", role=Role.FRONTLINE, branch=cast.wuxi, password=None, since=MONDAY
    )
    assert posts(made) == [("frontline", "WUX", MONDAY, None, True)]


def test_a_new_post_begins_and_the_old_one_ends_at_the_same_moment(
    cast: Cast, register: Register
) -> None:
    case = register(by=cast.li)
    since = MONDAY - DAY
    appoint(cast, cast.li, Role.SUPERVISOR, cast.lanzhou, since)
    li = fresh(cast.li)
    assert (li.role, li.branch) == (Role.SUPERVISOR, cast.lanzhou)
    assert posts(li) == [
        ("frontline", "WUX", None, since, False), ("supervisor", "LZ", since, None, True),
    ]  # fmt: skip
    case.refresh_from_db()
    assert (case.owner, case.owner_branch) == (li, cast.wuxi)
    assert visible_to(li).filter(pk=case.pk).exists()


def test_a_planned_post_is_taken_up_at_its_moment_and_not_before(cast: Cast) -> None:
    since = MONDAY + DAY
    appoint(cast, cast.li, Role.SUPERVISOR, cast.lanzhou, since)
    instant = timedelta(microseconds=1)
    for moment, taken in ((since - instant, 0), (since, 1), (since + DAY, 0)):
        assert people.take_up_posts(moment) == taken
        assert fresh(cast.li).role == ("supervisor" if moment >= since else "frontline")
    assert fresh(cast.li).branch == cast.lanzhou
    assert posts(cast.li) == [
        ("frontline", "WUX", None, since, False), ("supervisor", "LZ", since, None, True),
    ]  # fmt: skip


def test_another_plan_takes_the_place_of_the_first_and_may_be_cancelled(cast: Cast) -> None:
    appoint(cast, cast.li, Role.SUPERVISOR, cast.lanzhou, MONDAY + DAY)
    appoint(cast, cast.li, Role.FRONTLINE, cast.suzhou, MONDAY + 2 * DAY)
    assert [row[:2] for row in posts(cast.li)] == [("frontline", "WUX"), ("frontline", "SUZ")]
    assert people.cancel_planned(cast.li.pk, by=cast.root, at=MONDAY)
    assert not people.cancel_planned(cast.li.pk, by=cast.root, at=MONDAY)
    assert posts(cast.li) == [("frontline", "WUX", None, None, True)]
    assert people.take_up_posts(MONDAY + 9 * DAY) == 0
    assert Post.objects.filter(person=cast.li, cancelled_at=MONDAY).count() == 2


def test_what_is_done_at_once_cancels_what_was_planned(cast: Cast) -> None:
    appoint(cast, cast.li, Role.SUPERVISOR, cast.lanzhou, MONDAY + DAY)
    appoint(cast, cast.li, Role.FRONTLINE, cast.suzhou, MONDAY)
    assert posts(cast.li) == [
        ("frontline", "WUX", None, MONDAY, False), ("frontline", "SUZ", MONDAY, None, True),
    ]  # fmt: skip


def test_administrators_get_into_the_back_office_and_lose_it_with_the_post(cast: Cast) -> None:
    appoint(cast, cast.li, Role.ADMINISTRATOR, cast.headquarters, MONDAY)
    assert (fresh(cast.li).is_staff, fresh(cast.li).is_superuser) == (True, True)
    people.appoint(
        cast.li.pk, Role.FRONTLINE, cast.wuxi, since=MONDAY + DAY, by=cast.root, at=MONDAY + DAY
    )
    assert (fresh(cast.li).is_staff, fresh(cast.li).is_superuser) == (False, False)


def test_what_no_appointment_may_be(cast: Cast) -> None:
    branches.close(cast.suzhou.pk, since=MONDAY, by=cast.root, at=MONDAY)
    appoint(cast, cast.zhao, Role.SUPERVISOR, cast.lanzhou, MONDAY)
    Person.objects.filter(pk=cast.ma.pk).update(is_active=False)
    cases: list[tuple[str, Person, Role, Branch, datetime]] = [
        ("post.same", cast.li, Role.FRONTLINE, cast.wuxi, MONDAY),
        ("branch.closed", cast.li, Role.FRONTLINE, cast.suzhou, MONDAY),
        ("since.before_last_change", cast.zhao, Role.FRONTLINE, cast.lanzhou, MONDAY),
        ("role.only_administrator", cast.root, Role.QUALITY, cast.headquarters, MONDAY),
        ("person.inactive", cast.ma, Role.QUALITY, cast.headquarters, MONDAY),
    ]
    for code, person, role, branch, since in cases:
        with pytest.raises(RuleBroken) as caught, transaction.atomic():
            appoint(cast, person, role, branch, since)
        assert caught.value.code == code
    with pytest.raises(NotAllowed):
        people.appoint(
            cast.li.pk, Role.GENERAL_MANAGER, cast.wuxi, since=MONDAY, by=cast.gao, at=MONDAY
        )
    with pytest.raises(NotAllowed):
        people.cancel_planned(cast.li.pk, by=cast.li, at=MONDAY)


def test_the_post_of_whoever_leaves_ends(cast: Cast) -> None:
    appoint(cast, cast.li, Role.SUPERVISOR, cast.lanzhou, MONDAY + 5 * DAY)
    with transaction.atomic():
        people.end_post(cast.li.pk, at=MONDAY)
        Person.objects.filter(pk=cast.li.pk).update(is_active=False)
    assert posts(cast.li) == [("frontline", "WUX", None, MONDAY, False)]
    assert people.take_up_posts(MONDAY + 9 * DAY) == 0
    late = people.hire(
        "neu", name="新", role=Role.FRONTLINE, branch=cast.wuxi, password=None, since=MONDAY
    )
    with transaction.atomic():
        people.end_post(late.pk, at=MONDAY)
        Person.objects.filter(pk=late.pk).update(is_active=False)
    assert posts(late) == []


def test_whoever_writes_a_person_past_the_services_leaves_history(cast: Cast) -> None:
    appoint(cast, cast.zhao, Role.SUPERVISOR, cast.lanzhou, MONDAY + 20000 * DAY)
    for person in (cast.li, cast.zhao):
        Person.objects.filter(pk=person.pk).update(branch=cast.suzhou)
    Person.objects.filter(pk=cast.ma.pk).update(is_active=False)
    settle()
    (_old, before, since, until, _current), (_role, after, begun, _until, current) = posts(cast.li)
    assert (before, since, after, current) == ("WUX", None, "SUZ", True)
    assert until == begun
    assert [row[1] for row in posts(cast.zhao)] == ["LZ", "SUZ", "LZ"]
    made = Person.objects.create(username="raw", name="生", role="frontline", branch=cast.wuxi)
    settle()
    assert posts(made) == [("frontline", "WUX", None, None, True)]


def settle() -> None:
    """As a commit would."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")


def test_posts_of_one_person_never_overlap(cast: Cast) -> None:
    for said in ({"is_current": True}, {"since": MONDAY}, {"until": MONDAY}):
        with pytest.raises(IntegrityError, match="post_"), transaction.atomic():
            Post.objects.create(person=cast.li, role="quality", branch=cast.wuxi, **said)
    with pytest.raises(IntegrityError, match="post_"), transaction.atomic():
        Post.objects.create(
            person=cast.li, role="quality", branch=cast.wuxi, since=MONDAY, until=MONDAY
        )
