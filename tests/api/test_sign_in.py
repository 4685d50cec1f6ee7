"""Signing in and out through the API."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from tests.api.conftest import Caller, Callers, instant, refused
from tests.conftest import MONDAY, PASSWORD, Cast


def test_a_token_is_shown_once_with_its_end(cast: Cast, clock: time_machine.Traveller) -> None:
    answer = Caller().say("tokens/", {"username": "li", "password": PASSWORD})
    assert answer.status_code == 201
    assert instant(answer.json()["expires_at"]) == MONDAY + timedelta(hours=12)
    assert answer.json()["person"]["name"] == "李静"
    assert len(answer.json()["token"]) == 64


@pytest.mark.parametrize(
    ("username", "password"), [("li", "wrong"), ("nobody", PASSWORD), ("LI ", PASSWORD)]
)
def test_a_wrong_name_and_a_wrong_password_sound_the_same(
    cast: Cast, username: str, password: str
) -> None:
    answer = Caller().say("tokens/", {"username": username, "password": password})
    refused(answer, 401, "sign_in.failed")
    assert answer.json()["message"] == "用户名或密码不对，请再试一次。"


def test_a_closed_account_sounds_like_a_wrong_password(cast: Cast) -> None:
    cast.li.is_active = False
    cast.li.save(update_fields=["is_active"])
    answer = Caller().say("tokens/", {"username": "li", "password": PASSWORD})
    refused(answer, 401, "sign_in.failed")


def test_an_endless_password_is_refused_before_it_is_hashed(cast: Cast) -> None:
    answer = Caller().say("tokens/", {"username": "li", "password": "x" * 129})
    refused(answer, 400, "max_length", "password")


@pytest.mark.parametrize("body", [{}, {"username": "li"}, {"username": ["li"], "password": {}}])
def test_an_incomplete_sign_in_is_refused(cast: Cast, body: dict[str, object]) -> None:
    answer = Caller().say("tokens/", body)
    assert answer.status_code == 400


def test_me_says_role_branch_and_reach(api: Callers, cast: Cast) -> None:
    assert api(cast.xu).ask("me/").json() == {
        "username": "xu",
        "name": "徐敏",
        "role": "supervisor",
        "role_label": "主管",
        "branch": {"code": "EAST", "name": "华东平台"},
        "scope": "subtree",
        "scope_label": "本机构及下级",
    }
    assert api(cast.root).ask("me/").json()["scope"] == "nothing"


def test_without_a_token_nothing_is_said(cast: Cast) -> None:
    answer = Caller().ask("me/")
    refused(answer, 401, "not_authenticated")
    assert answer["WWW-Authenticate"] == "Token"


@pytest.mark.parametrize(
    "header",
    [
        "Token",
        "Token a b",
        "Token " + "0" * 64,
        "Token \u00ff\u00fe",
        "Token x\x00y",
        "Token " + "a" * 100_000,
        "Token zz",
    ],
)
def test_what_is_no_token_is_refused(cast: Cast, header: str) -> None:
    caller = Caller(raise_request_exception=False)
    caller.credentials(HTTP_AUTHORIZATION=header)
    refused(caller.ask("me/"), 401, "authentication_failed")


def test_a_token_ends_after_twelve_hours(
    api: Callers, cast: Cast, clock: time_machine.Traveller
) -> None:
    li = api(cast.li)
    clock.move_to(MONDAY + timedelta(hours=11, minutes=59))
    assert li.ask("me/").status_code == 200
    clock.move_to(MONDAY + timedelta(hours=12, seconds=1))
    refused(li.ask("me/"), 401, "authentication_failed")


def test_signing_out_ends_this_token_alone(api: Callers, cast: Cast) -> None:
    here, there = api(cast.li), api(cast.li)
    assert here.delete("/api/v1/tokens/current/").status_code == 204
    refused(here.ask("me/"), 401, "authentication_failed")
    assert there.ask("me/").status_code == 200


def test_whoever_left_is_out_at_once(api: Callers, cast: Cast) -> None:
    li = api(cast.li)
    cast.li.is_active = False
    cast.li.save(update_fields=["is_active"])
    refused(li.ask("me/"), 401, "authentication_failed")


def test_answers_are_kept_by_no_cache(api: Callers, cast: Cast) -> None:
    assert api(cast.li).ask("me/")["Cache-Control"] == "no-store"


def test_a_browser_session_needs_its_csrf_token(cast: Cast) -> None:
    caller = Caller(enforce_csrf_checks=True)
    caller.force_login(cast.li)
    assert caller.ask("me/").status_code == 200
    refused(caller.say("messages/read/"), 403, "csrf")


def test_an_address_that_is_not_there_answers_in_json(cast: Cast) -> None:
    refused(Caller().ask("nothing/here/"), 404, "not_found")
    refused(Caller().say("nothing/"), 404, "not_found")


def test_a_method_that_is_not_there_is_refused(api: Callers, cast: Cast) -> None:
    answer = api(cast.li).put("/api/v1/complaints/", {}, format="json")
    refused(answer, 405, "method_not_allowed")
    refused(api(cast.li).options("/api/v1/complaints/"), 405, "method_not_allowed")
