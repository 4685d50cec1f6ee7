"""Hostile bodies and addresses: each refused in Chinese, never a failure of ours."""

from __future__ import annotations

import io
import json
import time
from typing import Any

import pytest

from common.errors import RuleBroken
from common.parsers import StrictJSONParser
from complaints.models import Complaint
from tests.api.conftest import API, Callers, in_chinese, refused
from tests.conftest import Cast, Register

BODY = (
    '{"channel":"phone","what":%s,"category":"late-delivery","severity":"minor",'
    '"complainant_name":"孙玉梅"}'
)


def deep(levels: int) -> bytes:
    return b'{"what":' + b"[" * levels + b"]" * levels + b"}"


RAW: dict[str, tuple[bytes, int, str, str | None]] = {
    "nul": ((BODY % '"a\\u0000b"').encode(), 400, "text.nul", "what"),
    "nul nested": (b'{"extra":{"note":["x","\\u0000"]}}', 400, "text.nul", "extra.note"),
    "nul in a key": (b'{"a\\u0000":1}', 400, "text.nul", None),
    "raw nul": ((BODY % '"a\x00b"').encode(), 400, "json.malformed", None),
    "lone surrogate": ((BODY % '"\\ud800"').encode(), 400, "text.surrogate", "what"),
    "lone surrogate nested": (b'{"x":{"y":"\\udfff"}}', 400, "text.surrogate", "x.y"),
    "lone surrogate in a key": (b'{"\\ud800":1}', 400, "text.surrogate", None),
    "lone surrogate twice": (b'{"\\ud800":1,"\\ud800":2}', 400, "json.duplicate_key", "?"),
    "depth 21": (deep(20), 400, "json.too_deep", None),
    "depth 1,000": (deep(1_000), 400, "json.too_deep", None),
    "depth 100,000": (deep(100_000), 400, "json.too_deep", None),
    "objects 100,000 deep": (b'{"a":' * 100_000, 400, "json.too_deep", None),
    "never closed": (b"[" * 100_000, 400, "json.too_deep", None),
    "duplicate key": (b'{"channel":"phone","channel":"mail"}', 400, "json.duplicate_key",
                      "channel"),
    "integer of 5,000 digits": (b'{"what":' + b"9" * 5_000 + b"}", 400, "json.number", None),
    "1e400": (b'{"amount":1e400}', 400, "json.number", None),
    "1E+999999999": (b'{"amount":1E+999999999}', 400, "json.number", None),
    "an exponent of 70 digits": (b'{"amount":1e' + b"9" * 70 + b"}", 400, "json.number", None),
    "NaN": (b'{"amount":NaN}', 400, "json.number", None),
    "Infinity": (b'{"amount":-Infinity}', 400, "json.number", None),
    "cut off": (b'{"channel":"pho', 400, "json.malformed", None),
    "nothing but space": (b"   ", 400, "json.malformed", None),
    "trailing comma": (b'{"channel":"phone",}', 400, "json.malformed", None),
    "GBK": ((BODY % '"货晚到"').encode("gbk"), 400, "json.not_utf8", None),
    "UTF-16": ((BODY % '"货晚到"').encode("utf-16"), 400, "json.not_utf8", None),
    "a list": (b"[1,2]", 400, "invalid", None),
    "a text": (b'"hello"', 400, "invalid", None),
    "null": (b"null", 400, "invalid", None),
    "a number": (b"-0", 400, "invalid", None),
    "proto": (b'{"__proto__":{},"_connector":"OR"}', 400, "unknown_field", "__proto__"),
    "3 MB": (b'{"what":"' + b"x" * 3_000_000 + b'"}', 413, "too_large", None),
}  # fmt: skip


@pytest.mark.parametrize(("raw", "status", "code", "field"), RAW.values(), ids=RAW.keys())
def test_a_hostile_body_is_refused(
    api: Callers, cast: Cast, raw: bytes, status: int, code: str, field: str | None
) -> None:
    refused(api(cast.li).send("complaints/", raw), status, code, field)
    assert not Complaint.objects.exists()


@pytest.mark.parametrize(
    "raw",
    [b'"' * 1_000_000, b'\\"' * 900_000, b'"\\' * 900_000, b'"' + b"\\" * 1_900_000],
    ids=["quotes", "escaped quotes", "quotes and escapes", "escapes"],
)
def test_broken_strings_of_two_megabytes_take_no_time(raw: bytes) -> None:
    started = time.process_time()
    with pytest.raises(RuleBroken) as refusal:
        StrictJSONParser().parse(io.BytesIO(raw), "application/json")
    assert refusal.value.code == "json.malformed"
    assert time.process_time() - started < 2


def test_a_byte_order_mark_is_no_harm(api: Callers, cast: Cast) -> None:
    raw = (BODY % '"货晚到三天"').encode("utf-8-sig")
    assert api(cast.li).send("complaints/", raw).status_code == 201


@pytest.mark.parametrize(
    ("content_type", "status", "code"),
    [
        ("application/json; charset=gbk", 415, "charset"),
        ("application/json; charset=utf-16", 415, "charset"),
        ("application/json; charset=klingon", 415, "charset"),
        ('application/json; charset="utf-8"', 201, ""),
        ("application/json;charset=UTF-8", 201, ""),
        ("text/plain", 415, "unsupported_media_type"),
        ("application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        ("multipart/form-data; boundary=x", 415, "unsupported_media_type"),
        ("", 415, "unsupported_media_type"),
        ("nonsense", 415, "unsupported_media_type"),
    ],
)
def test_only_json_in_utf_8_is_read(
    api: Callers, cast: Cast, content_type: str, status: int, code: str
) -> None:
    answer = api(cast.li).send("complaints/", (BODY % '"货晚到"').encode(), content_type)
    if code:
        refused(answer, status, code)
    else:
        assert answer.status_code == status, answer.content


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        ("1E+999999999", "amount.unreadable"),
        ("1e5", "amount.unreadable"),
        ("0.001", "amount.precision"),
        (0.001, "amount.precision"),
        ("-1", "amount.range"),
        (-1, "amount.range"),
        ("9999999.01", "amount.range"),
        (10**30, "amount.unreadable"),
        ("1,000.00", "amount.unreadable"),
        ("¥100", "amount.unreadable"),
        ("壹佰元", "amount.unreadable"),
        ("", "amount.unreadable"),
        ("NaN", "amount.unreadable"),
        ("Infinity", "amount.unreadable"),
        (True, "amount.unreadable"),
        (["1"], "amount.unreadable"),
        ({"yuan": 1}, "amount.unreadable"),
        (None, "null"),
    ],
)
def test_an_amount_is_plain_yuan(
    api: Callers, cast: Cast, register: Register, amount: Any, code: str
) -> None:
    body = {"kind": "refund", "amount": amount, "description": "退款"}
    answer = api(cast.li).say(f"complaints/{register().no}/remedies/", body)
    refused(answer, 400, code, "amount")


@pytest.mark.parametrize("amount", ["１２３.４５", "123.45", 123.45, "+123.450"])
def test_an_amount_is_exact(api: Callers, cast: Cast, register: Register, amount: Any) -> None:
    body = {"kind": "refund", "amount": amount, "description": "退款"}
    answer = api(cast.li).say(f"complaints/{register().no}/remedies/", body)
    assert answer.json()["amount"] == "123.45"


@pytest.mark.parametrize(
    "value", [10**30, -1, 1.5, True, None, [], ["x"], {}, {"a": 1}, "x" * 9_999]
)
def test_whatever_stands_where_words_belong_is_refused(
    api: Callers, cast: Cast, register: Register, value: Any
) -> None:
    """Each field of each body, one at a time: 4xx in Chinese, and the case is as it was."""
    case = register()
    bodies: dict[str, dict[str, Any]] = {
        "contacts/": {"kind": "apology", "means": "phone", "reached": True, "said": "道歉",
                      "occurred_at": "2026-11-16T12:00:00+08:00"},
        "rejection/": {"reason": "inquiry", "note": "询问"},
        "rulings/": {"branch": "LZ", "person": "ma", "basis": "滞留"},
        "withdrawal/": {"said_by": "孙玉梅", "note": "不追究"},
        "reopenings/": {"reason": "不满意"},
        "sheets/waiver/": {"reason": "第三方"},
        "sheets/return/": {"opinion": "不具体"},
    }  # fmt: skip
    chen = api(cast.chen)
    for address, body in bodies.items():
        for field in body:
            answer = chen.say(f"complaints/{case.no}/{address}", {**body, field: value})
            if value == "x" * 9_999 or not (value is True and field == "reached"):
                assert 400 <= answer.status_code < 500, (address, field, answer.content[:200])
                assert in_chinese(answer.json()["message"]), answer.json()
    case.refresh_from_db()
    assert case.status == "triage"


@pytest.mark.parametrize(
    "address",
    [
        "complaints/%00/", "complaints/%F0%9F%98%80/", "complaints/' OR 1=1/", "complaints/../",
        "complaints/%00/contacts/", f"complaints/{'9' * 3000}/",
        f"escalations/{10**30}/acknowledgement/", f"messages/{10**30}/read/",
        "complaints/x/remedies/1/decision/", f"complaints/x/attachments/{10**30}/",
    ],
)  # fmt: skip
def test_a_hostile_address_leads_nowhere(api: Callers, cast: Cast, address: str) -> None:
    chen = api(cast.chen)
    for answer in (chen.get(f"{API}/{address}"), chen.post(f"{API}/{address}", {}, format="json")):
        assert answer.status_code in (404, 405)
        assert in_chinese(answer.json()["message"])


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"q": "a\x00b"}, "q"),
        ({"q": "x" * 101}, "q"),
        ({"status": "\x00"}, "status"),
        ({"status": "nonsense"}, "status"),
        ({"branch": "\x00"}, "branch"),
        ({"branch": "x" * 5_000}, "branch"),
        ({"received_from": "0001-01-01"}, "received_from"),
        ({"received_to": "9999-12-31"}, "received_to"),
        ({"received_to": "2026-02-30"}, "received_to"),
        ({"received_from": "2026-11-02", "received_to": "2026-11-01"}, "received_to"),
        ({"ordering": "owner__password"}, "ordering"),
        ({"owner__password__startswith": "m"}, "owner__password__startswith"),
        ({"clock": "late\x00"}, "clock"),
    ],
)
def test_a_hostile_filter_is_refused(
    api: Callers, cast: Cast, query: dict[str, str], field: str
) -> None:
    answer = api(cast.li).ask("complaints/", **query)
    assert answer.status_code == 400, answer.content
    assert answer.json()["field"] == field
    assert in_chinese(answer.json()["message"])


@pytest.mark.parametrize("page", ["0", "-1", "x", str(10**30), "\x00", "last\x00"])
def test_a_page_that_is_not_there_is_not_found(api: Callers, cast: Cast, page: str) -> None:
    refused(api(cast.li).ask("complaints/", page=page), 404, "not_found")


@pytest.mark.parametrize("size", ["1000000000", "-1", "x", str(10**30), "\x00"])
def test_a_page_holds_at_most_two_hundred(
    api: Callers, cast: Cast, register: Register, size: str
) -> None:
    register()
    assert api(cast.li).ask("complaints/", page_size=size).json()["count"] == 1


@pytest.mark.parametrize(
    "address",
    [
        "people/?branch=%00",
        "playbook/?what=%00&category=%00",
        "messages/?unread=%00",
        "escalations/?level=012&kind=%00",
        "escalations/?level=%00",
        "rankings/weekly/?week=%00",
    ],
)
def test_other_filters_hold_too(api: Callers, cast: Cast, address: str) -> None:
    assert api(cast.chen).get(f"{API}/{address}").status_code in (200, 400)


def test_a_thousand_unknown_fields_are_all_named_and_bounded(api: Callers, cast: Cast) -> None:
    body = {f"f{n}" + "y" * 300: 1 for n in range(1000)}
    answer = api(cast.li).send("complaints/", json.dumps(body).encode())
    assert answer.status_code == 400
    assert max(len(error["field"]) for error in answer.json()["errors"]) <= 200
