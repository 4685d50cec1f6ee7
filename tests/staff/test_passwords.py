"""Passwords: forgotten, changed, and what may be one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from smtplib import SMTPServerDisconnected
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.test import Client

from staff import people
from staff.models import Person, Role
from staff.passwords import recognise
from tests.conftest import MONDAY, PASSWORD, Cast

NEW = "another-word-2026"
SENT = "/password/forgotten/sent/"


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(MONDAY, tick=False) as traveller:
        yield traveller


def enter(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def ask(email: str) -> Any:
    return Client().post("/password/forgotten/", {"email": email})


def link() -> str:
    found = re.search(r"http://\S+?(/password/new/\S+)", str(mail.outbox[-1].body))
    assert found
    return found[1]


def test_a_forgotten_password_is_replaced_by_a_mail(cast: Cast) -> None:
    before = enter(cast.li)
    assert ask("li@example.com")["Location"] == SENT
    (letter,) = mail.outbox
    assert letter.to == ["li@example.com"]
    assert "李静：您好！" in str(letter.body)
    assert "http://localhost:8000/password/new/" in str(letter.body)
    client = Client()
    page = client.get(link(), follow=True)
    assert "设置新密码" in page.content.decode()
    where = page.redirect_chain[-1][0]
    assert "set-password" in where
    done = client.post(where, {"password1": NEW, "password2": NEW})
    assert done["Location"] == "/password/done/"
    assert before.get("/").status_code == 302
    signed = Client().post("/sign-in/", {"username": "li", "password": NEW})
    assert signed["Location"] == "/"
    assert "无效或已过期" in Client().get(link()).content.decode()


def test_a_link_ends_after_an_hour(cast: Cast, clock: time_machine.Traveller) -> None:
    ask("li@example.com")
    clock.shift(3601)
    assert "无效或已过期" in Client().get(link()).content.decode()


def test_the_same_is_said_whether_or_not_somebody_has_the_address(cast: Cast) -> None:
    cast.wang.is_active = False
    cast.wang.save(update_fields=["is_active"])
    people.hire(
        "oidc", name="单点", role=Role.FRONTLINE, branch=cast.wuxi, password=None, email="o@x.cn"
    )
    for unknown in ("nobody@example.com", "wang@example.com", "o@x.cn"):
        assert ask(unknown)["Location"] == SENT
    assert mail.outbox == []


def test_three_mails_an_hour_and_no_more(cast: Cast, clock: time_machine.Traveller) -> None:
    for _ in range(5):
        assert ask("LI@example.com")["Location"] == SENT
    assert len(mail.outbox) == 3
    clock.shift(3600)
    ask("li@example.com")
    assert len(mail.outbox) == 4


def test_a_mail_server_that_is_away_tells_nobody_who_is_known(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(self: EmailBackend, letters: Any) -> int:
        raise SMTPServerDisconnected

    monkeypatch.setattr(EmailBackend, "send_messages", away)
    assert ask("li@example.com")["Location"] == SENT


def test_a_changed_password_ends_the_other_sessions_and_keeps_this(cast: Cast) -> None:
    here, there = enter(cast.li), enter(cast.li)
    said = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    assert here.post("/account/password/", said)["Location"] == "/account/sessions/"
    assert here.get("/").status_code == 200
    assert there.get("/").status_code == 302


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"oldpassword": "wrong"}, "当前密码不对"),
        ({"password2": "other-word-2026"}, "两次输入的密码不一样。"),
        ({"password1": "x" * 129, "password2": "x" * 129}, "128"),
        ({"password1": "li", "password2": "li"}, "field__error"),
    ],
)
def test_a_change_that_will_not_do_is_said(cast: Cast, said: dict[str, str], sentence: str) -> None:
    usual = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    answer = enter(cast.li).post("/account/password/", {**usual, **said})
    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    assert recognise("li", PASSWORD, address="192.0.2.9", at=MONDAY) == cast.li


def test_guessing_the_old_password_from_inside_is_counted_too(cast: Cast) -> None:
    client = enter(cast.li)
    said = {"oldpassword": "wrong", "password1": NEW, "password2": NEW}
    for _ in range(5):
        client.post("/account/password/", said)
    client.post("/account/password/", {**said, "oldpassword": PASSWORD})
    cast.li.refresh_from_db()
    assert cast.li.check_password(PASSWORD)


def test_whoever_has_no_password_changes_none(cast: Cast) -> None:
    cast.li.set_unusable_password()
    cast.li.save(update_fields=["password"])
    assert enter(cast.li).get("/account/password/").status_code == 404


def test_a_name_is_known_however_wide_it_is_typed(cast: Cast) -> None:
    wide = "ｌｉ"
    assert recognise(wide, PASSWORD, address="192.0.2.9", at=MONDAY) == cast.li
    made = people.hire("ｚｈｏｕ", name="周", role=Role.FRONTLINE, branch=cast.wuxi, password=None)
    assert made.username == "zhou"


def test_a_password_without_end_is_not_hashed(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def hash_(*_: Any, **__: Any) -> bool:
        raise AssertionError("hashed")

    monkeypatch.setattr("django.contrib.auth.hashers.verify_password", hash_)
    assert recognise("li", "x" * 129, address="192.0.2.9", at=MONDAY) is None
    Client().post("/sign-in/", {"username": "li", "password": "x" * 129})


def test_the_back_office_has_no_door_of_its_own(cast: Cast) -> None:
    first = Client().get("/back-office/", follow=True)
    assert first.redirect_chain[-1][0] == "/sign-in/?next=/back-office/"
    refused = enter(cast.li).get("/back-office/", follow=True)
    assert refused.status_code == 403
    data = {"username": "root", "password": PASSWORD}
    assert Client().post("/back-office/login/", data).status_code == 302
    signed = Client().post("/sign-in/?next=/back-office/", data, follow=True)
    assert signed.redirect_chain[-1][0] == "/back-office/"
    assert signed.status_code == 200


def test_the_back_office_changes_ones_password_where_all_do(cast: Cast) -> None:
    answer = enter(cast.root).get("/back-office/password_change/")
    assert answer["Location"] == "/account/password/"


@pytest.mark.parametrize("next_", ["http://testserver/playbook/", "http://localhost/", "ftp:/x"])
def test_only_a_path_leads_on(cast: Cast, next_: str) -> None:
    data = {"username": "li", "password": PASSWORD, "next": next_}
    assert Client().post("/sign-in/", data)["Location"] == "/"
    assert Client().post("/sign-in/", {**data, "next": "/playbook/"})["Location"] == "/playbook/"


@pytest.mark.parametrize(
    "address", ["/signup/", "/accounts/signup/", "/account/email/", "/accounts/login/"]
)
def test_nobody_signs_up_and_what_is_not_used_is_not_there(cast: Cast, address: str) -> None:
    assert enter(cast.li).get(address).status_code == 404
