"""The second factor: codes of an app and of paper, wanted of whom the firm wants it of."""

from __future__ import annotations

import re
import time
from base64 import b32decode
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.test import Client

from staff import second_factor, tokens
from staff.models import Person, Role, TokenScope
from staff.secrets import seal, unseal
from tests.api.conftest import Caller, refused
from tests.conftest import MONDAY, PASSWORD, Cast

INDEX = "/account/second-factor/"
APP = f"{INDEX}app/"
CODE = "/sign-in/code/"


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(MONDAY, tick=False) as traveller:
        yield traveller


def code(secret: str, *, later: int = 0) -> str:
    """What the app shows, `later` half-minutes from now."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + later))


def sign_in(person: Person) -> tuple[Client, Any]:
    client = Client()
    answer = client.post("/sign-in/", {"username": person.username, "password": PASSWORD})
    return client, answer


def confirm(client: Client, where: str) -> Any:
    """The page, after showing once more who one is."""
    answer = client.get(where)
    assert answer["Location"].startswith("/account/confirm/")
    return client.post(answer["Location"], {"password": PASSWORD}, follow=True)


def activate(person: Person) -> tuple[Client, str, list[str]]:
    """Somebody signed in who has just set up an app: their client, its secret, the codes."""
    client, _answer = sign_in(person)
    page = confirm(client, APP).content.decode()
    found = re.search(r'id="authenticator_secret" type="text" value="([A-Z2-7=]+)"', page)
    assert found
    assert len(b32decode(found[1])) == 20
    done = client.post(APP, {"code": code(found[1])}, follow=True)
    assert done.redirect_chain[-1][0] == f"{INDEX}codes/"
    papers = re.findall(r"<code>(\d{8})</code>", done.content.decode())
    assert len(papers) == 10
    return client, found[1], papers


def test_with_an_app_the_password_alone_does_not_open(
    cast: Cast, clock: time_machine.Traveller
) -> None:
    _client, secret, papers = activate(cast.li)
    clock.shift(60)
    client, answer = sign_in(cast.li)
    assert answer["Location"] == CODE
    assert client.get("/")["Location"].startswith("/sign-in/")
    assert "两步验证" in client.get(CODE).content.decode()
    assert "验证码不对" in client.post(CODE, {"code": "000000"}).content.decode()
    assert client.post(CODE, {"code": code(secret)})["Location"] == "/"
    assert client.get("/").status_code == 200
    client, _answer = sign_in(cast.li)
    assert client.post(CODE, {"code": papers[0]})["Location"] == "/"
    client, _answer = sign_in(cast.li)
    assert "验证码不对" in client.post(CODE, {"code": papers[0]}).content.decode()


def test_one_comes_back_to_where_one_was_sent_from(
    cast: Cast, clock: time_machine.Traveller
) -> None:
    _client, secret, _papers = activate(cast.wang)
    clock.shift(60)
    client = Client()
    data = {"username": "wang", "password": PASSWORD}
    answer = client.post("/sign-in/?next=/escalations/", data, follow=True)
    where = answer.redirect_chain[-1][0]
    assert client.post(where, {"code": code(secret)})["Location"] == "/escalations/"


@pytest.mark.parametrize("later", [0, 1, -1])
def test_a_code_is_right_once_also_without_a_cache(
    cast: Cast, clock: time_machine.Traveller, settings: Any, later: int
) -> None:
    _client, secret, _papers = activate(cast.li)
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    clock.shift(90)
    shown = code(secret, later=later)
    client, _answer = sign_in(cast.li)
    assert client.post(CODE, {"code": shown}).status_code == 302
    client, _answer = sign_in(cast.li)
    again = f"{shown[:3]} {shown[3:]}"
    for typed in (shown, again):
        assert "验证码不对" in client.post(CODE, {"code": typed}).content.decode()


def test_five_wrong_codes_shut_the_door_for_all_of_the_persons_sessions(
    cast: Cast, clock: time_machine.Traveller
) -> None:
    _client, secret, _papers = activate(cast.li)
    clock.shift(60)
    client, _answer = sign_in(cast.li)
    for _ in range(5):
        client.post(CODE, {"code": "000000"})
    other, _answer = sign_in(cast.li)
    assert "验证码不对" in other.post(CODE, {"code": code(secret)}).content.decode()
    clock.shift(15 * 60)
    other, _answer = sign_in(cast.li)
    assert other.post(CODE, {"code": code(secret)}).status_code == 302


def test_nothing_that_opens_stands_readable_in_the_database(cast: Cast) -> None:
    _client, secret, papers = activate(cast.li)
    kept = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in kept
    assert not [paper for paper in papers if paper in kept]


def test_what_was_sealed_under_the_last_key_is_opened_with_the_next(settings: Any) -> None:
    sealed = seal("秘密")
    assert sealed != seal("秘密")
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key of thirty-two letters or more"
    assert unseal(sealed) == "秘密"


def test_codes_are_shown_once(cast: Cast) -> None:
    client, _secret, papers = activate(cast.li)
    page = client.get(f"{INDEX}codes/").content.decode()
    assert "已经显示过一次" in page
    assert papers[0] not in page
    client.post(f"{INDEX}codes/new/")
    fresh = client.get(f"{INDEX}codes/").content.decode()
    assert len(re.findall(r"<code>\d{8}</code>", fresh)) == 10
    assert papers[0] not in fresh


REQUIRED = [
    ("", []),
    ("quality", ["chen", "lin", "gao", "root"]),
    ("director", ["lin", "gao", "root"]),
    ("supervisor", ["wang", "xu", "ma", "chen", "lin", "gao", "root"]),
    ("admin", ["root"]),
    ("frontline", ["li", "wang", "xu", "zhao", "ma", "chen", "lin", "gao", "root"]),
]


@pytest.mark.parametrize(("wanted", "whom"), REQUIRED)
def test_of_whom_it_is_wanted(cast: Cast, settings: Any, wanted: str, whom: list[str]) -> None:
    settings.MFA_REQUIRED_FROM = wanted
    asked = [person.username for person in cast.people if second_factor.is_required(person)]
    assert asked == whom


def test_who_has_to_have_one_reaches_nothing_before(cast: Cast, settings: Any) -> None:
    before, _answer = sign_in(cast.chen)
    signed = Caller()
    signed.force_login(cast.chen)
    _grant, token = tokens.issue(cast.chen, name="x", scope=TokenScope.ALL, lasts=timedelta(days=1))
    settings.MFA_REQUIRED_FROM = "quality"
    client, answer = sign_in(cast.chen)
    assert answer["Location"] == "/"
    for who in (client, before):
        for address in ("/", "/complaints/", "/account/tokens/", "/account/password/", "/system/"):
            assert who.get(address)["Location"] == INDEX, address
        assert who.post("/messages/read/")["Location"] == INDEX
        assert "您还没有设置两步验证" in who.get(INDEX).content.decode()
    refused(signed.ask("me/"), 403, "sign_in.second_factor")
    refused(signed.say("messages/read/"), 403, "sign_in.second_factor")
    caller = Caller()
    caller.credentials(HTTP_AUTHORIZATION=f"Token {token}")
    refused(caller.ask("me/"), 403, "sign_in.second_factor")
    body = {"username": "chen", "password": PASSWORD}
    refused(Caller().say("tokens/", body), 403, "sign_in.second_factor")
    assert sign_in(cast.wang)[0].get("/").status_code == 200


def test_who_has_set_one_up_goes_on_and_keeps_it(cast: Cast, settings: Any) -> None:
    settings.MFA_REQUIRED_FROM = "quality"
    client, _secret, _papers = activate(cast.chen)
    assert client.get("/").status_code == 200
    answer = client.post(f"{APP}off/")
    assert "至少要保留一种两步验证方式" in answer.content.decode()
    assert second_factor.has_one(cast.chen)
    settings.MFA_REQUIRED_FROM = ""
    assert client.post(f"{APP}off/")["Location"] == INDEX
    assert not Authenticator.objects.exists()


def test_whoever_is_promoted_has_to_set_one_up_at_once(cast: Cast, settings: Any) -> None:
    settings.MFA_REQUIRED_FROM = "quality"
    client, _answer = sign_in(cast.li)
    assert client.get("/").status_code == 200
    Person.objects.filter(pk=cast.li.pk).update(role=Role.QUALITY)
    assert client.get("/")["Location"] == INDEX


def test_a_password_gets_no_token_where_there_is_a_second_factor(cast: Cast) -> None:
    activate(cast.li)
    body = {"username": "li", "password": PASSWORD}
    refused(Caller().say("tokens/", body), 403, "sign_in.second_factor")
    refused(Caller().say("tokens/", {**body, "password": "x"}), 401, "sign_in.failed")


def test_setting_one_up_asks_once_more_who_one_is(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.li)
    for address in (APP, f"{INDEX}passkeys/new/", "/account/tokens/new/"):
        where = client.get(address)["Location"]
        assert unquote(where) == f"/account/confirm/?next={address}"
    for _ in range(5):
        client.post("/account/confirm/", {"password": "wrong"})
    answer = client.post("/account/confirm/", {"password": PASSWORD})
    assert "密码不对，或试得太多" in answer.content.decode()


def test_the_administrator_helps_whoever_lost_theirs(cast: Cast) -> None:
    client, _secret, _papers = activate(cast.li)
    root = Client()
    root.force_login(cast.root)
    said = {"action": "remove_second_factors", "_selected_action": [cast.li.pk]}
    assert root.post("/back-office/staff/person/", said).status_code == 302
    assert not Authenticator.objects.exists()
    assert client.get("/").status_code == 302
    assert sign_in(cast.li)[1]["Location"] == "/"


BAD = ["", "{}", "[]", "null", "1", '"x"', "{", '{"id": "x"}', '{"id": 1, "response": {}}',
       '{"id": "AA", "rawId": "AA", "type": "public-key", "response": {"clientDataJSON": "%%",'
       ' "attestationObject": "x"}}', '{"id": "\\u0000"}']  # fmt: skip


@pytest.mark.parametrize("said", BAD)
def test_what_is_no_passkey_is_refused_with_a_page(cast: Cast, said: str) -> None:
    client, _answer = sign_in(cast.li)
    confirm(client, APP)
    client.get(f"{INDEX}passkeys/new/")
    answer = client.post(f"{INDEX}passkeys/new/", {"name": "x", "credential": said})
    assert answer.status_code == 200
    assert not second_factor.has_one(cast.li)


@pytest.mark.parametrize("said", BAD)
def test_what_is_no_answer_of_a_passkey_opens_nothing(cast: Cast, said: str) -> None:
    activate(cast.li)
    client, _answer = sign_in(cast.li)
    client.get(CODE)
    assert client.post(CODE, {"credential": said}).status_code == 200
    assert client.get("/").status_code == 302
