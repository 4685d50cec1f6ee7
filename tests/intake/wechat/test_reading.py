"""What a message of WeChat or WeCom says: words for a case, or why it is none."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from itertools import count

import pytest

from complaints.models import Channel, Complaint
from intake import items
from intake.items import Arrival
from intake.models import Inlet, Item, Media, Thread
from tests.complaints.test_races import at_once, done
from tests.conftest import MONDAY, Cast
from tests.intake.wechat.platform import Platform, account, message
from tests.intake.wechat.test_messages import MESSAGES

_ids = count()


def arrive(inlet: Inlet, xml: str) -> Item:
    arrival = Arrival(outside_id=f"m{next(_ids)}", raw=xml.encode())
    return items.keep(inlet, arrival, at=MONDAY)[0]


def settle(inlet: Inlet, xml: str) -> Item:
    return items.settle(arrive(inlet, xml).pk, at=MONDAY)


#: How a talk begins, and what becomes of it: the state, and the case's words or the code.
FIRST = {
    "words": (message(Content="货晚到三天"), "registered", "货晚到三天"),
    "words with faces": (message(Content="货晚到/::)[微笑]👍"), "registered", "货晚到/::)[微笑]👍"),
    "a greeting and words": (message(Content="你好，货晚到"), "registered", "你好，货晚到"),
    "a word in brackets": (message(Content="[退款]"), "registered", "[退款]"),
    "a number": (message(Content="YD2026"), "registered", "YD2026"),
    "markup": (message(Content="<b>{{7*7}}</b>" * 1), "registered", "<b>{{7*7}}</b>"),
    "2,048 characters": (message(Content="长" * 2048), "registered", "长" * 2048),
    "rare characters": (message(Content="我叫𠮷㛃👨‍👩‍👧"), "registered", "我叫𠮷㛃👨‍👩‍👧"),
    "a greeting": (message(Content="您好，在吗？"), "ignored", "wechat.small_talk"),
    "another": (message(Content="Hello!"), "ignored", "wechat.small_talk"),
    "faces": (message(Content="/::)/:handclap[微笑][Smile]👍🏽"), "ignored", "wechat.small_talk"),
    "one old face": (message(Content="/::)"), "ignored", "wechat.small_talk"),
    "punctuation": (message(Content="？？？"), "ignored", "wechat.small_talk"),
    "nothing": (message(Content=" "), "ignored", "wechat.small_talk"),
    "what is not passed on": (
        message(Content="【收到不支持的消息类型，暂无法显示】"), "ignored", "wechat.not_passed_on",
    ),
    "somebody who follows": (
        message("event", Event="subscribe"), "ignored", "wechat.event",
    ),
    "somebody who leaves": (message("event", Event="unsubscribe"), "ignored", "wechat.event"),
    "a device": (message("device_event", Event="bind"), "ignored", "wechat.event"),
    "a picture": (
        message("image", MediaId="m1", PicUrl="http://mmbiz.qpic.cn/1"), "registered",
        "\n〔客户发来一份图片，取回后附在本投诉；素材编号 m1〕",
    ),
    "a recording with its words": (
        message("voice", MediaId="m2", Format="amr", Recognition="货晚到"), "registered",
        "货晚到\n〔客户发来一份语音，取回后附在本投诉；素材编号 m2〕",
    ),
    "a video": (
        message("video", MediaId="m3", ThumbMediaId="t"), "registered",
        "\n〔客户发来一份视频，取回后附在本投诉；素材编号 m3〕",
    ),
    "a short video": (
        message("shortvideo", MediaId="m4"), "registered",
        "\n〔客户发来一份视频，取回后附在本投诉；素材编号 m4〕",
    ),
    "a place": (
        message("location", Location_X="23.13", Location_Y="113.35", Label="天河路 1 号"),
        "registered", "位置：天河路 1 号（23.13, 113.35）",
    ),
    "a place without a name": (
        message("location", Location_X="1", Location_Y="2"), "registered", "位置：—（1, 2）",
    ),
    "a link": (
        message("link", Title="曝光", Description="", Url="https://example.com/1"), "registered",
        "曝光\nhttps://example.com/1",
    ),
    "an empty link": (message("link"), "set_aside", "what.blank"),
    "another kind": (message("notsure"), "set_aside", "wechat.kind"),
    "a kind of nothing": (message(""), "set_aside", "wechat.kind"),
    "nobody": (message(Content="x", sender=""), "set_aside", "wechat.unreadable"),
    "no XML": ("x", "set_aside", "wechat.unreadable"),
    "invisible words": (message(Content="\u200b\u3164"), "set_aside", "what.blank"),
}  # fmt: skip


def test_the_beginning_of_a_talk(cast: Cast, inlet: Inlet) -> None:
    for number, (name, (xml, state, said)) in enumerate(FIRST.items()):
        item = settle(inlet, xml.replace("[o1]", f"[o-{number}]"))
        assert item.state == state, (name, item.code, item.reason)
        if item.complaint:
            what = item.complaint.what
            assert what == said.strip(), name
            thread = Thread.objects.get(complaint=item.complaint)
            assert (thread.address, thread.conversation) == (f"o-{number}", f"o-{number}")
        else:
            assert item.code == said, name
    assert Media.objects.filter(state="waiting").count() == 4


def test_a_talk_goes_on_in_its_case(inlet: Inlet) -> None:
    first = settle(inlet, message(Content="货晚到三天"))
    further = ["👍", "你好", "【收到不支持的消息类型，暂无法显示】", "单号 YD2026"]
    for words in further:
        assert settle(inlet, message(Content=words)).complaint == first.complaint
    assert settle(inlet, message("image", MediaId="m1")).complaint == first.complaint
    case = Complaint.objects.get()
    assert [each.said for each in case.statements.order_by("pk")][:4] == further
    assert settle(inlet, message("event", Event="unsubscribe")).state == "ignored"
    other = settle(inlet, message(Content="另一个人的事", sender="o2"))
    assert other.complaint != first.complaint
    Complaint.objects.update(status="withdrawn")
    assert settle(inlet, message(Content="👍")).state == "ignored"
    assert settle(inlet, message(Content="又有事")).state == "registered"


def test_accounts_know_nothing_of_each_others_talks(cast: Cast, inlet: Inlet) -> None:
    other = account(cast, Platform(Channel.WECOM, key="qy"))
    one, two = (settle(each, message(Content="货晚到")) for each in (inlet, other))
    assert one.complaint != two.complaint
    assert [case.channel for case in Complaint.objects.order_by("pk")] == ["wechat", "wecom"]


@pytest.mark.xdist_group("races")
def test_two_messages_at_once_are_one_case(transactional_db: None, inlet: Inlet) -> None:
    found = [arrive(inlet, message(Content=f"第 {number} 句")) for number in range(6)]
    done(at_once([partial(items.settle, item.pk, at=MONDAY) for item in found]))
    case = Complaint.objects.get()
    assert case.statements.count() == 5


def test_every_message_of_the_data_is_settled(cast: Cast, inlet: Inlet) -> None:
    wecom = account(cast, Platform(Channel.WECOM, key="qy"))
    states = set()
    for given in MESSAGES:
        item = settle(wecom if given["channel"] == "wecom" else inlet, given["xml"])
        assert item.state != "waiting", given["id"]
        assert item.code != "unexpected", given["id"]
        states.add(item.state)
    assert states == {"registered", "appended", "ignored", "set_aside"}


def test_what_was_said_long_ago_is_said_then(inlet: Inlet) -> None:
    settle(inlet, message(Content="货晚到"))
    at = MONDAY + timedelta(hours=2)
    said = message(Content="还没到", CreateTime=str(int(MONDAY.timestamp()) + 3600))
    items.settle(arrive(inlet, said).pk, at=at)
    statement = Complaint.objects.get().statements.get()
    assert statement.occurred_at == MONDAY + timedelta(hours=1)
