"""Single sign-on: a real provider says who somebody is; whether they work here the firm knows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.test import Client

from staff import people
from staff.models import Person, Role
from staff.secrets import seal
from tests.conftest import Cast
from tests.staff.oidc_provider import CLIENT, SECRET, Provider, running

LI = {"sub": "a1", "email": "li@example.com", "email_verified": True, "preferred_username": "li"}


@pytest.fixture
def provider(settings: Any) -> Iterator[Provider]:
    with running() as found:
        app = {
            "provider_id": "firm", "name": "公司账号", "client_id": CLIENT, "secret": SECRET,
            "settings": {"server_url": found.issuer},
        }  # fmt: skip
        settings.SOCIALACCOUNT_PROVIDERS = {
            "openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}
        }
        found.claims = dict(LI)
        yield found


def come(client: Client, start: str = "/oidc/firm/") -> Any:
    """From the door to the provider and back; the answer to the way back."""
    away = client.post(start)
    assert away.status_code == 302
    back = requests.get(away["Location"], allow_redirects=False, timeout=10)
    return client.get(back.headers["Location"].removeprefix("http://testserver"))


def is_in(client: Client) -> bool:
    return client.get("/").status_code == 200


def turned_away(client: Client, answer: Any, sentence: str = "没有对应的在用人员") -> bool:
    assert answer["Location"] == "/sign-in/", answer.content.decode()[:500]
    return sentence in client.get("/sign-in/").content.decode() and not is_in(client)


def test_whoever_the_firm_knows_comes_in(cast: Cast, provider: Provider) -> None:
    client = Client()
    page = client.get("/sign-in/?next=/playbook/").content.decode()
    assert "用公司账号登录" in page
    assert 'action="/oidc/firm/"' in page
    assert come(client)["Location"] == "/"
    assert is_in(client)
    assert SocialAccount.objects.get().user == cast.li
    assert not SocialToken.objects.exists()
    cast.li.email = "changed@example.com"
    cast.li.save(update_fields=["email"])
    again = Client()
    assert come(again)["Location"] == "/"  # known by then, whatever the address
    assert is_in(again)
    assert (SocialAccount.objects.count(), Person.objects.count()) == (1, len(cast.people))


def test_the_way_leads_with_pkce_and_on_to_ones_own_pages_only(
    cast: Cast, provider: Provider
) -> None:
    asked = parse_qs(urlsplit(Client().post("/oidc/firm/")["Location"]).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert "openid" in asked["scope"][0]
    assert come(Client(), "/oidc/firm/?next=/playbook/")["Location"] == "/playbook/"
    assert come(Client(), "/oidc/firm/?next=//evil.example/")["Location"] == "/"


@pytest.mark.parametrize(
    "said",
    [
        {"email": "stranger@example.com"},
        {"email_verified": False},
        {"email_verified": "true"},
        {"email": None},
        {"email": ["li@example.com"]},
        {"email": "li@example.com\x00"},
    ],
)
def test_whom_the_firm_does_not_know_stays_outside(
    cast: Cast, provider: Provider, said: dict[str, Any]
) -> None:
    provider.claims.update(said)
    client = Client()
    assert turned_away(client, come(client))
    assert not SocialAccount.objects.exists()
    assert Person.objects.count() == len(cast.people)


def test_an_address_that_two_have_is_nobodys(cast: Cast, provider: Provider) -> None:
    people.hire(
        "lili", name="李莉", role=Role.FRONTLINE, branch=cast.wuxi, password=None,
        email="LI@example.com",
    )  # fmt: skip
    client = Client()
    assert turned_away(client, come(client))


def test_whoever_has_left_stays_outside(cast: Cast, provider: Provider) -> None:
    come(Client())
    cast.li.is_active = False
    cast.li.save(update_fields=["is_active"])
    client = Client()
    assert turned_away(client, come(client))


def test_the_username_counts_where_the_firm_says_so(
    cast: Cast, provider: Provider, settings: Any
) -> None:
    settings.OIDC_MATCH = "preferred_username"
    provider.claims = {"sub": "a1", "preferred_username": "wang", "email": "li@example.com"}
    client = Client()
    come(client)
    assert SocialAccount.objects.get().user == cast.wang
    assert is_in(client)


def test_two_answers_about_two_people_are_none(cast: Cast, provider: Provider) -> None:
    provider.info = {**LI, "sub": "somebody-else"}
    client = Client()
    assert turned_away(client, come(client))


def test_a_state_that_is_not_ones_own_is_refused(cast: Cast, provider: Provider) -> None:
    mine = Client().post("/oidc/firm/")["Location"]
    back = requests.get(mine, allow_redirects=False, timeout=10).headers["Location"]
    victim = Client()
    answer = victim.get(back.removeprefix("http://testserver"))
    assert turned_away(victim, answer, "单点登录没有成功")


@pytest.mark.parametrize("fault", ["refuses", "secret", "away"])
def test_what_goes_wrong_leads_back_to_the_door(
    cast: Cast, provider: Provider, settings: Any, fault: str
) -> None:
    if fault == "refuses":
        provider.refuses = True
    if fault == "secret":
        settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]["secret"] = "wrong"
    client = Client()
    if fault == "away":
        settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]["settings"] = {
            "server_url": "http://127.0.0.1:1"
        }
        answer = client.post("/oidc/firm/")
    else:
        answer = come(client)
    assert turned_away(client, answer, "单点登录没有成功")


def test_a_second_factor_is_asked_for_all_the_same(cast: Cast, provider: Provider) -> None:
    Authenticator.objects.create(
        user=cast.li, type=Authenticator.Type.TOTP, data={"secret": seal("A" * 32)}
    )
    client = Client()
    assert come(client)["Location"] == "/sign-in/code/"
    assert not is_in(client)


def test_without_a_provider_there_is_no_such_way(cast: Cast) -> None:
    assert "/oidc/" not in Client().get("/sign-in/").content.decode()
    for address in ("/oidc/firm/", "/oidc/firm/callback/", "/oidc/google/"):
        assert Client().get(address).status_code == 404
        assert Client().post(address).status_code == 404


def test_a_link_leads_nowhere_without_a_press(cast: Cast, provider: Provider) -> None:
    page = Client().get("/oidc/firm/")
    assert page.status_code == 200
    assert "将转到公司账号登录" in page.content.decode()
