"""Messages: rows first, each occasion once a person, in the inbox from their first moment."""

from __future__ import annotations

from typing import Any

from django.utils import translation

from complaints.models import ClockKind
from notify import selectors
from notify.inbox import mark_read
from notify.models import Message
from notify.post import Note, msgid, post
from tests.conftest import MONDAY, Cast
from tests.notify.scenes import HOUR, tell


def test_an_occasion_is_told_once_to_each(cast: Cast) -> None:
    tell(cast.li, cast.wang, cast.li)
    tell(cast.li, cast.chen, text="别的话")
    tell(cast.li, key="k2")
    told = Message.objects.order_by("pk").values_list("key", "recipient__username", "text")
    assert list(told) == [
        ("k", "li", "您好"), ("k", "wang", "您好"), ("k", "chen", "别的话"), ("k2", "li", "您好"),
    ]  # fmt: skip


def test_telling_nobody_writes_nothing(cast: Cast) -> None:
    tell()
    post([], at=MONDAY)
    assert not Message.objects.exists()


def test_a_thousand_are_told_with_one_statement(cast: Cast, django_assert_num_queries: Any) -> None:
    notes = [Note(key=f"k{n}", recipient_ids=[cast.li.pk], text="您好") for n in range(1000)]
    with django_assert_num_queries(1):
        post(notes, at=MONDAY)
    assert Message.objects.count() == 1000


def test_a_message_is_read_in_the_readers_language(cast: Cast) -> None:
    with translation.override("en"):
        label = msgid(ClockKind.APOLOGY._label_.__str__)
    assert label == "致歉"
    tell(cast.li, text="%(no)s 的%(clock)s", params={"no": "TS1", "clock": label})
    with translation.override("zh-hans"):
        assert str(Message.objects.get()) == "TS1 的致歉"


def test_what_people_typed_is_never_taken_for_a_place(cast: Cast) -> None:
    tell(cast.li, text="%(no)s", params={"no": "100%(x)s %d", "empty": ""})
    assert str(Message.objects.get()) == "100%(x)s %d"


def test_the_inbox_is_ones_own_newest_first(cast: Cast) -> None:
    for n in range(3):
        note = Note(key=f"k{n}", recipient_ids=[cast.li.pk, cast.wang.pk], text=str(n))
        post([note], at=MONDAY + n * HOUR)
    assert [message.text for message in selectors.inbox(cast.li)] == ["2", "1", "0"]
    assert selectors.unread_count(cast.li) == 3
    assert selectors.unread_count(cast.li, at_most=1) == 2
    assert selectors.unread_count(cast.chen) == 0


def test_reading_marks_ones_own_and_only_once(cast: Cast) -> None:
    for n in range(3):
        tell(cast.li, cast.wang, key=f"k{n}")
    wangs = list(Message.objects.filter(recipient=cast.wang).values_list("pk", flat=True))
    mine = Message.objects.filter(recipient=cast.li).order_by("pk")
    assert mark_read(cast.li, at=MONDAY, message_ids=[mine[0].pk, *wangs]) == 1
    assert mark_read(cast.li, at=MONDAY + HOUR) == 2
    assert mark_read(cast.li, at=MONDAY + HOUR) == 0
    assert mine[0].read_at == MONDAY
    assert mark_read(cast.li, at=MONDAY, message_ids=[]) == 0
    assert selectors.unread_count(cast.wang) == 3
