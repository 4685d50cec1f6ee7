"""The XML of the platforms: every kind of message read, and nothing that they never send."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from intake.wechat.messages import Message, Unreadable, parse
from tests.intake.wechat.platform import message
from tests.shared import DATA

MESSAGES = [
    json.loads(line) for line in (DATA / "wechat" / "messages.jsonl").read_text().splitlines()
]
#: The scene of a product's code is "scanbarcode|standard|key" at their side.
_BARCODE = {"scanbarcode": "scanimage"}


def event(message: Message) -> str:
    if message.event == "subscribe" and message["EventKey"].startswith("qrscene_"):
        return "subscribe_scan"
    return message.event


def content(message: Message) -> str:
    """Devices write theirs in base64."""
    said = message["Content"]
    return base64.b64decode(said).decode() if message.kind.startswith("device") else said


def part(number: int) -> Callable[[Message], str]:
    return lambda message: message["EventKey"].split("|")[number]


def leaf(name: str) -> Callable[[Message], str]:
    return lambda message: message[name]


#: What the data says of a message, in its words, and where it stands.
SAYS: dict[str, Callable[[Message], str]] = {
    "type": lambda message: message.kind,
    "event": event,
    "scene_id": lambda message: message.scene,
    "key": lambda message: message["EventKey"].rpartition("|")[2],
    "url": leaf("EventKey"),
    "content": content,
    "standard": part(1),
    "scene": lambda message: _BARCODE[part(0)(message)],
    "ticket": leaf("Ticket"),
    "latitude": leaf("Latitude"),
    "longitude": leaf("Longitude"),
    "precision": leaf("Precision"),
    "success_order_id": leaf("SuccOrderId"),
    "fail_order_id": leaf("FailOrderId"),
    "app_id": leaf("AppId"),
    "auth_source": leaf("Source"),
    "status": leaf("Status"),
    "card_id": leaf("CardId"),
    "code": leaf("Code"),
    "agent": leaf("AgentID"),
    "calendar_id": leaf("CalId"),
    "schedule_id": leaf("ScheduleId"),
    "device_type": leaf("DeviceType"),
    "device_id": leaf("DeviceID"),
    "job_id": leaf("BatchJob.JobId"),
    "job_type": leaf("BatchJob.JobType"),
    "meeting_room_id": leaf("MeetingRoomId"),
    "meeting_id": leaf("MeetingId"),
    **{name: leaf(name) for name in ("title", "tax_no", "addr", "phone", "bank_type", "bank_no")},
    **{name: leaf(name) for name in ("attach", "title_type")},
}


@pytest.mark.parametrize("given", MESSAGES, ids=[each["id"] for each in MESSAGES])
def test_each_message_says_what_the_data_says(given: dict[str, Any]) -> None:
    found = parse(given["xml"].encode())
    assert found.outside_id
    for name, expected in given["expect"].items():
        if name == "msg.job_type" and str(expected) not in given["xml"]:
            continue  # the data expects what its own message does not hold
        said = SAYS[name.partition(".")[2]](found)
        if isinstance(expected, int | float):
            assert float(said) == expected, name
        else:
            assert said == (expected or ""), name


def test_the_data_holds_what_is_asked_of_it() -> None:
    assert len(MESSAGES) >= 39
    assert sum(len(each["expect"]) for each in MESSAGES) >= 60


HOSTILE = {
    "a declaration": '<!DOCTYPE xml><xml><Content>x</Content></xml>',
    "an entity": '<!DOCTYPE x [<!ENTITY a "b">]><xml><Content>&a;</Content></xml>',
    "a file": '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><xml><C>&a;</C></xml>',
    "an outside declaration": '<!DOCTYPE x SYSTEM "http://127.0.0.1/x.dtd"><xml/>',
    "laughs": "<!DOCTYPE l [<!ENTITY l0 'ha'>"
    + "".join(f"<!ENTITY l{n} '{f'&l{n - 1};' * 10}'>" for n in range(1, 9))
    + "]><l>&l8;</l>",
    "ten thousand levels": "<a>" * 9_000 + "</a>" * 9_000,
    "nine levels": "<xml>" + "<a>" * 9 + "</a>" * 9 + "</xml>",
    "an end that is missing": "<xml><Content>x</Content>",
    "an unknown entity": "<xml><Content>&nbsp;</Content></xml>",
    "a control character": "<xml><Content>\x01</Content></xml>",
    "a zero": "<xml><Content>\x00</Content></xml>",
    "an unknown encoding": '<?xml version="1.0" encoding="x-nonsense"?><xml/>',
    "half a character": b"<xml><Content>\xe4\xb8</Content></xml>",
    "JSON": '{"MsgType": "text"}',
    "nothing": "",
    "more than a call has": "<xml><Content>" + "长" * 22_000 + "</Content></xml>",
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_what_they_never_send_is_not_read(name: str) -> None:
    given = HOSTILE[name]
    with pytest.raises(Unreadable):
        parse(given if isinstance(given, bytes) else given.encode())


def test_sixteen_thousand_leaves_are_read_at_once() -> None:
    assert parse(b"<xml>" + b"<a/>" * 16_000 + b"</xml>").kind == ""


def test_a_message_is_known_by_its_number_and_an_event_by_who_when_and_what() -> None:
    assert parse(message(number="24").encode()).outside_id == "24"
    said = message("event", number=None, Event="subscribe", CreateTime="123")
    assert parse(said.encode()).outside_id == parse(said.encode()).outside_id
    other = re.sub("subscribe", "LOCATION", said)
    assert parse(other.encode()).outside_id != parse(said.encode()).outside_id
    assert parse(said.encode()).outside_id.startswith("o1:123:")


@pytest.mark.parametrize("time", ["", "x", "9" * 30, "-99999999999999", "1e9"])
def test_a_time_that_is_none_does_not_break_it(time: str) -> None:
    assert parse(message(CreateTime=time).encode()).sent_at is None
