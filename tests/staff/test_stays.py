"""How long one stays signed in, where, and what ends it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client

from staff.agents import spoken
from staff.models import Person
from tests.api.conftest import Caller, refused
from tests.conftest import MONDAY, PASSWORD, Cast

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
LIST = "/account/sessions/"


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(MONDAY, tick=False) as traveller:
        yield traveller


def enter(person: Person, agent: str = "Firefox") -> Client:
    client = Client(headers={"User-Agent": agent})
    answer = client.post("/sign-in/", {"username": person.username, "password": PASSWORD})
    assert answer["Location"] == "/"
    assert client.get("/").status_code == 200
    return client


def is_in(client: Client) -> bool:
    return client.get("/playbook/").status_code == 200


@pytest.mark.parametrize(("minutes", "stays"), [(119, True), (120, False), (121, False)])
def test_whoever_sits_idle_is_out_after_two_hours(
    cast: Cast, clock: time_machine.Traveller, minutes: int, stays: bool
) -> None:
    client = enter(cast.li)
    clock.shift(minutes * MINUTE)
    assert is_in(client) is stays
    assert Session.objects.count() == (1 if stays else 0)


def test_nobody_stays_longer_than_twelve_hours_however_busy(
    cast: Cast, clock: time_machine.Traveller
) -> None:
    client = enter(cast.li)
    for _ in range(11):
        clock.shift(HOUR)
        assert is_in(client)
    clock.shift(59 * MINUTE)
    assert is_in(client)
    clock.shift(MINUTE)
    assert not is_in(client)


def test_the_api_counts_for_a_browser_too(cast: Cast, clock: time_machine.Traveller) -> None:
    caller = Caller()
    caller.force_login(cast.li)
    assert caller.ask("me/").status_code == 200
    clock.shift(2 * HOUR)
    refused(caller.ask("me/"), 401, "not_authenticated")


def test_one_sees_where_one_is_signed_in(cast: Cast, clock: time_machine.Traveller) -> None:
    enter(cast.wang, "Elsewhere")
    there = enter(cast.li, "Phone")
    clock.shift(30 * MINUTE)
    is_in(there)
    here = enter(cast.li, "<b>Desk</b>")
    page = here.get(LIST).content.decode()
    rows = re.findall(r"<tr>.*?</tr>", page, re.DOTALL)[1:]
    assert len(rows) == 2
    assert "本机" in "".join(row for row in rows if "&lt;b&gt;Desk" in row)
    assert "Phone" in page
    assert "12:30" in page
    assert "Elsewhere" not in page


def test_one_session_is_ended_and_only_ones_own(cast: Cast) -> None:
    other, there, here = enter(cast.wang), enter(cast.li), enter(cast.li)
    first, second = UserSession.objects.filter(user=cast.li).order_by("pk")
    assert here.post(f"{LIST}{first.pk}/end/")["Location"] == LIST
    assert [is_in(client) for client in (other, there, here)] == [True, False, True]
    strange = UserSession.objects.get(user=cast.wang)
    assert here.post(f"{LIST}{strange.pk}/end/").status_code == 404
    assert here.get(f"{LIST}{second.pk}/end/").status_code == 405
    assert is_in(other)


def test_all_others_are_ended_at_once(cast: Cast) -> None:
    other, there, too, here = enter(cast.wang), enter(cast.li), enter(cast.li), enter(cast.li)
    here.post(f"{LIST}end-others/")
    assert [is_in(client) for client in (other, there, too, here)] == [True, False, False, True]


def test_the_last_sight_is_written_once_a_minute_at_most(
    cast: Cast, clock: time_machine.Traveller
) -> None:
    client = enter(cast.li)
    seen = UserSession.objects.get().last_seen_at
    clock.shift(59)
    is_in(client)
    assert UserSession.objects.get().last_seen_at == seen
    clock.shift(1)
    is_in(client)
    assert UserSession.objects.get().last_seen_at == seen + MINUTE


def test_a_session_made_elsewhere_is_listed_from_its_first_page_on(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.li)
    assert "本机" in client.get(LIST).content.decode()


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
         "Chrome/130.0 Safari/537.36 Edg/130.0", "Edge · Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 14_6) Version/17.6 Safari/605", "Safari · macOS"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_6 like Mac OS X) MicroMessenger/8.0",
         "WeChat · iPhone"),
        ("Mozilla/5.0 (Linux; Android 14) Chrome/130.0 Mobile Safari/537.36", "Chrome · Android"),
        ("curl/8.5", "curl/8.5"),
        ("", "–"),
    ],
)  # fmt: skip
def test_a_device_is_named_in_words_a_person_knows(agent: str, said: str) -> None:
    assert spoken(agent) == said
