"""Hostile bodies and addresses at the doors of other systems: each refused in Chinese with its
code, none a failure of ours, and nothing of it kept."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
import time_machine

from common import text
from common.errors import RuleBroken
from complaints.models import Complaint, Statement
from complaints.registration import WHAT_LIMIT
from intake.models import Item, PastCall
from tests.api.conftest import API, Caller, in_chinese, refused
from tests.api.machines import ADDRESS, BATCH, caller, opened, report
from tests.api.test_hostile import deep
from tests.conftest import Cast
from tests.shared import DATA


@pytest.fixture
def system(cast: Cast, clock: time_machine.Traveller) -> Caller:
    return caller(cast, opened(cast))


def one(field: str, written: str) -> bytes:
    """A complaint in which this field is written so."""
    said = {name: json.dumps(value, ensure_ascii=False) for name, value in report().items()}
    parts = [f'"{name}":{value}' for name, value in {**said, field: written}.items()]
    return ("{" + ",".join(parts) + "}").encode("utf-8", "surrogatepass")


#: What is no body at all, whichever door it comes to.
BODIES: dict[str, tuple[bytes, int, str]] = {
    "depth 21": (deep(20), 400, "json.too_deep"),
    "depth 1,000": (deep(1_000), 400, "json.too_deep"),
    "depth 100,000": (deep(100_000), 400, "json.too_deep"),
    "never closed": (b"[" * 100_000, 400, "json.too_deep"),
    "duplicate key": (b'{"what":"a","what":"b"}', 400, "json.duplicate_key"),
    "integer of 5,000 digits": (b'{"what":' + b"9" * 5_000 + b"}", 400, "json.number"),
    "1e400": (b'{"what":1e400}', 400, "json.number"),
    "1E+999999999": (b'{"what":1E+999999999}', 400, "json.number"),
    "NaN": (b'{"what":NaN}', 400, "json.number"),
    "Infinity": (b'{"what":-Infinity}', 400, "json.number"),
    "raw nul": (one("what", '"a\x00b"'), 400, "json.malformed"),
    "raw surrogate": (one("what", '"a\ud800b"'), 400, "json.not_utf8"),
    "cut off": (b'{"outside_id":"A', 400, "json.malformed"),
    "space": (b"   ", 400, "json.malformed"),
    "GBK": (one("what", '"货晚到"').decode().encode("gbk"), 400, "json.not_utf8"),
    "UTF-16": (one("what", '"货晚到"').decode().encode("utf-16"), 400, "json.not_utf8"),
    "gzip": (gzip.compress(one("what", '"货"')), 400, "json.not_utf8"),
    "3 MB": (b'{"what":"' + b"x" * 3_000_000 + b'"}', 413, "too_large"),
    "a list": (b"[1]", 400, "invalid"),
    "a text": (b'"x"', 400, "invalid"),
    "null": (b"null", 400, "invalid"),
    "minus nought": (b"-0", 400, "invalid"),
    "proto": (b'{"__proto__":{},"_connector":"OR"}', 400, "unknown_field"),
}


def nothing_is_kept() -> None:
    assert not Item.objects.exists()
    assert not Complaint.objects.exists()
    assert not PastCall.objects.exists()


@pytest.mark.parametrize("address", [ADDRESS, BATCH], ids=["one", "batch"])
def test_a_hostile_body_is_refused_and_nothing_of_it_kept(system: Caller, address: str) -> None:
    for name, (raw, status, code) in BODIES.items():
        answer = system.send(address, raw)
        assert (answer.status_code, answer.json()["code"]) == (status, code), name
        assert in_chinese(answer.json()["message"]), name
    nothing_is_kept()


@pytest.mark.parametrize("address", [ADDRESS, BATCH], ids=["one", "batch"])
def test_only_json_in_utf_8_is_read(system: Caller, address: str) -> None:
    for kind, code in {
        "application/json; charset=gbk": "charset",
        "application/json; charset=klingon": "charset",
        "text/plain": "unsupported_media_type",
        "multipart/form-data; boundary=x": "unsupported_media_type",
        "": "unsupported_media_type",
        "nonsense": "unsupported_media_type",
    }.items():
        refused(system.send(address, one("what", '"货"'), kind), 415, code)
    nothing_is_kept()


#: A field, how it is written, the code.
FIELDS: list[tuple[str, str, str]] = [
    ("what", '"a\\u0000b"', "text.nul"),
    ("what", '"\\ud800"', "text.surrogate"),
    ("what", '"a\\u0007b"', "text.control"),
    ("what", '"\\u200b\\u202e \\u3164"', "what.blank"),
    ("what", '"  "', "what.blank"),
    ("what", json.dumps("x" * (WHAT_LIMIT + 1)), "text.too_long"),
    ("what", "null", "null"),
    ("what", "1", "invalid"),
    ("what", "[]", "invalid"),
    ("complainant_name", json.dumps("x" * 61), "text.too_long"),
    ("complainant_name", '{"first":"a"}', "invalid"),
    ("order_no", '"a\\u0000"', "text.nul"),
    ("outside_id", '""', "blank"),
    ("outside_id", '"\\u200b"', "blank"),
    ("outside_id", "1", "invalid"),
    ("outside_id", "null", "null"),
    ("outside_id", json.dumps("x" * 151), "text.too_long"),
    ("conversation", "[]", "invalid"),
    ("category", '"nothing"', "does_not_exist"),
    ("category", '"delay"', "does_not_exist"),
    ("category", '"\\u0000"', "text.nul"),
    ("category", "1", "invalid"),
    ("category", "[1]", "invalid"),
    ("category", '{"code":"rude"}', "invalid"),
    ("category", '{"_connector":"OR"}', "invalid"),
    ("category", "1000000000000000000000000000000", "invalid"),
    ("category", '""', "does_not_exist"),
    ("concerned_branch", '"NOWHERE"', "does_not_exist"),
    ("concerned_branch", "true", "invalid"),
    ("severity", '"fatal"', "invalid_choice"),
    ("severity", "[]", "invalid_choice"),
    ("complainant_role", '"owner"', "invalid_choice"),
    ("anonymous", '"true"', "invalid"),
    ("anonymous", "1", "invalid"),
    ("received_at", '"0001-01-01T00:00:00"', "date.range"),
    ("received_at", '"9999-12-31T23:59:59Z"', "date.range"),
    ("received_at", '"2026-02-30T10:00:00"', "date.unreadable"),
    ("received_at", '"2026-11-16T24:00:00"', "date.unreadable"),
    ("received_at", '"2026-11-16T10:00:00+25:00"', "date.unreadable"),
    ("received_at", '"2026-11-19T10:00:00+08:00"', "date.range"),
    ("received_at", '"2026-11-16T18:00:00+08:00"', "received_at.future"),
    ("received_at", '"2019-11-16T18:00:00+08:00"', "received_at.too_old"),
    ("received_at", "1700000000", "date.unreadable"),
    *(
        (name, '"1"', "unknown_field")
        for name in ("id", "branch_id", "state", "approved", "is_staff", "version", "created_at",
                     "channel", "owner", "subjects", "settled_on_spot", "__proto__")
    ),
]  # fmt: skip


def test_no_body_at_all_lacks_everything(system: Caller) -> None:
    refused(system.send(ADDRESS, b""), 400, "required", "outside_id")
    refused(system.send(BATCH, b""), 400, "items.count", "items")


def test_a_hostile_field_is_refused_beside_its_name(system: Caller) -> None:
    for field, written, code in FIELDS:
        answer = system.send(ADDRESS, one(field, written))
        assert answer.status_code == 400, (field, written, answer.content[:200])
        body = answer.json()
        assert (body["field"], body["code"]) == (field, code), (written, body)
        assert in_chinese(body["message"])
    nothing_is_kept()


def test_in_a_batch_the_same_fields_get_the_same_codes(system: Caller) -> None:
    raw = b'{"items":[' + b",".join(one(field, written) for field, written, _code in FIELDS) + b"]}"
    rows = system.send(BATCH, raw).json()["items"]
    for row, (field, written, code) in zip(rows, FIELDS, strict=True):
        error = row["errors"][0]
        assert (row["state"], row["code"], error["field"]) == ("refused", code, field), written
        assert in_chinese(row["reason"])
    nothing_is_kept()


def test_hostile_further_words_are_refused(system: Caller) -> None:
    no = system.say(ADDRESS, report()).json()["no"]
    wrong: list[tuple[Any, str, str]] = [
        ({"outside_id": "1"}, "required", "said"),
        ({"said": "催"}, "required", "outside_id"),
        ({"outside_id": "1", "said": ["催"]}, "invalid", "said"),
        ({"outside_id": "1", "said": "催", "no": no}, "unknown_field", "no"),
        ({"outside_id": "1", "said": "x" * 10_001}, "text.too_long", "said"),
        ({"outside_id": "1", "said": "催", "occurred_at": "x"}, "date.unreadable", "occurred_at"),
    ]
    for body, code, field in wrong:
        refused(system.say(f"{ADDRESS}{no}/statements/", body), 400, code, field)
    assert Item.objects.count() == 1
    assert not Statement.objects.exists()


def test_other_methods_and_other_spellings_of_an_address_lead_nowhere(system: Caller) -> None:
    for method in ("GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE"):
        for address in (ADDRESS, BATCH):
            answer = system.generic(method, f"{API}/{address}", b"{}", "application/json")
            # a batch looks like the number of a case to whoever reads
            assert answer.status_code in (404, 405), (method, address)
    override = {"X-HTTP-Method-Override": "DELETE"}
    assert system.say(ADDRESS, report(), headers=override).status_code == 201
    no = Complaint.objects.get().no
    for address in (
        f"{ADDRESS}/", f"{ADDRESS};x/", f"{ADDRESS}%2e%2e/", f"{ADDRESS}{no}./",
        f"{ADDRESS}{no}%20/", f"{ADDRESS}{no}%00/", f"{ADDRESS}{'9' * 3000}/",
        f"{ADDRESS}%F0%9F%98%80/", f"{ADDRESS}' OR 1=1/", "intake/complaints", "intake/",
    ):  # fmt: skip
        answer = system.ask(address)
        assert answer.status_code in (404, 405), address
        assert in_chinese(answer.json()["message"]), address


def test_naughty_strings_are_refused_or_stored_as_the_door_for_text_says(system: Caller) -> None:
    strings = json.loads((DATA / "strings" / "blns.json").read_text(encoding="utf-8"))
    said = [report(str(n), what="甲" + each, order_no="1") for n, each in enumerate(strings)]
    expected: list[str] = []
    for each in said:
        try:
            expected.append(text.clean(each["what"], limit=WHAT_LIMIT, lines=True))
        except RuleBroken as broken:
            expected.append(broken.code)
    kept = [n for n, outcome in enumerate(expected) if not outcome.startswith("text.")]
    some = kept[:: max(1, len(kept) // 25)] + [n for n in range(len(said)) if n not in kept]
    raw = json.dumps({"items": [said[n] for n in some]}).encode()
    rows = system.send(BATCH, raw).json()["items"]
    stored = dict(Complaint.objects.values_list("no", "what"))
    for n, row in zip(some, rows, strict=True):
        assert (stored[row["no"]] if row["no"] else row["code"]) == expected[n], strings[n]
    assert len(strings) > 500
