"""Nobody tries for ever: wrong passwords are counted in the database, at both doors alike."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client, RequestFactory

from staff import throttle
from staff.client import NOWHERE, address_of, counted
from staff.models import Throttle
from staff.throttle import SIGN_IN, USED_CODE, Quota, Rule
from tests.api.conftest import Caller, refused
from tests.conftest import MONDAY, PASSWORD, Cast

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
WRONG = "用户名或密码不对，请再试一次。"


def enter(at: Any, name: str = "li") -> bool:
    return throttle.enter(SIGN_IN, name, "192.0.2.1", at=at)


def tries(count: int) -> None:
    for _ in range(count):
        assert enter(MONDAY)


@pytest.mark.parametrize(
    ("count", "minutes", "may"),
    [(4, 0, True), (5, 0, False), (5, 14.99, False), (5, 15, True)],
)
@pytest.mark.django_db
def test_after_five_the_door_is_shut_for_a_quarter(count: int, minutes: float, may: bool) -> None:
    tries(count)
    assert enter(MONDAY + minutes * MINUTE) is may


@pytest.mark.django_db
def test_each_further_one_shuts_it_for_twice_as_long_and_a_day_without_any_forgets() -> None:
    tries(5)
    at = MONDAY
    for minutes in (15, 30, 60, 120, 240, 480, 480):
        assert not enter(at + minutes * MINUTE - timedelta(seconds=1))
        at += minutes * MINUTE
        assert enter(at)
    at += 24 * HOUR
    assert [enter(at) for _ in range(6)] == [True] * 5 + [False]


@pytest.mark.django_db
def test_another_name_and_another_address_are_other_doors() -> None:
    tries(5)
    assert not enter(MONDAY)
    assert enter(MONDAY, "wang")
    assert throttle.enter(SIGN_IN, "li", "192.0.2.2", at=MONDAY)
    throttle.forget(SIGN_IN, "li", "192.0.2.1")
    assert enter(MONDAY)


@pytest.mark.django_db
def test_what_is_remembered_names_nobody_and_goes_by_itself() -> None:
    tries(5)
    assert re.fullmatch("[0-9a-f]{64}", Throttle.objects.get().key)
    assert throttle.enter(USED_CODE, "1", "123456", at=MONDAY + 49 * HOUR)
    assert Throttle.objects.count() == 1


@pytest.mark.parametrize(("rule", "may"), [(SIGN_IN, 5), (USED_CODE, 1)])
@pytest.mark.django_db(transaction=True)
def test_forty_at_once_are_no_more_than_one_after_the_other(rule: Rule, may: int) -> None:
    def guess(_number: int) -> bool:
        try:
            return throttle.enter(rule, "li", "123456", at=MONDAY)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(guess, range(40))) == may


def page(password: str, **more: Any) -> str:
    answer = Client().post("/sign-in/", {"username": "li", "password": password}, **more)
    return "in" if answer.status_code == 302 else answer.content.decode()


def test_the_sixth_is_refused_at_both_doors_even_with_the_right_password(
    cast: Cast, clock: time_machine.Traveller
) -> None:
    for _ in range(3):
        assert WRONG in page("wrong")
    body = {"username": "li", "password": PASSWORD}
    for _ in range(2):
        refused(Caller().say("tokens/", {**body, "password": "wrong"}), 401, "sign_in.failed")
    refused(Caller().say("tokens/", body), 401, "sign_in.failed")
    assert WRONG in page(PASSWORD)
    assert page(PASSWORD, REMOTE_ADDR="192.0.2.7") == "in"
    clock.shift(15 * MINUTE)
    assert page(PASSWORD) == "in"
    assert page("wrong") != "in"
    assert page(PASSWORD) == "in"


@pytest.fixture
def clock() -> Any:
    with time_machine.travel(MONDAY, tick=False) as traveller:
        yield traveller


def test_whoever_knows_the_password_is_not_counted(
    cast: Cast, clock: time_machine.Traveller
) -> None:
    for _ in range(8):
        assert page(PASSWORD) == "in"
        assert page("wrong") != "in"


@pytest.mark.parametrize(
    ("proxies", "peer", "forwarded", "found"),
    [
        ([], "10.0.0.1", "203.0.113.5", "10.0.0.1"),
        (["10.0.0.0/8"], "10.0.0.1", "203.0.113.5", "203.0.113.5"),
        (["10.0.0.0/8"], "192.0.2.1", "203.0.113.5", "192.0.2.1"),
        (["10.0.0.0/8"], "10.0.0.1", "6.6.6.6, 203.0.113.5", "203.0.113.5"),
        (["10.0.0.0/8"], "10.0.0.1", "203.0.113.5, 10.0.0.2", "203.0.113.5"),
        (["10.0.0.0/8"], "10.0.0.1", "nonsense", "10.0.0.1"),
        (["10.0.0.0/8"], "10.0.0.1", "", "10.0.0.1"),
        (["::1"], "::1", "2001:db8::1", "2001:db8::1"),
        (["10.0.0.0/8"], "", "203.0.113.5", NOWHERE),
        (["10.0.0.0/8"], "::ffff:10.0.0.1", "::ffff:203.0.113.5", "203.0.113.5"),
    ],
)
def test_a_forwarded_address_is_believed_of_trusted_proxies_alone(
    settings: Any, rf: RequestFactory, proxies: list[str], peer: str, forwarded: str, found: str
) -> None:
    settings.TRUSTED_PROXIES = proxies
    request = rf.get("/", REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=forwarded)
    assert address_of(request) == found


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("", "", True),
    ],
)
def test_a_connection_of_ipv6_is_counted_as_one_whatever_address_it_takes(
    rf: RequestFactory, one: str, other: str, alike: bool
) -> None:
    first, second = (counted(rf.get("/", REMOTE_ADDR=each)) for each in (one, other))
    assert (first == second) is alike


def test_another_address_of_the_same_connection_is_no_other_door(
    cast: Cast, clock: time_machine.Traveller
) -> None:
    for n in range(5):
        assert page("wrong", REMOTE_ADDR=f"2001:db8::{n}") != "in"
    assert page(PASSWORD, REMOTE_ADDR="2001:db8::99") != "in"
    assert page(PASSWORD, REMOTE_ADDR="2001:db8:0:1::99") == "in"


FEW = Quota("few", 3, HOUR)


@pytest.mark.parametrize(("minutes", "may"), [(0, False), (59.99, False), (60, True)])
@pytest.mark.django_db
def test_a_quota_is_so_many_times_within_the_span_of_the_first(minutes: float, may: bool) -> None:
    for n in range(3):
        assert throttle.spend(FEW, "192.0.2.1", at=MONDAY + n * MINUTE)
    assert throttle.spend(FEW, "192.0.2.1", at=MONDAY + minutes * MINUTE) is may
    assert throttle.spend(FEW, "192.0.2.2", at=MONDAY)


@pytest.mark.django_db
def test_what_is_given_back_was_not_spent() -> None:
    for _ in range(9):
        assert throttle.spend(FEW, "x", at=MONDAY)
        throttle.give_back(FEW, "x")
    throttle.give_back(FEW, "x")
    assert [throttle.spend(FEW, "x", at=MONDAY) for _ in range(4)] == [True] * 3 + [False]


@pytest.mark.xdist_group("races")
@pytest.mark.django_db(transaction=True)
def test_ten_at_once_do_not_spend_more_than_there_is() -> None:
    def spend(_: int) -> bool:
        try:
            return throttle.spend(FEW, "x", at=MONDAY)
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        assert sum(pool.map(spend, range(10))) == 3
