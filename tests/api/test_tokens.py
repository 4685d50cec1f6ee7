"""Tokens for programs: a name, a scope, an end; shown once, kept as a digest."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from knox.models import AuthToken

from common.errors import RuleBroken
from complaints.models import Complaint
from staff import tokens
from staff.models import Person, TokenGrant, TokenScope
from tests.api.conftest import Caller, refused
from tests.conftest import MONDAY, PASSWORD, Cast, Register
from tests.walk import METHODS, addresses

LIST = "/account/tokens/"
NEW = f"{LIST}new/"
DAY = timedelta(days=1)
REPORT = {"channel": "phone", "what": "货晚到三天", "category": "late-delivery",
          "severity": "minor", "complainant_phone": "13800138000"}  # fmt: skip


def caller(token: str) -> Caller:
    made = Caller(raise_request_exception=False)
    made.credentials(HTTP_AUTHORIZATION=f"Token {token}")
    return made


def issued(person: Person, scope: TokenScope, lasts: timedelta = DAY) -> Caller:
    return caller(tokens.issue(person, name="程序", scope=scope, lasts=lasts)[1])


def enter(person: Person) -> Client:
    """Signed in, and known to be oneself a moment ago."""
    client = Client()
    client.post("/sign-in/", {"username": person.username, "password": PASSWORD})
    client.post("/account/confirm/", {"password": PASSWORD})
    return client


def test_a_token_is_made_on_the_page_and_shown_once(
    cast: Cast, clock: time_machine.Traveller
) -> None:
    client = enter(cast.li)
    said = {"name": "订单系统", "scope": "read", "days": "90"}
    page = client.post(NEW, said)
    found = re.search(r'readonly value="([0-9a-f]{64})"', page.content.decode())
    assert found
    assert "no-store" in page["Cache-Control"]
    assert caller(found[1]).ask("me/").json()["username"] == "li"
    grant = TokenGrant.objects.get()
    assert grant.token.expiry == MONDAY + 90 * DAY
    assert found[1] not in str(AuthToken.objects.values()) + str(TokenGrant.objects.values())
    listed = client.get(LIST).content.decode()
    assert "订单系统" in listed
    assert found[1] not in listed
    clock.move_to(MONDAY + 90 * DAY)
    refused(caller(found[1]).ask("me/"), 401, "authentication_failed")


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"name": "x" * 61}, {"scope": "god"}, {"days": "366"}, {"days": "0"}]
)
def test_what_will_not_do_makes_no_token(cast: Cast, wrong: dict[str, str]) -> None:
    said = {"name": "订单系统", "scope": "read", "days": "90", **wrong}
    assert enter(cast.li).post(NEW, said).status_code == 422
    assert not AuthToken.objects.exists()


def test_no_token_lives_longer_than_a_year(cast: Cast) -> None:
    for lasts in (365 * DAY + timedelta(seconds=1), timedelta(0), -DAY):
        with pytest.raises(RuleBroken, match="365"):
            tokens.issue(cast.li, name="x", scope=TokenScope.READ, lasts=lasts)


def test_it_is_revoked_by_its_owner_alone(cast: Cast) -> None:
    li = issued(cast.li, TokenScope.ALL)
    grant = TokenGrant.objects.get()
    assert enter(cast.wang).post(f"{LIST}{grant.pk}/end/").status_code == 404
    assert li.ask("me/").status_code == 200
    assert enter(cast.li).post(f"{LIST}{grant.pk}/end/")["Location"] == LIST
    refused(li.ask("me/"), 401, "authentication_failed")


def test_the_last_use_is_known_within_minutes(cast: Cast, clock: time_machine.Traveller) -> None:
    li = issued(cast.li, TokenScope.READ)
    assert TokenGrant.objects.get().last_used_at is None
    for minutes, seen in ((0, 0), (4, 0), (5, 5), (9, 5)):
        clock.move_to(MONDAY + timedelta(minutes=minutes))
        li.ask("me/")
        assert TokenGrant.objects.get().last_used_at == MONDAY + timedelta(minutes=seen)


def test_a_token_that_reads_changes_nothing(cast: Cast, register: Register) -> None:
    case = register()
    li = issued(cast.li, TokenScope.READ)
    assert li.ask("complaints/").json()["count"] == 1
    assert li.ask(f"complaints/{case.no}/").status_code == 200
    refused(li.say("complaints/", REPORT), 403, "token.scope")
    refused(li.say(f"complaints/{case.no}/reveals/"), 403, "token.scope")
    answer = li.put("/api/v1/messages/settings/", {"outlets": []}, format="json")
    refused(answer, 403, "token.scope")
    assert Complaint.objects.count() == 1


def test_a_token_that_registers_reads_no_case(cast: Cast, register: Register) -> None:
    case = register()
    li = issued(cast.li, TokenScope.REGISTER)
    assert li.say("complaints/", REPORT).status_code == 201
    assert li.ask("categories/").status_code == 200
    for address in ("complaints/", f"complaints/{case.no}/", "desk/", "messages/", "people/"):
        refused(li.ask(address), 403, "token.scope")


def test_a_new_address_is_closed_to_small_scopes_until_it_is_named() -> None:
    """The whole resolver: only reading for `read`, and four addresses for `register`."""
    for address in addresses():
        for method in METHODS:
            ends = (method, address.name) == ("DELETE", "api-token")
            assert tokens.reaches("all", method, address.name)
            assert tokens.reaches("read", method, address.name) is (method == "GET" or ends)
            assert not tokens.reaches("nonsense", method, address.name) or ends
    opened = {
        (method, address.name)
        for address in addresses()
        for method in METHODS
        if tokens.reaches("register", method, address.name)
    }
    assert opened == {
        ("POST", "api-complaints"), ("GET", "api-categories"), ("GET", "api-branches"),
        ("GET", "api-me"), ("DELETE", "api-token"),
    }  # fmt: skip


def test_every_token_may_end_itself(cast: Cast) -> None:
    for scope in TokenScope:
        li = issued(cast.li, scope)
        assert li.delete("/api/v1/tokens/current/").status_code == 204
        refused(li.ask("me/"), 401, "authentication_failed")


def test_a_token_without_a_grant_opens_nothing(cast: Cast) -> None:
    _kept, token = AuthToken.objects.create(user=cast.li)
    refused(caller(token).ask("me/"), 401, "authentication_failed")


def test_a_new_password_ends_all_tokens(cast: Cast) -> None:
    li = issued(cast.li, TokenScope.ALL)
    assert li.ask("me/").status_code == 200
    cast.li.set_password("another-word-2026")
    cast.li.save(update_fields=["password"])
    refused(li.ask("me/"), 401, "authentication_failed")


def test_signing_in_sweeps_away_what_it_left_before(
    cast: Cast, clock: time_machine.Traveller
) -> None:
    body = {"username": "li", "password": PASSWORD}
    Caller().say("tokens/", body)
    tokens.issue(cast.li, name="长期", scope=TokenScope.READ, lasts=DAY)
    clock.move_to(MONDAY + 2 * DAY)
    Caller().say("tokens/", body)
    assert sorted(grant.name for grant in tokens.listed(cast.li)) == ["", "长期"]


def test_making_one_asks_once_more_who_one_is(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.li)
    said = {"name": "订单系统", "scope": "read", "days": "90"}
    where = client.post(NEW, said)["Location"]
    assert where.startswith("/account/confirm/")
    assert not AuthToken.objects.exists()
    page = client.post(where, {"password": PASSWORD}).content.decode()
    assert re.search(r'readonly value="[0-9a-f]{64}"', page)
