"""消息设置 and the ways out: one's own choice, and what the administrator sets up."""

from __future__ import annotations

import logging
from datetime import time
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from common.errors import RuleBroken
from notify import preferences, selectors
from notify.channels.robots import plugin
from notify.models import Outlet, Preference
from staff.models import Person
from tests.conftest import Cast
from tests.notify.scenes import hook, mail, sms, wants
from tests.notify.test_pages import enter

PAGE, API = "/messages/settings/", "/api/v1/messages/settings/"
SECRET = "json://127.0.0.1/t0ps3cret"


@pytest.fixture
def ways(settings: Any) -> None:
    settings.EMAIL_HOST, settings.SMS_URL = "mail.example.com", "https://sms.example.com/"


def offered(person: Person) -> list[str]:
    return [outlet.name for outlet in selectors.offered(person)]


def chosen(person: Person) -> set[str]:
    ids = selectors.choice(person).outlet_ids
    return set(Outlet.objects.filter(pk__in=ids).values_list("name", flat=True))


def test_offered_is_what_is_set_up_and_reaches_the_person(cast: Cast, settings: Any) -> None:
    hook(SECRET)
    Outlet.objects.create(kind="feishu", name="停用的群", address="feishu://t", is_active=False)
    settings.EMAIL_HOST = settings.SMS_URL = ""
    assert offered(cast.li) == ["值班群"]
    settings.EMAIL_HOST, settings.SMS_URL = "mail.example.com", "https://sms.example.com/"
    assert offered(cast.li) == ["邮件", "值班群"]
    cast.li.phone = "138 0013 8000"
    assert offered(cast.li) == ["邮件", "短信", "值班群"]
    cast.li.email, cast.li.phone = "", "分机 12"
    assert offered(cast.li) == ["值班群"]


def test_a_choice_replaces_the_one_before(cast: Cast, ways: None) -> None:
    hook(SECRET)
    assert chosen(cast.li) == {"邮件"}
    preferences.choose(
        cast.li, outlets=["邮件", "值班群"], quiet_from=time(22), quiet_until=time(7)
    )
    assert chosen(cast.li) == {"邮件", "值班群"}
    preferences.choose(cast.li, outlets=["值班群"], quiet_from=None, quiet_until=None)
    assert chosen(cast.li) == {"值班群"}
    assert selectors.choice(cast.li).quiet_from is None
    preferences.choose(cast.li, outlets=[], quiet_from=None, quiet_until=None)
    assert chosen(cast.li) == set()
    assert chosen(cast.wang) == {"邮件"}


def test_what_is_not_offered_now_stays_as_it_was(cast: Cast, settings: Any) -> None:
    settings.EMAIL_HOST = ""
    preferences.choose(cast.li, outlets=[], quiet_from=time(22), quiet_until=time(7))
    settings.EMAIL_HOST = "mail.example.com"
    assert chosen(cast.li) == {"邮件"}


@pytest.mark.parametrize(
    ("outlets", "quiet", "code", "field"),
    [
        (["短信"], (None, None), "outlet.unknown", "outlets"),
        (["没有的"], (None, None), "outlet.unknown", "outlets"),
        ([], (time(22), None), "quiet.incomplete", "quiet_until"),
        ([], (None, time(7)), "quiet.incomplete", "quiet_from"),
        ([], (time(7), time(7)), "quiet.empty", "quiet_until"),
    ],
)
def test_a_choice_that_cannot_be_is_refused(
    cast: Cast, ways: None, outlets: list[str], quiet: Any, code: str, field: str
) -> None:
    with pytest.raises(RuleBroken) as refused:
        preferences.choose(cast.li, outlets=outlets, quiet_from=quiet[0], quiet_until=quiet[1])
    assert (refused.value.code, refused.value.field) == (code, field)
    assert not Preference.objects.exists()


def test_the_page_shows_the_choice_and_keeps_a_new_one(cast: Cast, ways: None) -> None:
    hook(SECRET)
    client = enter(cast.li)
    page = client.get(PAGE)
    assert page.context["form"].initial["outlets"] == ["邮件"]
    assert "t0ps3cret" not in page.content.decode()
    said = {"outlets": ["值班群"], "quiet_from": "22:00", "quiet_until": "07:00"}
    answer = client.post(PAGE, said)
    assert (answer.status_code, answer["Location"]) == (302, PAGE)
    assert chosen(cast.li) == {"值班群"}
    page = client.get(PAGE).content.decode()
    assert 'value="22:00"' in page
    assert "消息设置已保存。" in page
    client.post(PAGE, {})
    assert chosen(cast.li) == set()


@pytest.mark.parametrize(
    ("said", "field", "sentence"),
    [
        ({"quiet_from": "22:00"}, "quiet_until", "免打扰要同时填写开始和结束，或都不填。"),
        ({"quiet_from": "25:00", "quiet_until": "7:00"}, "quiet_from", "请填写时间，例如 22:00。"),
        ({"outlets": ["没有的"]}, "outlets", "没有的"),
    ],
)
def test_the_page_says_what_is_wrong_beside_the_field(
    cast: Cast, ways: None, said: dict[str, Any], field: str, sentence: str
) -> None:
    answer = enter(cast.li).post(PAGE, said)
    assert answer.status_code == 422
    assert sentence in str(answer.context["form"].errors[field])
    assert not Preference.objects.exists()


def test_the_page_says_when_nothing_can_be_chosen(cast: Cast, settings: Any) -> None:
    settings.EMAIL_HOST = ""
    page = enter(cast.li).get(PAGE).content.decode()
    assert "目前没有可以选的站外通道" in page
    assert "发送通道" not in page


def test_the_inbox_leads_to_the_settings(cast: Cast) -> None:
    assert f'href="{PAGE}"' in enter(cast.li).get("/messages/").content.decode()


def test_the_api_shows_and_keeps_the_choice(cast: Cast, ways: None) -> None:
    hook(SECRET)
    client = enter(cast.li)
    shown = client.get(API).json()
    assert shown == {
        "outlets": [
            {"name": "邮件", "kind": "mail", "kind_label": "邮件", "chosen": True},
            {"name": "值班群", "kind": "webhook", "kind_label": "网络钩子", "chosen": False},
        ],
        "quiet_from": None,
        "quiet_until": None,
    }
    said = {"outlets": ["值班群"], "quiet_from": "22:00", "quiet_until": "07:00"}
    kept = client.put(API, said, content_type="application/json").json()
    assert [outlet["chosen"] for outlet in kept["outlets"]] == [False, True]
    assert (kept["quiet_from"], kept["quiet_until"]) == ("22:00:00", "07:00:00")
    assert client.get(API).json() == kept


@pytest.mark.parametrize(
    ("said", "code", "field"),
    [
        ({}, "required", "outlets"),
        ({"outlets": ["没有的"]}, "outlet.unknown", "outlets"),
        ({"outlets": [], "quiet_from": "22:00"}, "quiet.incomplete", "quiet_until"),
        ({"outlets": [], "quiet_from": "later", "quiet_until": "7:00"}, "invalid", "quiet_from"),
        ({"outlets": [], "sound": "loud"}, "unknown_field", "sound"),
    ],
)
def test_the_api_says_what_is_wrong(
    cast: Cast, ways: None, said: dict[str, Any], code: str, field: str
) -> None:
    answer = enter(cast.li).put(API, said, content_type="application/json")
    assert answer.status_code == 400
    assert (answer.json()["code"], answer.json()["field"]) == (code, field)


KEY = "693a91f6-7aaa-4bc4-97a0-0ec2sifa5aaa"


@pytest.mark.parametrize(
    ("kind", "address", "fits"),
    [
        ("wecom", f"wecombot://{KEY}", True),
        ("wecom", f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={KEY}", True),
        ("wecom", "https://example.com/cgi-bin/webhook/send?key=abc", False),
        ("wecom", "feishu://abc", False),
        ("dingtalk", "dingtalk://0123456789abcdef", True),
        ("dingtalk", "dingtalk://SECabc@0123456789abcdef", True),
        ("dingtalk", "dingtalk://", False),
        ("dingtalk", "dingtalk://not-hexadecimal!", False),
        ("feishu", "feishu://0123-abcd", True),
        ("feishu", "wecombot://0123-abcd", False),
        ("webhook", "json://127.0.0.1:8080/hook", True),
        ("webhook", "jsons://name:word@hooks.example.com/a/b?+X-Token=1", True),
        ("webhook", "https://hooks.example.com/a", False),
        ("webhook", "mailto://name:word@example.com", False),
        ("webhook", "xml://127.0.0.1/", False),
        ("webhook", "json://", False),
        ("webhook", "file:///etc/passwd", False),
        ("webhook", "", False),
        ("webhook", "乱写", False),
    ],
)
def test_an_address_has_to_fit_its_kind(kind: str, address: str, fits: bool, caplog: Any) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("apprise").setLevel(logging.CRITICAL)  # as the settings have it
    if fits:
        assert plugin(kind, address).redirects is False
        assert plugin(kind, address).request_timeout == (4, 10)
    else:
        with pytest.raises(RuleBroken) as refused:
            plugin(kind, address)
        assert (refused.value.code, refused.value.field) == ("outlet.address", "address")
        assert not address or address not in refused.value.message + caplog.text


def office(person: Person, *words: str, args: list[int] | None = None) -> tuple[Client, str]:
    return enter(person), reverse(f"admin:notify_outlet_{'_'.join(words)}", args=args)


def test_the_administrator_sets_up_a_way_out(cast: Cast) -> None:
    client, add = office(cast.root, "add")
    assert 'value="mail"' not in client.get(add).content.decode()
    answer = client.post(
        add, {"kind": "webhook", "name": "值班群", "address": SECRET, "is_active": "on"}
    )
    assert answer.status_code == 302
    assert Outlet.objects.get(name="值班群").address == SECRET


@pytest.mark.parametrize(
    "said",
    [
        {"kind": "webhook", "name": "群", "address": "feishu://abc"},
        {"kind": "webhook", "name": "群", "address": ""},
        {"kind": "mail", "name": "另一个", "address": ""},
    ],
)
def test_a_way_out_that_leads_nowhere_is_refused(cast: Cast, said: dict[str, str]) -> None:
    client, add = office(cast.root, "add")
    answer = client.post(add, said)
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors
    assert "feishu://abc" not in answer.content.decode()
    assert Outlet.objects.count() == 2


def test_an_address_is_never_shown_again_and_stays_when_left_empty(cast: Cast) -> None:
    way = hook(SECRET)
    for client, address in (
        office(cast.root, "changelist"), office(cast.root, "change", args=[way.pk]),
        office(cast.root, "history", args=[way.pk]),
    ):  # fmt: skip
        assert "t0ps3cret" not in client.get(address).content.decode()
    client, change = office(cast.root, "change", args=[way.pk])
    client.post(change, {"name": "夜班群", "address": "", "is_active": "on"})
    way.refresh_from_db()
    assert (way.name, way.address) == ("夜班群", SECRET)
    client.post(change, {"name": "夜班群", "address": "json://127.0.0.1/new", "is_active": "on"})
    way.refresh_from_db()
    assert way.address == "json://127.0.0.1/new"


def test_mail_and_sms_are_only_switched(cast: Cast) -> None:
    client, change = office(cast.root, "change", args=[mail().pk])
    client.post(change, {"name": "别的", "address": SECRET})
    assert (mail().name, mail().address, mail().is_active) == ("邮件", "", False)
    client.post(change, {"is_active": "on"})
    assert mail().is_active


def test_nobody_else_gets_there_and_nothing_is_deleted(cast: Cast) -> None:
    for person in (cast.li, cast.chen, cast.gao):
        client, page = office(person, "changelist")
        assert client.get(page).status_code == 403
    client, delete = office(cast.root, "delete", args=[sms().pk])
    assert client.post(delete, {"post": "yes"}).status_code == 403


def test_switched_off_for_all_it_is_no_longer_taken(cast: Cast, ways: None) -> None:
    way = hook(SECRET)
    wants(cast.li, way)
    way.is_active = False
    way.save()
    assert "值班群" not in offered(cast.li)
    assert way not in selectors.available()
