"""Registering through the API: who, when, and once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine

from complaints.models import Complaint
from tests.api.conftest import Callers, instant, refused
from tests.conftest import MONDAY, Cast

REPORT = {
    "channel": "phone",
    "what": "货晚到三天，打电话没人接。",
    "category": "late-delivery",
    "severity": "minor",
    "complainant_name": "孙玉梅",
    "complainant_phone": "13800138000",
}


def test_whoever_registers_owns_it_and_four_clocks_run(api: Callers, cast: Cast) -> None:
    answer = api(cast.li).say(
        "complaints/",
        {
            **REPORT,
            "concerned_branch": "LZ",
            "received_at": "2026-11-16T11:30:00+08:00",
            "order_no": "YD1",
            "remedy_sought": "退运费",
        },
    )
    assert answer.status_code == 201, answer.content
    case = answer.json()
    assert (case["status"], case["status_label"]) == ("triage", "待分拣")
    assert case["owner"] == case["first_receiver"] == {"username": "li", "name": "李静"}
    assert case["concerned_branch"] == {"code": "LZ", "name": "兰州分公司"}
    assert case["category"] == {"code": "late-delivery", "name": "派送延误"}
    assert case["received_at"] == "2026-11-16T11:30:00+08:00"
    assert instant(case["entered_at"]) == MONDAY
    assert [(clock["kind"], clock["span"]) for clock in case["clocks"]] == [
        ("apology", "1H"),
        ("result", "24H"),
        ("sheet", "48H"),
        ("callback", "72H"),
    ]
    apology = case["clocks"][0]
    assert (apology["outcome"], apology["state"], apology["seconds_left"]) == (
        "running",
        "running",
        1800,
    )
    assert case["counts"]["events"] == 2  # registered, and warned half an hour in


def test_the_complainant_is_masked_until_revealed(api: Callers, cast: Cast) -> None:
    case = api(cast.li).say("complaints/", REPORT).json()
    assert case["complainant"] == {
        "name": "孙**",
        "phone": "138****8000",
        "role": "customer",
        "role_label": "本人",
        "anonymous": False,
    }
    listed = api(cast.li).ask("complaints/")
    for answer in (listed, api(cast.li).ask(f"complaints/{case['no']}/")):
        assert "13800138000" not in answer.content.decode()
        assert "submission_key" not in answer.content.decode()
        assert "phone_key" not in answer.content.decode()
    seen = api(cast.li).say(f"complaints/{case['no']}/reveals/")
    assert seen.json() == {"name": "孙玉梅", "phone": "13800138000"}
    events = api(cast.li).ask(f"complaints/{case['no']}/events/").json()["results"]
    assert (events[0]["kind"], events[0]["actor"]["username"]) == ("reveal", "li")


def test_received_now_when_nothing_is_said(api: Callers, cast: Cast) -> None:
    case = api(cast.li).say("complaints/", REPORT).json()
    assert instant(case["received_at"]) == MONDAY


def test_a_time_without_zone_is_in_the_firms(api: Callers, cast: Cast) -> None:
    case = api(cast.li).say("complaints/", {**REPORT, "received_at": "2026-11-16T11:30"}).json()
    assert case["received_at"] == "2026-11-16T11:30:00+08:00"


@pytest.mark.parametrize(
    ("wrong", "status", "code", "field"),
    [
        ({"channel": "pigeon"}, 400, "invalid_choice", "channel"),
        ({"channel": None}, 400, "null", "channel"),
        ({"category": "delay"}, 400, "does_not_exist", "category"),  # not a leaf
        ({"category": 10**30}, 400, "invalid", "category"),
        ({"category": ["late-delivery"]}, 400, "invalid", "category"),
        ({"category": ""}, 400, "does_not_exist", "category"),
        ({"concerned_branch": "NOWHERE"}, 400, "does_not_exist", "concerned_branch"),
        ({"severity": True}, 400, "invalid_choice", "severity"),
        ({"what": "\u200b \u3000"}, 400, "what.blank", "what"),
        ({"what": "字" * 10_001}, 400, "text.too_long", "what"),
        ({"what": "响\x07铃"}, 400, "text.control", "what"),
        ({"what": 12}, 400, "invalid", "what"),
        ({"what": ["a"]}, 400, "invalid", "what"),
        ({"anonymous": "yes"}, 400, "invalid", "anonymous"),
        (
            {"complainant_name": "", "complainant_phone": ""},
            400,
            "complainant.missing",
            "complainant_phone",
        ),
        ({"settled_on_spot": True}, 400, "settlement.blank", "settlement"),
        ({"received_at": "2026-11-16T12:01:00+08:00"}, 400, "received_at.future", "received_at"),
        ({"received_at": "2026-11-18T12:01:00+08:00"}, 400, "date.range", "received_at"),
        (
            {"received_at": "2026-11-10T12:00:00+08:00"},
            403,
            "received_at.late_entry",
            "received_at",
        ),
        ({"received_at": "2019-11-10T12:00:00+08:00"}, 400, "received_at.too_old", "received_at"),
        ({"received_at": "1989-12-31T12:00:00"}, 400, "date.range", "received_at"),
        ({"received_at": "0001-01-01T00:00:00"}, 400, "date.range", "received_at"),
        ({"received_at": "0001-01-01T00:00:00+14:00"}, 400, "date.range", "received_at"),
        ({"received_at": "9999-12-31T23:59:59-12:00"}, 400, "date.range", "received_at"),
        ({"received_at": "2026-02-30T10:00:00"}, 400, "date.unreadable", "received_at"),
        ({"received_at": "2026-11-16T24:01:00"}, 400, "date.unreadable", "received_at"),
        ({"received_at": "2026-11-16T10:00:00+25:00"}, 400, "date.unreadable", "received_at"),
        ({"received_at": "2026-11-16"}, 400, "date.unreadable", "received_at"),
        ({"received_at": 1763260000}, 400, "date.unreadable", "received_at"),
        ({"status": "closed"}, 400, "unknown_field", "status"),
        ({"owner": "chen", "id": 1}, 400, "unknown_field", "id"),
    ],
)
def test_a_wrong_word_is_refused_beside_its_field(
    api: Callers, cast: Cast, wrong: dict[str, Any], status: int, code: str, field: str
) -> None:
    refused(api(cast.li).say("complaints/", {**REPORT, **wrong}), status, code, field)
    assert not Complaint.objects.exists()


def test_what_is_left_out_is_named(api: Callers, cast: Cast) -> None:
    answer = api(cast.li).say("complaints/", {})
    refused(answer, 400, "required", "channel")
    assert [error["field"] for error in answer.json()["errors"]] == [
        "channel",
        "what",
        "category",
        "severity",
    ]


def test_an_administrator_registers_nothing(api: Callers, cast: Cast) -> None:
    refused(api(cast.root).say("complaints/", REPORT), 403, "permission_denied")


def test_emoji_and_rare_characters_are_kept(api: Callers, cast: Cast) -> None:
    words = "𠮷野家 👨‍👩‍👧‍👦 㛃 {{7*7}} <b>'; DROP TABLE"
    case = api(cast.li).say("complaints/", {**REPORT, "what": words}).json()
    assert case["what"] == words


def test_the_same_key_is_one_case_with_the_same_answer(api: Callers, cast: Cast) -> None:
    li = api(cast.li)
    first = li.say("complaints/", REPORT, headers={"Idempotency-Key": "call-1"})
    again = li.say("complaints/", REPORT, headers={"Idempotency-Key": "call-1"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert Complaint.objects.count() == 1


def test_another_persons_key_is_another_case(api: Callers, cast: Cast) -> None:
    for person in (cast.li, cast.wang):
        answer = api(person).say("complaints/", REPORT, headers={"Idempotency-Key": "call-1"})
        assert answer.status_code == 201
    assert Complaint.objects.count() == 2


def test_a_key_of_two_hundred_characters_is_kept_apart_to_the_last(
    api: Callers, cast: Cast
) -> None:
    li = api(cast.li)
    for last, status in (("a", 201), ("b", 201), ("a", 200)):
        key = "k" * 199 + last
        answer = li.say("complaints/", REPORT, headers={"Idempotency-Key": key})
        assert answer.status_code == status
    assert Complaint.objects.count() == 2


def test_a_key_used_for_another_complaint_is_refused(api: Callers, cast: Cast) -> None:
    li = api(cast.li)
    li.say("complaints/", REPORT, headers={"Idempotency-Key": "call-1"})
    other = {**REPORT, "what": "完全是另一件事。"}
    answer = li.say("complaints/", other, headers={"Idempotency-Key": "call-1"})
    refused(answer, 422, "idempotency_key.reused", "Idempotency-Key")
    assert Complaint.objects.count() == 1


@pytest.mark.parametrize("key", ["", "k" * 201, "钥匙", "a\x00b", "k" * 10_000])
def test_a_key_that_cannot_be_kept_is_refused(api: Callers, cast: Cast, key: str) -> None:
    answer = api(cast.li).say("complaints/", REPORT, headers={"Idempotency-Key": key})
    refused(answer, 400, "idempotency_key.invalid", "Idempotency-Key")


def test_settled_on_the_spot_stops_two_clocks(api: Callers, cast: Cast) -> None:
    case = (
        api(cast.li)
        .say("complaints/", {**REPORT, "settled_on_spot": True, "settlement": "当场道歉并退款"})
        .json()
    )
    assert [clock["outcome"] for clock in case["clocks"]] == ["met", "met", "running", "running"]
    assert case["counts"]["contacts"] == 2


def test_quality_may_enter_what_is_old(
    api: Callers, cast: Cast, clock: time_machine.Traveller
) -> None:
    old = (MONDAY - timedelta(days=5)).isoformat()
    case = api(cast.chen).say("complaints/", {**REPORT, "received_at": old})
    assert case.status_code == 201
    assert case.json()["clocks"][0]["outcome"] == "breached"


FRESH = [
    {},
    {"anonymous": True, "complainant_name": "", "complainant_phone": ""},
    {"severity": "major", "channel": "p12345", "concerned_branch": "LZ", "order_no": "YD1"},
    {"what": "长" * 500, "remedy_sought": "退运费", "complainant_role": "sender"},
    {"received_at": "2026-11-16T11:45:00+08:00"},
    {"received_at": "2026-11-16T11:00:00+08:00"},  # a step of its ladder has come
    {"severity": "critical"},
    {"settled_on_spot": True, "settlement": "当场道歉"},
    {"subjects": ["wang"]},
]


@pytest.mark.parametrize("said", FRESH)
@pytest.mark.parametrize("who", ["li", "wang", "chen", "gao"])
def test_the_answer_is_the_case_as_it_is_read_afterwards(
    api: Callers, cast: Cast, said: dict[str, Any], who: str
) -> None:
    person = getattr(cast, who)
    caller = api(person)
    answer = caller.say("complaints/", {**REPORT, **said})
    if who in said.get("subjects", []):  # about themself: registered, and hidden from them
        assert (answer.status_code, Complaint.objects.count()) == (404, 1)
        return
    assert answer.status_code == 201, answer.content
    case = answer.json()
    assert list(case.items()) == list(caller.ask(f"complaints/{case['no']}/").json().items())
