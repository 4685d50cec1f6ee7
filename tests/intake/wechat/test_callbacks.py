"""Calls of the platforms: kept and answered when they are theirs, refused alike when not."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from complaints.models import Channel, Complaint
from intake import inlets, items
from intake.models import Inlet, Item, ItemState, Nonce
from intake.wechat.calls import WINDOW
from intake.wechat.taking import thanks
from tests.complaints.test_races import at_once
from tests.conftest import Cast
from tests.intake.wechat.platform import Platform, account, message

pytestmark = pytest.mark.usefixtures("transactional_db")

LATE = "货晚到三天，没有人接电话。"


@pytest.mark.parametrize("channel", [Channel.WECHAT, Channel.WECOM])
def test_a_message_is_kept_and_answered_under_the_same_seal(cast: Cast, channel: Channel) -> None:
    platform = Platform(channel)
    inlet = account(cast, platform)
    xml = message(Content=LATE)
    answer = platform.send(xml)
    assert answer.status_code == 200
    said = platform.opened(answer)
    assert f"<Content>{thanks()}</Content>" in said
    assert "<ToUserName>o1</ToUserName><FromUserName>gh_1</FromUserName>" in said
    item = Item.objects.get()
    assert (item.inlet, bytes(item.raw).decode(), item.outside_id, item.sender, item.state) == (
        inlet, xml, "7", "o1", ItemState.WAITING,
    )  # fmt: skip
    # settled by those who settle; the second word within the hour is kept without an answer
    assert not Complaint.objects.exists()
    assert platform.send(message(number="8", Content="在吗")).content == b"success"
    assert Item.objects.count() == 2


@pytest.mark.parametrize("channel", [Channel.WECHAT, Channel.WECOM])
def test_an_address_is_confirmed_to_its_platform_alone(cast: Cast, channel: Channel) -> None:
    platform = Platform(channel)
    account(cast, platform)
    at = str(int(time.time()))
    sealed = platform.sealed("5927782489442352469", timestamp=at)
    echo = sealed[1].partition("<Encrypt><![CDATA[")[2].partition("]]>")[0]
    query = {**sealed[0], "echostr": echo}
    assert platform.get(query).content == b"5927782489442352469"
    plain, _body = platform.but(aes_key="").sealed("")
    confirmed = platform.get({**plain, "echostr": "42"})
    if channel == Channel.WECHAT:  # whatever its mode, it asks in the open
        assert (confirmed.content, confirmed["Content-Type"]) == (
            b"42", "text/plain; charset=utf-8",
        )  # fmt: skip
    else:
        assert confirmed.status_code == 403
    for wrong in (
        {"nonce": "0"},
        {"msg_signature": "0"},
        {"echostr": echo[:-4]},
        {"timestamp": ""},
    ):
        assert refused(platform.get({**query, **wrong})), wrong
    assert refused(platform.get({**query, "timestamp": "9" * 400}))
    assert refused(platform.but(key="none").get({**query, "timestamp": "9" * 400}))
    far, _body = platform.but(aes_key="").sealed("", timestamp="9" * 400)
    assert refused(platform.get({**far, "echostr": "42"}))
    old, _body = platform.but(aes_key="").sealed("", timestamp=str(int(time.time()) - WINDOW - 5))
    assert refused(platform.get({**old, "echostr": "42"}))


def refused(answer: Any) -> bool:
    """With 403 and nothing besides."""
    return (answer.status_code, answer.content) == (403, b"")


Calling = Callable[[Platform], Any]
AGO = WINDOW + 5

HOSTILE: dict[str, tuple[int, Calling]] = {
    "no signature": (403, lambda p: p.post({}, p.sealed(message())[1])),
    "a wrong signature": (403, lambda p: p.send(message(), msg_signature="0" * 40)),
    "another's signature": (403, lambda p: p.but(token="guessed").send(message())),
    "a signature that is no ASCII": (403, lambda p: p.send(message(), msg_signature="签名")),
    "a signature with a zero": (403, lambda p: p.send(message(), msg_signature="\x00")),
    "another's key": (403, lambda p: p.but(aes_key="A" * 43).send(message())),
    "another account's id": (403, lambda p: p.but(app_id="wx0").send(message())),
    "a plain call": (403, lambda p: p.but(aes_key="").send(message())),
    "a call of long ago": (403, lambda p: p.send(message(), timestamp=str(int(time.time()) - AGO))),
    "a call of later": (403, lambda p: p.send(message(), timestamp=str(int(time.time()) + AGO))),
    "a time beyond counting": (403, lambda p: p.send(message(), timestamp="9" * 400)),
    "a time that is none": (403, lambda p: p.send(message(), timestamp="now")),
    "a seal that is none": (403, lambda p: p.post({}, "<xml><Encrypt>x</Encrypt></xml>")),
    "an account that is none": (403, lambda p: p.but(key="none").send(message())),
    "the other platform": (403, lambda p: p.but(channel=Channel.WECOM).send(message())),
    "a declaration": (400, lambda p: p.post({}, "<!DOCTYPE x><xml/>")),
    "a declaration under the seal": (400, lambda p: p.send("<!DOCTYPE x><xml/>")),
    "an entity": (400, lambda p: p.post({}, '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>')),
    "a million levels": (400, lambda p: p.post({}, "<a>" * 1_000_000)),
    "levels under the seal": (400, lambda p: p.send("<a>" * 20 + "</a>" * 20)),
    "a hundred megabytes": (400, lambda p: p.post({}, b"x" * 100 * 1024 * 1024)),
    "a long query": (400, lambda p: p.post({"x": "y" * 5000}, p.sealed(message())[1])),
    "nothing": (400, lambda p: p.post({}, "")),
    "no XML": (400, lambda p: p.post({}, '{"MsgType": "text"}')),
}


def test_what_is_not_theirs_leaves_nothing(platform: Platform, inlet: Inlet) -> None:
    assert platform.send(message("event", number=None, Event="subscribe")).status_code == 200
    for name, (status, call) in HOSTILE.items():
        begun = time.monotonic()
        answer = call(platform)
        assert (answer.status_code, answer.content) == (status, b""), name
        assert time.monotonic() - begun < 2, name
    assert Item.objects.count() == 1
    inlet.is_active = False
    inlet.save()
    assert refused(platform.send(message()))


def test_other_ways_of_calling_are_refused(platform: Platform, inlet: Inlet) -> None:
    query, body = platform.sealed(message())
    form = platform.post(query, body + " " * 70_000)
    assert form.status_code == 400
    assert platform.get({}).status_code == 403


def test_three_deliveries_of_one_message_are_one_item(platform: Platform, inlet: Inlet) -> None:
    said = message(number="24", Content=LATE)
    happened = message("event", number=None, Event="subscribe")
    answers = [platform.send(said) for _ in range(3)]
    assert [thanks() in platform.opened(answer) for answer in answers] == [True] * 3
    assert [platform.send(happened).content for _ in range(3)] == [b"success"] * 3
    assert [item.repeats for item in Item.objects.order_by("pk")] == [2, 2]
    # the very same call within its time: the same answer, and still one
    query, body = platform.sealed(said)
    assert [platform.post(query, body).status_code for _ in range(2)] == [200, 200]
    assert Item.objects.count() == 2


@pytest.mark.xdist_group("races")
def test_deliveries_at_once_are_one_item(platform: Platform, inlet: Inlet) -> None:
    calls = [platform.sealed(message(number="24", Content=LATE)) for _ in range(6)]
    answers = at_once([lambda call=call: platform.post(*call) for call in calls])  # type: ignore[misc]
    assert [answer.status_code for answer in answers] == [200] * 6
    assert Item.objects.get().outside_id == "24"


def test_in_plain_mode_a_nonce_carries_one_message(cast: Cast) -> None:
    platform = Platform(aes_key="")
    account(cast, platform)
    query, body = platform.sealed(message(number="1", Content=LATE))
    assert thanks() in platform.opened(platform.post(query, body))
    assert platform.post(query, body).status_code == 200
    assert refused(platform.post(query, message(number="2", Content="别的话")))
    assert refused(platform.post(query, Platform().sealed(message())[1]))
    assert Item.objects.get().outside_id == "1"
    Nonce.objects.update(at=Nonce.objects.get().at.replace(year=2020))
    assert platform.send(message(number="3", Content="又有事")).status_code == 200
    assert Nonce.objects.count() == 1
    assert refused(Platform(Channel.WECOM, aes_key="").send(message()))


def test_new_keys_hold_as_soon_as_they_are_in(
    platform: Platform, inlet: Inlet, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert platform.send(message()).status_code == 200
    inlets.seal(inlet, token="new")
    inlet.save()
    monkeypatch.setattr("intake.wechat.accounts._JUST", 0.0)
    assert platform.but(token="new").send(message(number="8")).status_code == 200
    assert refused(platform.send(message(number="9")))


def test_what_came_becomes_a_case(platform: Platform, inlet: Inlet) -> None:
    platform.send(message(number="1", Content=LATE))
    platform.send(message(number="2", Content="单号 YD2026"))
    for item in Item.objects.order_by("pk"):
        items.settle(item.pk, at=item.received_at)
    case = Complaint.objects.get()
    assert (case.what, case.channel) == (LATE, Channel.WECHAT)
    assert [each.said for each in case.statements.all()] == ["单号 YD2026"]
