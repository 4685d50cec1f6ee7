"""微信客服: what customers wrote there is fetched page by page, once, and becomes their case."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from complaints.models import Attachment, Channel, Complaint
from intake import items
from intake.items import Arrival
from intake.models import Inlet, Item, Pull
from intake.wechat import media, pulling
from tests.complaints.test_races import at_once, done
from tests.conftest import MONDAY, Cast
from tests.intake.test_items import PNG
from tests.intake.wechat.platform import Platform, account, message
from tests.intake.wechat.vendor_stand_in import Vendor

SENT = int(MONDAY.timestamp())
FIRST = "ENC1"


@pytest.fixture
def wecom(cast: Cast) -> Inlet:
    return account(cast, Platform(Channel.WECOM), app_secret="s3cret")


def told(inlet: Inlet, number: str = "1", token: str = FIRST) -> None:
    """The platform says that there is something."""
    xml = message("event", number=None, Event="kf_msg_or_event", OpenKfId="wk1", Token=token)
    item, _new = items.keep(inlet, Arrival(outside_id=f"e{number}", raw=xml.encode()), at=MONDAY)
    assert items.settle(item.pk, at=MONDAY).code == "wechat.event"


def wrote(number: int, words: str = "", *, kind: str = "text", **more: Any) -> dict[str, Any]:
    said = {kind: {"content": words} if kind == "text" else more.pop("what", {})}
    return {
        "msgid": f"m{number}", "open_kfid": "wk1", "external_userid": "wm1", "send_time": SENT,
        "origin": 3, "msgtype": kind, **said, **more,
    }  # fmt: skip


def page(*wrote: Any, cursor: str, more: int = 0) -> dict[str, Any]:
    return {"errcode": 0, "next_cursor": cursor, "has_more": more, "msg_list": list(wrote)}


def drain(at: Any = MONDAY) -> int:
    return pulling.drain(lambda: at)


def test_what_customers_wrote_is_fetched_and_settled(wecom: Inlet, there: Vendor) -> None:
    told(wecom)
    there.pages = {
        "": page(
            wrote(1, "货晚到三天"), wrote(2, "马上处理", origin=5),
            wrote(3, kind="event", origin=4), "nonsense", cursor="c1", more=1,
        ),
        "c1": page(
            wrote(4, kind="image", what={"media_id": "pic"}),
            wrote(5, kind="location", what={"latitude": 1.5, "longitude": 2, "name": "天河"}),
            wrote(6, kind="file", what={"media_id": "f"}),
            wrote(7, kind="channels_shop_product", what={"title": "x"}), cursor="c2",
        ),
    }  # fmt: skip
    assert drain() == 1
    assert [(wish["cursor"], wish["token"], wish["open_kfid"]) for wish in there.wishes] == [
        ("", "ENC1", "wk1"), ("c1", "ENC1", "wk1"),
    ]  # fmt: skip
    assert items.drain(lambda: MONDAY) == 5
    case = Complaint.objects.get()
    assert (case.what, case.channel) == ("货晚到三天", Channel.WECOM)
    said = [each.said for each in case.statements.order_by("pk")]
    assert [words[:8] for words in said] == [
        "〔客户发来一份图",
        "位置：天河（1.",
        "〔客户发来一份文",
    ]
    assert Item.objects.get(outside_id="m7").code == "wechat.kind"
    there.media = {"pic": PNG}
    media.drain(lambda: MONDAY, limit=1)
    assert Attachment.objects.get().complaint == case


def test_it_goes_on_where_it_was_and_looks_in_unasked(wecom: Inlet, there: Vendor) -> None:
    told(wecom)
    there.pages = {"": page(wrote(1, "货晚到"), cursor="c1")}
    drain()
    assert (drain(), drain(MONDAY + timedelta(minutes=59))) == (0, 0)
    there.pages = {"c1": page(wrote(1, "货晚到"), wrote(2, "还没到"), cursor="c2")}
    assert drain(MONDAY + pulling.LOOK_IN) == 1
    assert there.wishes[-1]["token"] == ""
    assert Item.objects.filter(media_type="application/json").count() == 2
    assert Pull.objects.get().cursor == "c2"
    told(wecom, "2", "ENC2")
    there.pages = {"c2": page(cursor="c2")}
    assert drain() == 1
    assert there.wishes[-1]["token"] == "ENC2"


def test_what_fails_is_tried_again_from_the_last_page_kept(wecom: Inlet, there: Vendor) -> None:
    told(wecom)
    there.pages = {"": page(wrote(1, "货晚到"), cursor="c1", more=1)}
    assert drain() == 1
    pull = Pull.objects.get()
    assert (pull.cursor, pull.token, pull.tries, pull.last_error) == (
        "c1", "", 1, "errcode 95007",
    )  # fmt: skip
    assert pull.next_try_at == MONDAY + timedelta(seconds=30)
    there.pages = {"c1": page(wrote(2, "还没到"), cursor="c2")}
    assert drain(pull.next_try_at) == 1
    assert Item.objects.filter(media_type="application/json").count() == 2
    assert Pull.objects.get().tries == 0


def test_a_call_that_comes_while_we_fetch_is_not_forgotten(
    wecom: Inlet, there: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(wecom)
    there.pages = {"": page(cursor="")}
    pages = pulling._take_pages

    def meanwhile(*asked: Any) -> None:
        pages(*asked)
        told(wecom, "2", "ENC2")

    with monkeypatch.context() as patch:
        patch.setattr(pulling, "_take_pages", meanwhile)
        pulling.drain(lambda: MONDAY, limit=1)
    assert drain() == 1
    assert there.wishes[-1]["token"] == "ENC2"


@pytest.mark.xdist_group("races")
def test_however_many_fetch_nothing_comes_twice(
    transactional_db: None, wecom: Inlet, there: Vendor
) -> None:
    told(wecom)
    there.pages = {"": page(*(wrote(n, "货晚到") for n in range(20)), cursor="c1")}
    assert sum(done(at_once([drain] * 4))) == 1
    done(at_once([lambda: items.drain(lambda: MONDAY)] * 3))
    assert Complaint.objects.count() == 1
    assert Item.objects.filter(media_type="application/json").count() == 20


def test_an_account_without_a_secret_asks_nobody(cast: Cast, there: Vendor) -> None:
    told(account(cast, Platform(Channel.WECOM)))
    assert drain() == 1
    assert Pull.objects.get().last_error == "the account has no secret yet"
    assert there.asked == []


@pytest.mark.parametrize(
    "raw", [b"", b"[]", b"{}", b"null", b'{"msgtype": "text"}', b"[" * 5000, b"\xff"]
)
def test_what_is_no_message_of_theirs_is_set_aside(wecom: Inlet, raw: bytes) -> None:
    arrival = Arrival(outside_id="x", raw=raw, media_type="application/json")
    item, _new = items.keep(wecom, arrival, at=MONDAY)
    assert items.settle(item.pk, at=MONDAY).code == "wechat.unreadable"
