"""Pictures and recordings come from the platform to the case, and from nowhere else."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest

from complaints.models import Attachment, Channel, Complaint
from intake import items
from intake.items import Arrival
from intake.models import Inlet, Media
from intake.wechat import fetching, media, vendor
from intake.wechat.fetching import Rules, Unreachable, ask
from tests.complaints.test_races import at_once, done
from tests.conftest import MONDAY, Cast
from tests.intake.test_items import PNG
from tests.intake.wechat.platform import Platform, account, message
from tests.intake.wechat.vendor_stand_in import Vendor

AMR = b"#!AMR\n" + b"\x3c" * 40


@pytest.fixture(params=[Channel.WECHAT, Channel.WECOM])
def either(cast: Cast, request: pytest.FixtureRequest) -> Inlet:
    """The account of either platform, with its secret."""
    return account(cast, Platform(request.param), app_secret="s3cret")


@pytest.fixture
def official(cast: Cast) -> Inlet:
    return account(cast, Platform(), app_secret="s3cret")


def arrive(inlet: Inlet, kind: str = "image", media_id: str = "m1", **more: str) -> Media:
    xml = message(kind, MediaId=media_id, **more).encode()
    arrival = Arrival(outside_id=f"{kind}:{media_id}", raw=xml)
    item = items.keep(inlet, arrival, at=MONDAY)[0]
    items.settle(item.pk, at=MONDAY)
    return Media.objects.get(item=item)


def drain(at: Any = MONDAY) -> int:
    return media.drain(lambda: at)


def test_what_a_message_names_is_put_to_its_case(either: Inlet, there: Vendor) -> None:
    there.media = {"m1": PNG, "m2": AMR}
    picture, recording = arrive(either), arrive(either, "voice", "m2")
    assert drain() == 2
    case = Complaint.objects.get()
    kept = {each.name: each for each in Attachment.objects.all()}
    assert set(kept) == {"图片.png", "语音.amr"}
    assert {each.complaint for each in kept.values()} == {case}
    assert {each.by for each in kept.values()} == {case.owner}
    for found in (picture, recording):
        found.refresh_from_db()
        assert (found.state, found.next_try_at) == ("kept", None)
    assert picture.attachment == kept["图片.png"]
    # one token for both; nothing is fetched twice
    assert (there.tokens, there.count("/cgi-bin/media/get"), drain()) == (1, 2, 0)


def test_a_token_that_holds_no_more_is_asked_for_again(official: Inlet, there: Vendor) -> None:
    there.media = {"m1": PNG, "m2": PNG}
    arrive(official)
    drain()
    there.stale = {"t1"}
    arrive(official, media_id="m2")
    drain()
    assert (there.tokens, Attachment.objects.count()) == (2, 2)


def test_what_fails_is_tried_again_until_the_platform_has_forgotten_it(
    cast: Cast, there: Vendor
) -> None:
    found = arrive(account(cast, Platform(), app_secret="wrong"))
    at, tries = MONDAY, 0
    while drain(at):
        tries += 1
        found.refresh_from_db()
        if found.next_try_at is None:
            break
        assert at < found.next_try_at <= at + timedelta(hours=3)
        at = found.next_try_at
    assert (found.state, found.last_error) == ("given_up", "errcode 40001")
    assert 20 < tries < 60
    assert MONDAY + timedelta(hours=68) < at < MONDAY + media.LIFE
    said = Complaint.objects.get().statements.get().said
    assert said.startswith("〔客户发来的图片没有取到（errcode 40001）")
    assert "m1" in said


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ({"errcode": 40007}, "errcode 40007"),
        (b"MZ\x90\x00" + b"\x00" * 60, "不支持"),
        (b"<html><script>alert(1)</script></html>\x01", "不支持"),
        (b"", "是空的"),
    ],
)
def test_what_is_gone_or_may_not_be_kept_is_said_at_once(
    official: Inlet, there: Vendor, content: bytes | dict[str, Any], why: str
) -> None:
    there.media = {"m1": content}
    found = arrive(official)
    assert (drain(), drain(MONDAY + timedelta(days=1))) == (1, 0)
    found.refresh_from_db()
    assert found.state == "given_up"
    assert why in Complaint.objects.get().statements.get().said
    assert not Attachment.objects.exists()


def test_a_case_takes_what_is_fetched_once_by_however_many(
    transactional_db: None, official: Inlet, there: Vendor
) -> None:
    there.media = {f"m{number}": PNG for number in range(8)}
    for number in range(8):
        arrive(official, media_id=f"m{number}")
    assert sum(done(at_once([drain] * 4))) == 8
    assert Attachment.objects.count() == 8


def test_a_message_without_a_case_yet_waits(official: Inlet, there: Vendor) -> None:
    found = arrive(official)
    found.item.__class__.objects.filter(pk=found.item_id).update(
        state="set_aside", code="x", complaint=None
    )
    assert drain() == 0


def test_the_sweeper_leaves_it_to_the_worker_for_a_while(official: Inlet, there: Vendor) -> None:
    there.media = {"m1": PNG}
    arrive(official)
    overdue = timedelta(minutes=1)
    assert media.drain(lambda: MONDAY + timedelta(seconds=59), overdue=overdue) == 0
    assert media.drain(lambda: MONDAY + timedelta(seconds=60), overdue=overdue) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/picture", "http://localhost:{port}/picture",
        "http://mmbiz.qpic.cn.example.com/1", "http://example.com/.qpic.cn",
        "http://mmbiz.qpic.cn@127.0.0.1:{port}/1", "http://mmbiz.qpic.cn:{port}/1",
        "file:///etc/passwd", "ftp://mmbiz.qpic.cn/1", "gopher://mmbiz.qpic.cn/1", "//x", "http://[",
        "http://169.254.169.254/latest/meta-data", "", "http://①②⑦.⓪.⓪.①:{port}/",
    ],
)  # fmt: skip
def test_a_picture_elsewhere_is_never_asked_for(cast: Cast, there: Vendor, url: str) -> None:
    """An account without a secret has nothing but the address that the message names."""
    inlet = account(cast, Platform())
    found = arrive(inlet, PicUrl=url.format(port=there.port))
    drain()
    found.refresh_from_db()
    assert found.state == ("given_up" if url else "waiting")
    assert there.asked == []


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
def test_a_host_of_theirs_that_leads_inside_is_not_called(name: str) -> None:
    with closing(socket.socket()) as server:
        server.bind(("127.0.0.1", 0))
        with pytest.raises(Unreachable, match="an address inside") as refused:
            ask(f"http://{name}/x", Rules((name,), (), 100))
        assert refused.value.for_good


@pytest.mark.parametrize(
    ("address", "outside"),
    [
        ("93.184.216.34", True), ("2606:2800:220:1::1", True), ("127.0.0.1", False),
        ("10.0.0.1", False), ("172.16.0.1", False), ("192.168.1.1", False), ("0.0.0.1", False),
        ("169.254.169.254", False), ("100.64.0.1", False), ("224.0.0.1", False), ("::1", False),
        ("255.255.255.255", False), ("::ffff:127.0.0.1", False), ("::ffff:10.0.0.1", False),
        ("fe80::1%eth0", False), ("fc00::1", False), ("2002:7f00:1::", False), ("ff02::1", False),
    ],
)  # fmt: skip
def test_which_addresses_lie_outside(address: str, outside: bool) -> None:
    assert fetching._is_outside(address) is outside


def test_nobody_is_led_elsewhere(official: Inlet, there: Vendor) -> None:
    there.redirect = "http://127.0.0.1:1/inside"
    with pytest.raises(Unreachable, match="HTTP 302"):
        vendor.fetch(official, "m1", "")


def test_a_video_is_fetched_from_the_platforms_own_hosts_alone(
    official: Inlet, there: Vendor
) -> None:
    there.media = {"m1": {"video_url": f"{there.address}/video"}}
    with pytest.raises(Unreachable, match="not a host of the platform"):
        vendor.fetch(official, "m1", "")
    assert "/video" not in there.asked


@pytest.mark.parametrize("said", [b"[]", b"{", b"[" * 30_000, b'{"errcode": "x"}', b"{}"])
def test_a_token_that_is_none_is_said_so(
    official: Inlet, there: Vendor, monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    monkeypatch.setattr(there, "answer", lambda *asked: said)
    with pytest.raises(Unreachable, match=r"no JSON|no token"):
        vendor.fetch(official, "m1", "")


def test_too_much_and_too_slow_are_broken_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "_WHOLE", 0.3)

    def drip(server: socket.socket) -> None:
        wire, _from = server.accept()
        with wire:
            wire.recv(4096)
            wire.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
            try:
                for _ in range(60):
                    wire.sendall(b"x")
                    time.sleep(0.05)
            except OSError:
                pass

    for largest, why in ((10**6, "too slow"), (3, "too large")):
        with closing(socket.create_server(("127.0.0.1", 0))) as server:
            thread = threading.Thread(target=drip, args=(server,), daemon=True)
            thread.start()
            host = f"127.0.0.1:{server.getsockname()[1]}"
            begun = time.monotonic()
            with pytest.raises(Unreachable, match=why):
                ask(f"http://{host}/", Rules((), (host,), largest))
            assert time.monotonic() - begun < 2
            thread.join(5)
