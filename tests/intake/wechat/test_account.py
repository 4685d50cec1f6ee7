"""An account is set up with one command, and nobody but the platform is told its keys."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from complaints.models import Channel
from intake import inlets
from intake.models import Inlet
from intake.wechat import accounts
from tests.conftest import Cast
from tests.intake.wechat.platform import Platform, message


def set_up(*words: str) -> dict[str, str]:
    """What has to be entered at the platform."""
    said = io.StringIO()
    call_command("wechat_account", *words, stdout=said)
    return dict(line.split(maxsplit=1) for line in said.getvalue().splitlines())


NEW = ["fw", "--branch", "WUX", "--app-id", "wx1"]


@pytest.mark.parametrize("channel", [Channel.WECHAT, Channel.WECOM])
def test_what_it_prints_is_what_the_platform_needs(
    transactional_db: None, cast: Cast, channel: str, settings: Any
) -> None:
    settings.SITE_URL = "https://desk.example.com"
    told = set_up(*NEW, "--channel", channel, "--receiver", "wang")
    assert told["URL"] == f"https://desk.example.com/callbacks/{channel}/fw/"
    platform = Platform(
        Channel(channel), token=told["Token"], aes_key=told["EncodingAESKey"], app_id="wx1"
    )
    assert platform.send(message()).status_code == 200
    inlet = Inlet.objects.get()
    assert (inlet.branch, inlet.receiver, inlet.is_active) == (cast.wuxi, cast.wang, True)


def test_it_changes_what_is_named_and_nothing_else(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = set_up(*NEW, "--name", "客服号")
    monkeypatch.setenv("WECHAT_APP_SECRET", "s3cret")
    assert set_up("fw", "--secret") == first
    assert set_up("fw", "--off", "--branch", "LZ")["Token"] == first["Token"]
    inlet = Inlet.objects.get()
    assert (inlet.name, inlet.branch, inlet.is_active) == ("客服号", cast.lanzhou, False)
    assert inlets.secrets_of(inlet)["app_secret"] == "s3cret"
    again = set_up("fw", "--new-keys")
    assert again["Token"] != first["Token"]
    assert again["EncodingAESKey"] != first["EncodingAESKey"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT secrets FROM intake_inlet")
        assert again["Token"] not in cursor.fetchone()[0]


@pytest.mark.parametrize(
    "words",
    [
        ["fw"], ["fw", "--branch", "WUX"], ["fw", "--branch", "none", "--app-id", "x"],
        ["f/w", *NEW[1:]], [*NEW, "--receiver", "none"], ["sms", *NEW[1:]],
    ],
)  # fmt: skip
def test_a_slip_makes_nothing(cast: Cast, words: list[str]) -> None:
    Inlet.objects.create(key="sms", name="短信", channel=Channel.SMS, branch=cast.wuxi)
    with pytest.raises(CommandError):
        set_up(*words)
    assert Inlet.objects.count() == 1


def test_keys_are_such_as_the_platform_takes(cast: Cast) -> None:
    inlet = Inlet(key="fw", name="x", channel=Channel.WECHAT, branch=cast.wuxi)
    for _ in range(50):
        keys = accounts.make_keys(inlet)
        typed = inlets.secrets_of(inlet)["aes_key"]
        assert (len(keys.aes_key), len(typed), typed.isalnum()) == (32, 43, True)
        assert 3 <= len(keys.token) <= 32


def test_an_account_without_keys_takes_nothing(transactional_db: None, cast: Cast) -> None:
    inlet = Inlet(key="fw", name="x", channel=Channel.WECHAT, branch=cast.wuxi)
    inlet.settings = {"appid": "wx1"}
    for aes_key in ("", "short"):
        inlets.seal(inlet, aes_key=aes_key)
        inlet.save()
        unsigned = Platform(token="", aes_key="", app_id="wx1")
        assert unsigned.send(message()).status_code == 403
        assert Client().get("/callbacks/wechat/fw/", {"echostr": "x"}).status_code == 403
