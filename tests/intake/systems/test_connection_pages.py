"""对接系统: the administrator connects systems, hands out keys once, and looks after the hooks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from complaints.models import Channel
from intake.models import Hook, HookCall, Inlet, SystemKey
from intake.systems import connections, hook_sending, hooks
from intake.systems.connections import Connection
from staff.models import Person
from tests.conftest import MONDAY, PASSWORD, Cast
from tests.intake.systems.listening import Listener, is_theirs, listening

LIST = "/connections/"
SECRET = re.compile(r'readonly value="([^"]+)"')
API = "/api/v1/intake/complaints/"


def enter(person: Person) -> Client:
    """Signed in, and known to be oneself a moment ago."""
    client = Client()
    client.post("/sign-in/", {"username": person.username, "password": PASSWORD})
    client.post("/account/confirm/", {"password": PASSWORD})
    return client


@pytest.fixture
def root(cast: Cast) -> Client:
    return enter(cast.root)


@pytest.fixture
def inlet(cast: Cast) -> Inlet:
    said = Connection(name="订单系统", channel=Channel.OTHER, branch=cast.wuxi)
    return connections.connect(said, lasts=timedelta(days=30), by=cast.root, at=MONDAY)[0]


@pytest.fixture
def listener(settings: Any) -> Iterator[Listener]:
    settings.HOOKS_ALLOW_PRIVATE = True
    with listening() as found:
        yield found


def typed(**more: str) -> dict[str, str]:
    return {"name": "客户关系系统", "channel": "parent", "branch": "WUX", "days": "90", **more}


def test_a_system_is_connected_and_its_key_shown_once(root: Client, cast: Cast) -> None:
    page = root.post(f"{LIST}new/", typed(receiver="wang", category="rude"))
    assert page.status_code == 200
    assert "no-store" in page["Cache-Control"]
    found = SECRET.search(page.content.decode())
    assert found
    header = {"Authorization": f"Key {found[1]}"}
    body = {"outside_id": "1", "what": "货没到", "complainant_phone": "13800138000"}
    answer = Client().post(API, body, content_type="application/json", headers=header)
    assert answer.status_code == 201
    inlet = Inlet.objects.get()
    assert (inlet.channel, inlet.branch, inlet.receiver, inlet.category) == (
        "parent", cast.wuxi, cast.wang, cast.rude,
    )  # fmt: skip
    for address in (LIST, f"{LIST}{inlet.key}/"):
        listed = root.get(address).content.decode()
        assert "客户关系系统" in listed
        assert found[1].partition(".")[2] not in listed


@pytest.mark.parametrize("wrong", [{"name": " "}, {"branch": "x"}, {"channel": "x"}, {"days": "9"}])
def test_what_will_not_do_connects_nothing(root: Client, wrong: dict[str, str]) -> None:
    assert root.post(f"{LIST}new/", typed(**wrong)).status_code == 422
    assert not Inlet.objects.exists()


def test_a_further_key_is_made_and_one_ended(root: Client, inlet: Inlet) -> None:
    page = root.post(f"{LIST}{inlet.key}/keys/new/", {"name": "更换", "days": "30"})
    assert SECRET.search(page.content.decode())
    first, second = SystemKey.objects.order_by("pk")
    assert root.post(f"{LIST}{inlet.key}/keys/{first.pk}/end/").status_code == 302
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.revoked_by and first.revoked_by.username, second.revoked_at) == ("root", None)
    assert root.post(f"{LIST}{inlet.key}/keys/999999/end/").status_code == 404
    assert "已作废" in root.get(f"{LIST}{inlet.key}/").content.decode()


def test_a_hook_is_made_tried_given_another_secret_and_switched_off(
    root: Client, inlet: Inlet, listener: Listener
) -> None:
    said = {"url": listener.url, "events": ["close", "hear"]}
    page = root.post(f"{LIST}{inlet.key}/hooks/new/", said).content.decode()
    secret = SECRET.search(page)
    hook = Hook.objects.get()
    address = f"{LIST}{inlet.key}/hooks/{hook.pk}/"
    assert root.post(f"{address}trial/")["Location"] == address
    made = HookCall.objects.get().created_at
    hook_sending.drain(lambda: made)
    assert secret
    assert is_theirs(listener.heard[0], secret[1], now=made.timestamp())
    shown = root.get(address).content.decode()
    assert "测试" in shown
    assert "已送达" in shown
    changed = SECRET.search(root.post(f"{address}secret/").content.decode())
    assert changed
    assert changed[1] != secret[1]
    assert "一同签名到" in root.get(address).content.decode()
    root.post(f"{address}switch/")
    hook.refresh_from_db()
    assert not hook.is_active
    assert changed[1] not in root.get(address).content.decode()


def test_what_was_given_up_is_seen_and_tried_again(
    root: Client, cast: Cast, inlet: Inlet, listener: Listener
) -> None:
    hook, _secret = hooks.create(inlet, url=listener.url, events=["close"], by=cast.root, at=MONDAY)
    call = hooks.trial(hook, at=MONDAY)
    listener.status = 500
    hook_sending.drain(lambda: MONDAY + timedelta(hours=24))
    assert "未送达" in root.get(f"{LIST}{inlet.key}/hooks/{hook.pk}/").content.decode()
    again = f"{LIST}{inlet.key}/hooks/{hook.pk}/calls/{call.pk}/again/"
    assert root.post(again).status_code == 302
    call.refresh_from_db()
    assert call.state == "pending"
    assert root.post(again).status_code == 404


def test_an_address_inside_is_refused_beside_its_field(root: Client, inlet: Inlet) -> None:
    said = {"url": "http://127.0.0.1/", "events": ["close"]}
    page = root.post(f"{LIST}{inlet.key}/hooks/new/", said)
    assert page.status_code == 422
    assert "https://" in page.content.decode()


def test_only_the_administrator_comes_in_and_shows_once_more_who_they_are(
    cast: Cast, inlet: Inlet
) -> None:
    for person in (cast.li, cast.chen, cast.lin, cast.gao):
        client = Client()
        client.force_login(person)
        for address in (LIST, f"{LIST}{inlet.key}/", f"{LIST}new/"):
            assert client.get(address).status_code == 403
    client = Client()
    client.force_login(cast.root)
    for address in ("new/", f"{inlet.key}/keys/new/", f"{inlet.key}/hooks/new/"):
        assert client.post(f"{LIST}{address}", {})["Location"].startswith("/account/confirm/")
