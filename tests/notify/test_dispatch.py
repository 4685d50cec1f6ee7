"""Dispatch: from the inbox to the ways out that each has chosen, held in quiet hours, folded."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection

from notify import selectors
from notify.dispatch import CROWD, dispatch, fold
from notify.models import Delivery, Message
from notify.post import DIGEST_TEXT
from staff.models import Person
from tests.conftest import MONDAY, Cast
from tests.notify.scenes import HOUR, MINUTE, SECOND, hook, mail, sms, tell, tell_many, wants

WEEK = timedelta(days=7)


@pytest.fixture
def ways(settings: Any) -> None:
    settings.EMAIL_HOST, settings.SMS_URL = "mail.example.com", "https://sms.example.com/"


def ways_of(person: Person) -> list[str]:
    found = Delivery.objects.filter(message__recipient=person).order_by("outlet_id")
    return list(found.values_list("outlet__kind", flat=True))


def test_who_never_chose_hears_by_mail(cast: Cast, ways: None) -> None:
    Person.objects.filter(pk=cast.wang.pk).update(email="")
    tell(cast.li, cast.wang)
    assert dispatch(at=MONDAY, limit=10) == 2
    assert (ways_of(cast.li), ways_of(cast.wang)) == (["mail"], [])
    assert {m.dispatched_at for m in Message.objects.all()} == {MONDAY}


def test_who_chose_hears_by_each_chosen_way_once(cast: Cast, ways: None) -> None:
    group = hook("json://127.0.0.1/")
    Person.objects.filter(pk=cast.li.pk).update(phone="13800138000")
    wants(cast.li, mail(), sms(), group)
    wants(cast.wang, group)
    wants(cast.chen)
    tell(cast.li, cast.wang, cast.chen)
    assert dispatch(at=MONDAY, limit=10) == 3
    assert dispatch(at=MONDAY, limit=10) == 0
    assert ways_of(cast.li) == ["mail", "sms", "webhook"]
    assert (ways_of(cast.wang), ways_of(cast.chen)) == (["webhook"], [])


def test_a_way_that_is_off_or_not_set_up_is_not_taken(cast: Cast, settings: Any) -> None:
    settings.EMAIL_HOST = settings.SMS_URL = ""
    group = hook("json://127.0.0.1/")
    Person.objects.filter(pk=cast.li.pk).update(phone="13800138000")
    wants(cast.li, mail(), sms(), group)
    group.is_active = False
    group.save()
    tell(cast.li)
    assert dispatch(at=MONDAY, limit=10) == 1
    assert not Delivery.objects.exists()


def test_who_has_left_hears_nothing_outside(cast: Cast, ways: None) -> None:
    Person.objects.filter(pk=cast.li.pk).update(is_active=False)
    tell(cast.li)
    assert dispatch(at=MONDAY, limit=10) == 1
    assert not Delivery.objects.exists()


def test_what_is_for_the_inbox_alone_is_not_dispatched(cast: Cast, ways: None) -> None:
    tell(cast.li, in_app_only=True)
    assert dispatch(at=MONDAY, limit=10) == 0
    assert selectors.unread_count(cast.li) == 1
    assert not Delivery.objects.exists()


def test_a_digest_waits_for_its_window(cast: Cast, ways: None) -> None:
    tell(cast.li)
    Message.objects.update(hold_until=MONDAY + MINUTE, folded=12)
    assert dispatch(at=MONDAY + 59 * SECOND, limit=10) == 0
    assert selectors.oldest_waiting(MONDAY + 59 * SECOND) is None
    assert selectors.oldest_waiting(MONDAY + 70 * SECOND) == 10 * SECOND
    assert dispatch(at=MONDAY + MINUTE, limit=10) == 1
    assert ways_of(cast.li) == ["mail"]


def test_a_digest_may_be_written_as_a_bare_row(cast: Cast) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO notify_message (key, recipient_id, text, created_at)"
            " VALUES ('digest:calm:1', %s, %s, %s)",
            [cast.li.pk, DIGEST_TEXT, MONDAY],
        )
    row = Message.objects.get()
    assert (row.params, row.url, row.urgent, row.folded) == ({}, "", False, 0)
    assert (row.read_at, row.hold_until, row.dispatched_at) == (None, None, None)


def on_the_clock(hour: int, minute: int = 0, second: int = 0) -> datetime:
    """That Monday's hour in Shanghai."""
    midnight = datetime(2026, 11, 15, 16, tzinfo=UTC)
    return midnight + timedelta(hours=hour, minutes=minute, seconds=second)


NIGHT, LUNCH = (time(22), time(7)), (time(12), time(13, 30))


@pytest.mark.parametrize(
    ("quiet", "at", "leaves"),
    [
        (NIGHT, on_the_clock(21, 59, 59), on_the_clock(21, 59, 59)),
        (NIGHT, on_the_clock(22), on_the_clock(31)),
        (NIGHT, on_the_clock(23, 59, 59), on_the_clock(31)),
        (NIGHT, on_the_clock(24), on_the_clock(31)),
        (NIGHT, on_the_clock(6, 59, 59), on_the_clock(7)),
        (NIGHT, on_the_clock(7), on_the_clock(7)),
        (NIGHT, on_the_clock(12), on_the_clock(12)),
        (LUNCH, on_the_clock(11, 59, 59), on_the_clock(11, 59, 59)),
        (LUNCH, on_the_clock(12), on_the_clock(13, 30)),
        (LUNCH, on_the_clock(13, 29, 59), on_the_clock(13, 30)),
        (LUNCH, on_the_clock(13, 30), on_the_clock(13, 30)),
        ((time(0), time(6)), on_the_clock(0), on_the_clock(6)),
        ((time(18), time(0)), on_the_clock(18), on_the_clock(24)),
        ((time(18), time(0)), on_the_clock(0), on_the_clock(0)),
        ((None, None), on_the_clock(3), on_the_clock(3)),
    ],
)
def test_quiet_hours_hold_what_is_not_urgent(
    cast: Cast, ways: None, quiet: Any, at: datetime, leaves: datetime
) -> None:
    wants(cast.li, mail(), quiet=quiet)
    tell(cast.li, key="calm")
    tell(cast.li, key="alarm", urgent=True)
    assert dispatch(at=at, limit=10) == 2
    found = Delivery.objects.values_list("message__key", "urgent", "available_at")
    assert set(found) == {("calm", False, leaves), ("alarm", True, at)}


def on_the_clock_in_new_york(day: int, hour: int) -> datetime:
    return datetime(2026, 3, day, hour, tzinfo=UTC)


def test_quiet_hours_end_by_the_wall_clock_when_summer_time_begins(
    cast: Cast, ways: None, settings: Any
) -> None:
    settings.TIME_ZONE = "America/New_York"
    wants(cast.li, mail(), quiet=NIGHT)
    tell(cast.li)
    dispatch(at=on_the_clock_in_new_york(8, 3), limit=10)  # 22:00 on the 7th
    assert Delivery.objects.get().available_at == on_the_clock_in_new_york(8, 11)  # 07:00, EDT


@pytest.mark.parametrize(("n", "folded"), [(CROWD, 0), (CROWD + 1, CROWD + 1)])
def test_a_crowd_for_one_person_leaves_as_one(cast: Cast, ways: None, n: int, folded: int) -> None:
    tell_many(cast.li, n)
    tell_many(cast.wang, 3)
    assert fold(at=MONDAY + SECOND) == folded
    assert dispatch(at=MONDAY + SECOND, limit=100) == n + 3 - folded
    assert dispatch(at=MONDAY + MINUTE, limit=100) == (1 if folded else 0)
    assert len(ways_of(cast.li)) == (1 if folded else n)
    assert len(ways_of(cast.wang)) == 3


def test_the_one_says_how_many_and_leaves_when_the_minute_is_over(cast: Cast, ways: None) -> None:
    tell_many(cast.li, 30)
    fold(at=MONDAY + SECOND)
    tell_many(cast.li, 25, at=MONDAY + 5 * SECOND)
    assert fold(at=MONDAY + 10 * SECOND) == 25
    (one,) = Message.objects.filter(folded__gt=0)
    assert (one.folded, str(one)) == (55, "您有 55 条新消息，请到“消息”里查看")
    assert (one.key, one.hold_until) == (f"catch-up:calm:{MONDAY.timestamp():.0f}", MONDAY + MINUTE)
    assert dispatch(at=MONDAY + 59 * SECOND, limit=100) == 0
    assert dispatch(at=MONDAY + MINUTE, limit=100) == 1
    assert Delivery.objects.get().message == one


def test_the_inbox_keeps_them_all_and_counts_the_one_as_read(cast: Cast, ways: None) -> None:
    tell_many(cast.li, 30)
    fold(at=MONDAY)
    assert selectors.inbox(cast.li).count() == 31
    assert selectors.unread_count(cast.li) == 30


def test_alarms_and_others_are_not_folded_together(cast: Cast, ways: None) -> None:
    tell_many(cast.li, 21)
    tell_many(cast.li, 15, at=MONDAY + SECOND, urgent=True)
    assert fold(at=MONDAY + MINUTE) == 21
    assert Message.objects.get(folded__gt=0).urgent is False
    tell_many(cast.li, 10, at=MONDAY + 2 * SECOND, urgent=True)
    assert fold(at=MONDAY + MINUTE) == 25
    assert Message.objects.filter(folded__gt=0, urgent=True).get().folded == 25


def test_what_comes_after_the_one_has_left_is_not_lost(cast: Cast, ways: None) -> None:
    """A dispatcher that was slow to begin must not add to a message that is out already."""
    tell_many(cast.li, 30)
    fold(at=MONDAY + SECOND)
    dispatch(at=MONDAY + MINUTE, limit=100)
    tell_many(cast.li, 30, at=MONDAY + 2 * SECOND)
    assert fold(at=MONDAY + 3 * SECOND) == 0
    assert fold(at=MONDAY + MINUTE) == 30
    assert sorted(Message.objects.values_list("folded", flat=True))[-2:] == [30, 30]


def test_where_nothing_leaves_nothing_is_folded(cast: Cast, settings: Any) -> None:
    settings.EMAIL_HOST = ""
    tell_many(cast.li, 30)
    assert fold(at=MONDAY) == 0
    assert dispatch(at=MONDAY, limit=100) == 30
    assert selectors.inbox(cast.li).count() == 30


def test_dispatch_takes_the_oldest_first(cast: Cast, ways: None) -> None:
    for n in range(5):
        tell(cast.li, key=f"k{n}", at=MONDAY - n * HOUR)
    assert [dispatch(at=MONDAY, limit=2) for _ in range(4)] == [2, 2, 1, 0]
    order = Delivery.objects.order_by("pk").values_list("message__key", flat=True)
    assert list(order) == ["k4", "k3", "k2", "k1", "k0"]


def test_many_are_dispatched_with_a_handful_of_statements(
    cast: Cast, ways: None, django_assert_num_queries: Any
) -> None:
    for person in cast.people:
        tell_many(person, 20)
    with django_assert_num_queries(4):
        fold(at=MONDAY)
        dispatch(at=MONDAY, limit=500)
    assert Delivery.objects.count() == 20 * len(cast.people)


def test_the_oldest_that_should_have_moved_is_told(cast: Cast, ways: None) -> None:
    assert selectors.oldest_waiting(MONDAY) is None
    tell(cast.li, at=MONDAY - WEEK, in_app_only=True)
    tell(cast.li, key="k2", at=MONDAY - 40 * SECOND)
    assert selectors.oldest_waiting(MONDAY) == 40 * SECOND
    dispatch(at=MONDAY, limit=10)
    assert selectors.oldest_waiting(MONDAY + 5 * SECOND) == 5 * SECOND
    Delivery.objects.update(available_at=MONDAY + HOUR)
    assert selectors.oldest_waiting(MONDAY + 5 * SECOND) is None
