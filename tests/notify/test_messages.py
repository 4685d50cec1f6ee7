"""Messages: rows first, each occasion once a person, sent afterwards, at least once."""

from __future__ import annotations

import smtplib
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import translation

from complaints.models import ClockKind
from notify import selectors
from notify.delivery import deliver
from notify.inbox import mark_read
from notify.models import Message
from notify.post import Note, msgid, post
from staff.models import Person
from tests.conftest import MONDAY, Cast

HOUR = timedelta(hours=1)


def tell(*recipients: Person, key: str = "k", text: str = "您好", **said: Any) -> None:
    post([Note(key=key, recipient_ids=[p.pk for p in recipients], text=text, **said)], at=MONDAY)


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


@pytest.fixture
def post_office(settings: Any) -> Any:
    settings.EMAIL_HOST = "mail.example.com"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.SITE_URL, settings.SITE_HOST = "https://desk.example.com", "desk.example.com"
    return settings


def test_without_a_mail_server_messages_stay_in_the_inbox(cast: Cast, settings: Any) -> None:
    settings.EMAIL_HOST = ""
    tell(cast.li, cast.wang)
    assert deliver(at=MONDAY + HOUR) == 2
    assert deliver(at=MONDAY + HOUR) == 0
    assert mail.outbox == []
    assert {m.delivered_at for m in Message.objects.all()} == {MONDAY + HOUR}


def test_with_one_they_leave_by_mail_once(cast: Cast, post_office: Any) -> None:
    Person.objects.filter(pk=cast.wang.pk).update(email="")
    tell(cast.li, cast.wang, text="%(no)s 到期", params={"no": "TS1"}, url="/complaints/TS1/")
    assert deliver(at=MONDAY + HOUR) == 2
    assert deliver(at=MONDAY + HOUR) == 0
    (sent,) = mail.outbox
    row = Message.objects.get(recipient=cast.li)
    assert (sent.subject, sent.to) == ("TS1 到期", ["li@example.com"])
    assert sent.body == "TS1 到期\n\nhttps://desk.example.com/complaints/TS1/"
    assert sent.extra_headers["Message-ID"] == f"<message-{row.pk}@desk.example.com>"


def test_a_batch_takes_the_oldest(cast: Cast, post_office: Any) -> None:
    for n in range(5):
        note = Note(key=f"k{n}", recipient_ids=[cast.li.pk], text=str(n))
        post([note], at=MONDAY - n * HOUR)
    assert [deliver(at=MONDAY, limit=2) for _ in range(4)] == [2, 2, 1, 0]
    assert [sent.subject for sent in mail.outbox] == ["4", "3", "2", "1", "0"]


def test_when_the_mail_server_refuses_the_batch_waits(cast: Cast, post_office: Any) -> None:
    post_office.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    post_office.EMAIL_HOST, post_office.EMAIL_PORT = "127.0.0.1", 1  # nobody listens there
    tell(cast.li)
    with pytest.raises((OSError, smtplib.SMTPException)):
        deliver(at=MONDAY)
    assert Message.objects.get().delivered_at is None
    post_office.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert deliver(at=MONDAY + HOUR) == 1
    assert len(mail.outbox) == 1
