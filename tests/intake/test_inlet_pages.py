"""The administrator sets up the ways in: what each channel needs, secrets never shown, and a
history that only grows."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from common.errors import NotAllowed
from complaints import departures
from complaints.models import Channel
from intake import inlets
from intake.inlet_fields import FIELDS
from intake.inlets import Plan
from intake.mail.mailboxes import settings_of
from intake.models import Inlet, InletChange
from staff.models import Person
from tests.complaints.test_races import at_once
from tests.conftest import MONDAY, Cast
from tests.intake.coming import way_in
from tests.intake.mail.letters import mailbox

AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
MORE: dict[str, dict[str, str]] = {
    "mail": {
        "address": "tousu@example.com", "host": "imap.example.com", "port": "143",
        "security": "starttls", "user": "tousu", "folder": "INBOX", "password": "geheim 1",
    },
    "wechat": {"appid": "wx1", "token": "token123", "aes_key": AES_KEY, "app_secret": "geheim 1"},
    "wecom": {
        "corpid": "ww1", "agent_id": "1000002", "token": "token123", "aes_key": AES_KEY,
        "app_secret": "geheim 1",
    },
}  # fmt: skip


@pytest.fixture
def root(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.root)
    return client


def usual(cast: Cast, **more: Any) -> dict[str, Any]:
    return {"key": "in", "name": "客服邮箱", "branch": cast.wuxi.pk, "is_active": "on", **more}


def refused(answer: Any) -> dict[str, list[str]]:
    """The codes beside each field."""
    assert answer.status_code == 422
    errors = answer.context["form"].errors.as_data()
    return {name: [error.code for error in said] for name, said in errors.items()}


@pytest.mark.parametrize("channel", Channel.values)
def test_each_channel_is_set_up_with_what_it_needs(cast: Cast, root: Client, channel: str) -> None:
    more = MORE.get(channel, {})
    answer = root.post(f"/inlets/new/?channel={channel}", usual(cast, **more))
    assert answer.status_code == 302
    made = Inlet.objects.get()
    hidden = {field.name for field in FIELDS.get(Channel(channel), ()) if field.is_secret}
    typed = {"143": 143}
    open_ = {name: typed.get(said, said) for name, said in more.items() if name not in hidden}
    assert made.settings == open_
    assert inlets.secrets_of(made) == {name: more[name] for name in hidden}
    assert (made.channel, made.branch, made.receiver) == (channel, cast.wuxi, None)
    assert "客服邮箱" in root.get("/inlets/").content.decode()


def test_what_is_left_empty_of_a_mailbox_is_as_usual_and_what_is_said_is_read(
    cast: Cast, root: Client
) -> None:
    words = MORE["mail"] | {"port": "", "folder": "", "user": ""}
    root.post("/inlets/new/?channel=mail", usual(cast, **words))
    made = Inlet.objects.get()
    read = settings_of(made)
    assert (read.security, read.real_port, read.folder) == ("starttls", 143, "INBOX")
    words["security"] = "tls"
    assert root.post(f"/inlets/{made.pk}/", usual(cast, **words)).status_code == 302
    assert settings_of(Inlet.objects.get()).real_port == 993


def test_saving_the_page_changes_nothing_of_a_mailbox_made_by_command(
    cast: Cast, root: Client
) -> None:
    made = mailbox(cast, host="imap.example.com", security="starttls")
    form = root.get(f"/inlets/{made.pk}/").context["form"]
    shown = {field.name: field.value() for field in form}
    typed = {name: said for name, said in shown.items() if said not in (None, False)}
    assert root.post(f"/inlets/{made.pk}/", typed).status_code == 302
    assert settings_of(Inlet.objects.get()) == settings_of(made)


def test_the_names_that_the_channels_read_by_stay(cast: Cast) -> None:
    names = {
        channel.value: {field.name: field.is_secret for field in fields}
        for channel, fields in FIELDS.items()
    }
    assert names == {
        "mail": {"address": False, "host": False, "port": False, "security": False,
                 "user": False, "folder": False, "password": True},
        "wechat": {"appid": False, "token": True, "aes_key": True, "app_secret": True},
        "wecom": {"corpid": False, "agent_id": False, "token": True, "aes_key": True,
                  "app_secret": True},
    }  # fmt: skip


def test_the_channel_is_asked_first(root: Client) -> None:
    for address in ("/inlets/new/", "/inlets/new/?channel=nonsense", "/inlets/new/?channel=%00"):
        assert "先选渠道" in root.get(address).content.decode()
    assert "IMAP" in root.get("/inlets/new/?channel=mail").content.decode()


@pytest.mark.parametrize(
    ("channel", "wrong", "field", "code"),
    [
        ("sms", {"key": "a b"}, "key", "invalid"),
        ("sms", {"key": ""}, "key", "required"),
        ("sms", {"name": ""}, "name", "required"),
        ("sms", {"name": "\u200b"}, "name", "required"),
        ("sms", {"name": "a\x07"}, "name", "text.control"),
        ("sms", {"branch": ""}, "branch", "required"),
        ("sms", {"branch": "x"}, "branch", "invalid_choice"),
        ("sms", {"receiver": "999999"}, "receiver", "invalid_choice"),
        ("mail", {"address": ""}, "address", "address.missing"),
        ("mail", {"address": "nobody"}, "address", "address.form"),
        ("mail", {"host": "a b/c"}, "host", "host.form"),
        ("mail", {"security": "ssl"}, "security", "invalid_choice"),
        ("mail", {"port": "0"}, "port", "min_value"),
        ("mail", {"port": "65536"}, "port", "max_value"),
        ("mail", {"password": "a\x00b"}, "password", "null_characters_not_allowed"),
        ("wechat", {"token": ""}, "token", "token.missing"),
        ("wechat", {"token": "a!"}, "token", "token.form"),
        ("wechat", {"aes_key": "short"}, "aes_key", "aes_key.form"),
        ("wecom", {"agent_id": "eins"}, "agent_id", "agent_id.form"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(
    cast: Cast, root: Client, channel: str, wrong: dict[str, str], field: str, code: str
) -> None:
    form = usual(cast, **MORE.get(channel, {})) | wrong
    answer = root.post(f"/inlets/new/?channel={channel}", form)
    assert refused(answer) == {field: [code]}
    assert "geheim" not in answer.content.decode()
    assert not Inlet.objects.exists()


def test_a_way_in_that_is_shut_may_lack_what_it_needs(cast: Cast, root: Client) -> None:
    form = {name: said for name, said in usual(cast).items() if name != "is_active"}
    assert root.post("/inlets/new/?channel=wechat", form).status_code == 302
    made = Inlet.objects.get()
    assert refused(root.post(f"/inlets/{made.pk}/", usual(cast))) == {"appid": ["appid.missing"]}


def test_two_ways_in_never_share_a_key(cast: Cast, root: Client) -> None:
    way_in(cast, "in")
    assert refused(root.post("/inlets/new/?channel=sms", usual(cast))) == {"key": ["key.taken"]}


def test_a_secret_that_is_left_blank_stays_and_is_never_shown(cast: Cast, root: Client) -> None:
    root.post("/inlets/new/?channel=wechat", usual(cast, **MORE["wechat"]))
    made = Inlet.objects.get()
    shown = root.get(f"/inlets/{made.pk}/").content.decode()
    assert "已设置" in shown
    assert not any(said in shown for said in ("geheim", "token123", AES_KEY))
    root.post(f"/inlets/{made.pk}/", usual(cast, appid="wx2", token="token456"))
    made.refresh_from_db()
    assert inlets.secrets_of(made) == {
        "token": "token456", "aes_key": AES_KEY, "app_secret": "geheim 1",
    }  # fmt: skip
    assert made.settings == {"appid": "wx2"}


def test_every_change_stands_in_the_history(cast: Cast, root: Client) -> None:
    root.post("/inlets/new/?channel=wechat", usual(cast, **MORE["wechat"]))
    made = Inlet.objects.get()
    assert InletChange.objects.count() == 1
    same = usual(cast, appid="wx1")
    root.post(f"/inlets/{made.pk}/", same)
    assert InletChange.objects.count() == 1
    changed = {**same, "name": "微信", "branch": cast.lanzhou.pk, "token": "token456"}
    changed["receiver"] = cast.zhao.pk
    root.post(f"/inlets/{made.pk}/", changed)
    last = InletChange.objects.latest("pk")
    assert last.by == cast.root
    assert last.changes == [
        {"name": "name", "old": "客服邮箱", "new": "微信"},
        {"name": "branch", "old": "无锡分公司", "new": "兰州分公司"},
        {"name": "receiver", "old": "", "new": "zhao"},
        {"name": "token", "is_secret": True},
    ]
    shown = root.get(f"/inlets/{made.pk}/").content.decode().partition('id="changes"')[2]
    assert "<del>客服邮箱</del>" in shown
    assert "已更换" in shown
    assert "token456" not in shown


@pytest.mark.parametrize("deed", ["update", "delete"])
def test_the_history_only_grows(cast: Cast, root: Client, deed: str) -> None:
    root.post("/inlets/new/?channel=sms", usual(cast))
    rows = InletChange.objects.all()
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        rows.update(changes=[]) if deed == "update" else rows.delete()
    assert rows.count() == 1


def test_nobody_but_the_administrator_changes_a_way_in(cast: Cast) -> None:
    plan = Plan(key="in", name="短信", branch=cast.wuxi)
    for person in cast.people:
        if person != cast.root:
            with pytest.raises(NotAllowed):
                inlets.found(Channel.SMS, plan, by=person, at=MONDAY)
    assert not Inlet.objects.exists()


def test_a_receiver_who_has_left_or_moved_is_shown(cast: Cast, root: Client) -> None:
    gone = way_in(cast, "gone", receiver=cast.li)
    moved = way_in(cast, "moved", receiver=cast.zhao)
    alone = way_in(cast, "alone", branch=cast.suzhou)
    departures.close_account(cast.li, hand_up=True, by=cast.root, at=MONDAY)
    listed = root.get("/inlets/").content.decode()
    assert "首问人李静已不能受理" in listed
    assert "首问人赵磊不在无锡分公司" in listed
    assert alone.name in listed
    shown = root.get(f"/inlets/{gone.pk}/").content.decode()
    assert "首问人李静已不能受理" in shown
    kept = root.post(f"/inlets/{gone.pk}/", usual(cast, key="gone", receiver=cast.li.pk))
    assert kept.status_code == 302
    chosen = root.post(f"/inlets/{moved.pk}/", usual(cast, key="moved", receiver=cast.li.pk))
    assert refused(chosen) == {"receiver": ["invalid_choice"]}


@pytest.mark.xdist_group("races")
def test_of_two_who_found_one_key_at_once_one_is_told(
    transactional_db: None, cast: Cast, root: Client
) -> None:
    plan = Plan(key="in", name="短信", branch=cast.wuxi)
    person: Person = cast.root
    made = at_once([lambda: inlets.found(Channel.SMS, plan, by=person, at=MONDAY)] * 4)
    assert sum(isinstance(each, Inlet) for each in made) == 1
    assert {getattr(each, "code", "made") for each in made} == {"made", "key.taken"}
    assert InletChange.objects.count() == 1
