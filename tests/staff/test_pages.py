"""The door: signing in and out, the language, and the pages for when something is wrong."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest
from django.test import Client, RequestFactory

from common import views
from complaints.views import desk as desk_module
from recovery import urls
from staff.models import Person
from tests.conftest import PASSWORD, Cast

WRONG = "用户名或密码不对，请再试一次。"


def sign_in(username: str, password: str, address: str = "/sign-in/") -> Any:
    return Client(raise_request_exception=False).post(
        address, {"username": username, "password": password}
    )


def enter(person: Person, **options: Any) -> Client:
    client = Client(raise_request_exception=False, **options)
    client.force_login(person)
    return client


def test_whoever_knows_the_password_comes_to_the_desk(cast: Cast) -> None:
    for person in cast.people:
        response = sign_in(person.username, PASSWORD)
        assert (response.status_code, response["Location"]) == (302, "/")


@pytest.mark.parametrize(
    ("username", "password"),
    [("li", "wrong"), ("nobody", PASSWORD), ("li", PASSWORD.upper()), ("l\u200bi", PASSWORD)],
)
def test_a_wrong_name_and_a_wrong_password_sound_the_same(
    cast: Cast, username: str, password: str
) -> None:
    response = sign_in(username, password)
    assert response.status_code == 200
    assert WRONG in response.content.decode()
    assert password not in response.content.decode()


def test_somebody_who_has_left_sounds_like_a_wrong_password(cast: Cast) -> None:
    cast.li.is_active = False
    cast.li.save(update_fields=["is_active"])
    assert WRONG in sign_in("li", PASSWORD).content.decode()


def test_whoever_leaves_is_out_at_once(cast: Cast) -> None:
    client = enter(cast.li)
    assert client.get("/").status_code == 200
    cast.li.is_active = False
    cast.li.save(update_fields=["is_active"])
    assert client.get("/").status_code == 302


def test_a_new_password_ends_the_other_sessions(cast: Cast) -> None:
    client = enter(cast.li)
    cast.li.set_password("another-word-2026")
    cast.li.save(update_fields=["password"])
    assert client.get("/")["Location"].startswith("/sign-in/")


@pytest.mark.parametrize(
    ("username", "password"),
    [("\x00", "x"), ("x", "\x00"), ("x" * 100_000, "x"), ("", ""), ("x", "y" * 1_000_000)],
)
def test_no_odd_name_or_password_breaks_the_door(db: None, username: str, password: str) -> None:
    assert sign_in(username, password).status_code == 200


def test_one_comes_back_to_where_one_was_sent_from(cast: Cast) -> None:
    response = Client().get("/escalations/?level=1")
    assert response["Location"] == "/sign-in/?next=/escalations/%3Flevel%3D1"
    assert sign_in("wang", PASSWORD, response["Location"])["Location"] == "/escalations/?level=1"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)",
        "\\\\evil",
    ],
)  # fmt: skip
def test_nobody_is_sent_elsewhere(cast: Cast, elsewhere: str) -> None:
    assert sign_in("li", PASSWORD, f"/sign-in/?next={elsewhere}")["Location"] == "/"
    client = enter(cast.li)
    response = client.post("/i18n/setlang/", {"language": "en", "next": elsewhere})
    assert "evil" not in response["Location"]
    assert not response["Location"].startswith("javascript")


def test_whoever_is_in_goes_on_to_the_desk(cast: Cast) -> None:
    assert enter(cast.li).get("/sign-in/")["Location"] == "/"


def test_signing_in_makes_a_new_session(cast: Cast) -> None:
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = "a" * 32
    client.post("/sign-in/", {"username": "li", "password": PASSWORD})
    assert client.cookies[settings.SESSION_COOKIE_NAME].value != "a" * 32
    assert client.cookies[settings.SESSION_COOKIE_NAME]["httponly"]


def test_signing_out_is_a_press_and_ends_it(cast: Cast) -> None:
    client = enter(cast.li)
    assert client.get("/sign-out/").status_code == 405
    assert client.get("/").status_code == 200
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    assert client.post("/sign-out/")["Location"] == "/sign-in/"
    client.cookies[settings.SESSION_COOKIE_NAME] = session
    assert client.get("/").status_code == 302


@pytest.mark.parametrize(
    "address",
    ["/", "/complaints/", "/complaints/new/", "/escalations/", "/messages/", "/playbook/",
     "/rankings/weekly/", "/complaints/TS2611-0000001-7/"],
)  # fmt: skip
def test_a_stranger_is_asked_who_they_are(db: None, address: str) -> None:
    for ask in (Client().get, Client().post):
        response = ask(address)
        assert response.status_code == 302
        assert response["Location"].startswith("/sign-in/?next=")


def test_a_page_left_open_too_long_is_told_so_in_chinese(cast: Cast) -> None:
    client = enter(cast.li, enforce_csrf_checks=True)
    for address in ("/complaints/new/", "/messages/read/", "/sign-out/"):
        response = client.post(address, {"what": "货晚到"})
        assert response.status_code == 403
        assert "页面放得太久，没有提交成功" in response.content.decode()
    assert client.get("/").status_code == 200


def test_with_the_token_of_the_page_it_goes_through(cast: Cast) -> None:
    client = enter(cast.li, enforce_csrf_checks=True)
    token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', client.get("/").content.decode())
    assert token
    response = client.post("/messages/read/", {"csrfmiddlewaretoken": token[1]})
    assert response.status_code == 302


def test_a_page_there_is_not(cast: Cast) -> None:
    for client in (enter(cast.li), Client()):
        response = client.get("/no/such/page/")
        assert response.status_code == 404
        assert "没有这一页" in response.content.decode()


def test_a_page_out_of_reach(cast: Cast) -> None:
    response = enter(cast.li).get("/escalations/")
    assert response.status_code == 403
    assert 'href="/"' in response.content.decode()


def test_a_failure_of_ours_has_a_page(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> Any:
        raise ZeroDivisionError("secret words")

    monkeypatch.setattr(desk_module, "_counts", fail)
    response = enter(cast.li).get("/")
    assert response.status_code == 500
    assert "系统出错了" in response.content.decode()
    assert "secret" not in response.content.decode()


def test_a_request_that_cannot_be_read_has_a_page(rf: RequestFactory) -> None:
    response = views.bad_request(_anonymous(rf), SuspiciousOperation("secret words"))
    assert response.status_code == 400
    assert "secret" not in response.content.decode()
    assert "<h1>" in response.content.decode()


def _anonymous(rf: RequestFactory) -> HttpRequest:
    return rf.get("/")


def test_the_pages_for_trouble_are_the_houses_own() -> None:
    for status in (400, 403, 404, 500):
        name = getattr(urls, f"handler{status}")
        assert name.startswith("common.views.")
        assert callable(getattr(views, name.rpartition(".")[2]))


def test_an_unknown_host_is_refused_with_a_page(cast: Cast) -> None:
    response = Client(raise_request_exception=False).get(
        "/sign-in/", headers={"host": "evil.example"}
    )
    assert response.status_code == 400
    assert "evil" not in response.content.decode()


def test_the_language_is_chosen_and_kept(cast: Cast) -> None:
    client = enter(cast.li)
    assert '<html lang="zh-hans">' in client.get("/").content.decode()
    response = client.post("/i18n/setlang/", {"language": "en", "next": "/playbook/"})
    assert (response.status_code, response["Location"]) == (302, "/playbook/")
    assert '<html lang="en">' in client.get("/").content.decode()
    client.post("/i18n/setlang/", {"language": "zh-hans", "next": "/"})
    assert '<html lang="zh-hans">' in client.get("/").content.decode()


@pytest.mark.parametrize("language", ["fr", "", "../../x", "\x00", "zh-hans; DROP"])
def test_a_language_there_is_not_changes_nothing(cast: Cast, language: str) -> None:
    client = enter(cast.li)
    assert client.post("/i18n/setlang/", {"language": language, "next": "/"}).status_code == 302
    assert '<html lang="zh-hans">' in client.get("/").content.decode()


def test_chinese_comes_first_whatever_the_browser_speaks(cast: Cast) -> None:
    client = enter(cast.li)
    response = client.get("/", headers={"Accept-Language": "fr,de;q=0.8"})
    assert '<html lang="zh-hans">' in response.content.decode()


def test_every_page_carries_its_protection(cast: Cast) -> None:
    client = enter(cast.li)
    for address in ("/", "/complaints/", "/sign-in/", "/no-such-page/", "/healthz"):
        response = client.get(address)
        policy = response["Content-Security-Policy"]
        assert "'unsafe-inline'" not in policy
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["X-Frame-Options"] == "DENY"
        assert response["Referrer-Policy"] == "same-origin"


def test_nothing_on_a_page_breaks_its_own_protection(cast: Cast) -> None:
    client = enter(cast.wang)
    for address in (
        "/",
        "/complaints/",
        "/complaints/new/",
        "/escalations/",
        "/messages/",
        "/playbook/",
        "/rankings/weekly/",
    ):
        text = client.get(address).content.decode()
        assert not re.search(r'\sstyle="', text), address
        assert not re.search(r"\son\w+=", text), address
        assert not re.search(r"<script(?![^>]*\bsrc=)", text), address


@pytest.mark.parametrize("who", ["li", "wang", "chen", "gao"])
def test_the_back_office_is_the_administrators(cast: Cast, who: str) -> None:
    client = enter(getattr(cast, who))
    for address in (
        "/back-office/",
        "/back-office/staff/person/",
        "/back-office/staff/branch/add/",
    ):
        assert client.get(address).status_code == 403


def test_the_back_office_knows_people_and_reference_data_only(cast: Cast) -> None:
    client = enter(cast.root)
    text = client.get("/back-office/").content.decode()
    models = set(re.findall(r'href="/back-office/(\w+/\w+)/"', text))
    assert {"staff/person", "staff/branch", "complaints/category"} <= models
    assert not models & {
        "complaints/complaint",
        "complaints/event",
        "quality/sheet",
        "notify/message",
    }
    for model in models:
        assert client.get(f"/back-office/{model}/").status_code == 200
    for model in ("staff/person", "staff/branch"):
        row = cast.li.pk if model == "staff/person" else cast.wuxi.pk
        assert client.get(f"/back-office/{model}/{row}/change/").status_code == 200
        assert (
            client.post(f"/back-office/{model}/{row}/delete/", {"post": "yes"}).status_code == 403
        )


def test_the_back_office_changes_no_role_and_no_branch(cast: Cast) -> None:
    client = enter(cast.root)
    form = {
        "username": "li", "name": "李静怡", "role": "admin", "branch": cast.headquarters.pk,
        "phone": "", "email": "", "is_active": "on",
    }  # fmt: skip
    assert client.post(f"/back-office/staff/person/{cast.li.pk}/change/", form).status_code == 302
    kept = Person.objects.get(pk=cast.li.pk)
    assert (kept.name, kept.role, kept.branch) == ("李静怡", "frontline", cast.wuxi)
    address = f"/back-office/staff/branch/{cast.wuxi.pk}/change/"
    assert client.post(address, {"name": "别的名字"}).status_code == 403
    assert client.get("/back-office/staff/branch/add/").status_code == 403
