"""The inbox: read, opened, marked, and nobody else's."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from notify.models import Message
from notify.post import Note, post
from staff.models import Person
from tests.conftest import Cast


def enter(person: Person) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(person)
    return client


def tell(person: Person, n: int = 1, **note: Any) -> list[Message]:
    """`n` messages to the person, numbered."""
    usual = {"text": "第 %(n)s 件事", "url": "/complaints/"}
    notes = [
        Note(f"note:{person.pk}:{k}", [person.pk], **{**usual, "params": {"n": str(k)}, **note})
        for k in range(1, n + 1)
    ]
    post(notes, at=timezone.now())
    return list(Message.objects.filter(recipient=person).order_by("pk"))


def test_the_inbox_shows_ones_own_messages_newest_first(cast: Cast) -> None:
    mine = tell(cast.li, 3)
    tell(cast.wang)
    response = enter(cast.li).get("/messages/")
    assert list(response.context["page"]) == mine[::-1]
    assert "第 3 件事" in response.content.decode()


def test_an_empty_inbox_says_so(cast: Cast) -> None:
    assert "没有消息" in enter(cast.li).get("/messages/").content.decode()


def test_opening_a_message_marks_it_and_leads_where_it_points(cast: Cast) -> None:
    first, second = tell(cast.li, 2)
    client = enter(cast.li)
    response = client.post(f"/messages/{first.pk}/")
    assert (response.status_code, response["Location"]) == (302, "/complaints/")
    assert list(client.get("/messages/?unread=1").context["page"]) == [second]
    assert len(client.get("/messages/").context["page"].object_list) == 2


def test_a_message_without_an_address_leads_back_to_the_inbox(cast: Cast) -> None:
    (message,) = tell(cast.li, url="")
    assert enter(cast.li).post(f"/messages/{message.pk}/")["Location"] == "/messages/"


def test_reading_again_keeps_the_first_time(cast: Cast) -> None:
    (message,) = tell(cast.li)
    client = enter(cast.li)
    client.post(f"/messages/{message.pk}/")
    read_at = Message.objects.get().read_at
    client.post(f"/messages/{message.pk}/")
    assert Message.objects.get().read_at == read_at


def test_nobody_opens_or_marks_somebody_elses(cast: Cast) -> None:
    (message,) = tell(cast.li)
    for person in (cast.wang, cast.chen, cast.root):
        client = enter(person)
        assert client.post(f"/messages/{message.pk}/").status_code == 404
        assert client.post("/messages/read/").status_code == 302
    assert Message.objects.get().read_at is None


def test_all_are_marked_at_once(cast: Cast) -> None:
    tell(cast.li, 3)
    tell(cast.wang)
    client = enter(cast.li)
    assert "全部标为已读" in client.get("/messages/").content.decode()
    assert client.post("/messages/read/")["Location"] == "/messages/"
    assert list(Message.objects.filter(read_at=None).values_list("recipient", flat=True)) == [
        cast.wang.pk
    ]
    assert "全部标为已读" not in client.get("/messages/").content.decode()


@pytest.mark.parametrize("address", ["/messages/1/", "/messages/read/"])
def test_looking_marks_nothing(cast: Cast, address: str) -> None:
    tell(cast.li)
    client = enter(cast.li)
    assert client.get(address).status_code == 405
    client.get("/messages/")
    assert Message.objects.get().read_at is None


@pytest.mark.parametrize(("n", "shown"), [(0, None), (1, "1"), (99, "99"), (100, "100")])
def test_the_unread_are_counted_on_every_page(cast: Cast, n: int, shown: str | None) -> None:
    tell(cast.li, n)
    context = enter(cast.li).get("/playbook/").context
    assert context["unread_count"] == int(shown or 0)


def test_the_inbox_has_pages(cast: Cast) -> None:
    tell(cast.li, 31)
    client = enter(cast.li)
    first = client.get("/messages/?unread=1")
    assert "unread=1&amp;page=2" in first.content.decode()
    assert len(client.get("/messages/?unread=1&page=2").context["page"].object_list) == 1


def test_words_of_others_are_shown_as_words(cast: Cast) -> None:
    tell(cast.li, text="<b>%(n)s</b>")
    assert "&lt;b&gt;1&lt;/b&gt;" in enter(cast.li).get("/messages/").content.decode()


def test_the_inbox_costs_the_same_however_full(cast: Cast, django_assert_num_queries: Any) -> None:
    client = enter(cast.li)
    client.get("/messages/")  # the first page of a session notes who is there
    tell(cast.li, 2)
    with django_assert_num_queries(14):
        client.get("/messages/")
    tell(cast.li, 25)
    with django_assert_num_queries(14):
        client.get("/messages/")
