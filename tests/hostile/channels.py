"""The ways words come in, `CHANNELS`. To add one: a function that sends many and says what became
of each (`tests.hostile.ways`); those of strangers and other systems are in `tests.hostile.outside`.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import xlsxwriter
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from common import text
from common.errors import RuleBroken
from complaints import statements
from complaints.models import Channel, Complaint, Statement
from complaints.registration import WHAT_LIMIT
from complaints.statements import Said
from intake import items
from intake.files.readers import opened
from intake.imports.importing import Order, Registered, SetAside, run
from intake.items import Arrival
from intake.models import Inlet, Item, ItemState
from intake.reading import READERS
from intake.understood import Told
from staff import tokens
from staff.models import TokenScope
from tests.conftest import MONDAY
from tests.hostile import outside
from tests.hostile.ways import PHONE, Desk, Way, in_utf_8, refused, stored
from tests.hostile.words import NAME_LIMIT, Outcome, Stored

_LIMITS = {"what": WHAT_LIMIT, "name": NAME_LIMIT}


def the_door(desk: Desk, words: Sequence[str], field: str) -> list[Outcome]:
    """`common.text` itself."""
    return [_through_the_door(each, field) for each in words]


def _through_the_door(words: str, field: str) -> Outcome:
    try:
        kept = text.clean(words, limit=_LIMITS[field], lines=field == "what")
    except RuleBroken as broken:
        return refused(broken.code)
    return refused("what.blank") if field == "what" and text.is_blank(kept) else Stored(kept)


def _report(desk: Desk, words: str, field: str) -> dict[str, Any]:
    said = {"what": "货没到", "complainant_name": "孙玉梅"}
    said["what" if field == "what" else "complainant_name"] = words
    return {"channel": "phone", "severity": "minor", "complainant_phone": PHONE, **said}


def staff_api(desk: Desk, words: Sequence[str], field: str) -> list[Outcome]:
    """`POST /api/v1/complaints/`, a token's."""
    caller = APIClient(raise_request_exception=False)
    lasts = timedelta(hours=12)
    _grant, token = tokens.issue(desk.cast.li, name="", scope=TokenScope.ALL, lasts=lasts)
    caller.credentials(HTTP_AUTHORIZATION=f"Token {token}")
    return [_posted(caller, desk, each, field) for each in words]


def _posted(caller: APIClient, desk: Desk, words: str, field: str) -> Outcome:
    body = {**_report(desk, words, field), "category": desk.cast.rude.code}
    answer = caller.post("/api/v1/complaints/", json.dumps(body), content_type="application/json")
    said = answer.json()
    if answer.status_code == 201:
        return stored(Complaint.objects.get(no=said["no"]), field)
    assert 400 <= answer.status_code < 500, said
    assert said["field"] == ("what" if field == "what" else "complainant_name"), said
    return refused(said["code"])


def register_page(desk: Desk, words: Sequence[str], field: str) -> list[Outcome]:
    """`POST /complaints/new/`, a person's."""
    client = Client(raise_request_exception=False)
    client.force_login(desk.cast.li)
    return [_filled_in(client, desk, each, field) for each in words]


def _filled_in(client: Client, desk: Desk, words: str, field: str) -> Outcome:
    form = {
        **_report(desk, words, field), "category": desk.cast.rude.pk,
        "complainant_role": "customer", "received_at": f"{timezone.localtime():%Y-%m-%dT%H:%M}",
    }  # fmt: skip
    answer = client.post("/complaints/new/", form)
    if answer.status_code == 302:
        return stored(Complaint.objects.get(no=answer["Location"].split("/")[-2]), field)
    assert answer.status_code == 422, answer.status_code
    errors = answer.context["form"].errors.as_data()
    ((name, said),) = errors.items()
    assert name == ("what" if field == "what" else "complainant_name"), errors
    return refused(said[0].code)


_HEADER = ("投诉内容", "投诉人", "电话")


def _cells(words: str, field: str) -> tuple[str, str, str]:
    return (words, "孙玉梅", PHONE) if field == "what" else ("货没到", words, PHONE)


def _imported(path: Path, desk: Desk, field: str) -> list[Outcome]:
    order = Order(channel=Channel.P12345, by=desk.cast.chen)
    with opened(path) as source:
        found = [verdict for _row, verdict in run(source, order, clock=timezone.now)]
    return [_verdict(each, field) for each in found]


def _verdict(verdict: object, field: str) -> Outcome:
    if isinstance(verdict, SetAside):
        return refused(verdict.code)
    assert isinstance(verdict, Registered), verdict
    return stored(Complaint.objects.get(no=verdict.no), field)


def csv_file(desk: Desk, words: Sequence[str], field: str) -> list[Outcome]:
    """The rows of a CSV file."""
    path = desk.folder / "words.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerows([_HEADER, *(_cells(each, field) for each in words)])
    return _imported(path, desk, field)


def workbook(desk: Desk, words: Sequence[str], field: str) -> list[Outcome]:
    """The rows of an XLSX workbook."""
    path = desk.folder / "words.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        for row, cells in enumerate([_HEADER, *(_cells(each, field) for each in words)]):
            for column, cell in enumerate(cells):
                sheet.write_string(row, column, cell)
    return _imported(path, desk, field)


def json_lines(desk: Desk, words: Sequence[str], field: str) -> list[Outcome]:
    """The lines of a JSONL file."""
    path = desk.folder / "words.jsonl"
    lines = [json.dumps(dict(zip(_HEADER, _cells(each, field), strict=True))) for each in words]
    path.write_text("\n".join(lines), "utf-8")
    return _imported(path, desk, field)


def kept_item(desk: Desk, words: Sequence[str], field: str) -> list[Outcome]:
    """What comes by a way in of its own: kept first, then settled."""
    with _reading(field) as inlet_of:
        inlet = inlet_of(desk)
        return [_settled(inlet, number, each, field) for number, each in enumerate(words)]


def _settled(inlet: Inlet, number: int, words: str, field: str) -> Outcome:
    raw = json.dumps({"words": words, "talk": f"{field}{number}"}).encode()
    item = _came(inlet, f"{field}{number}", raw)
    if item.state == ItemState.SET_ASIDE:
        return refused(item.code)
    assert item.complaint, item.state
    return stored(item.complaint, field)


def appended_item(desk: Desk, words: Sequence[str], field: str) -> list[Outcome]:
    """What comes to a conversation that has a case: said besides."""
    with _reading(field) as inlet_of:
        inlet = inlet_of(desk)
        _came(inlet, "first", json.dumps({"words": "货没到", "talk": "one"}).encode())
        return [_said(inlet, number, each) for number, each in enumerate(words)]


def _said(inlet: Inlet, number: int, words: str) -> Outcome:
    raw = json.dumps({"words": words, "talk": "one"}).encode()
    item = _came(inlet, f"more{number}", raw)
    if item.state == ItemState.SET_ASIDE:
        return refused(item.code)
    assert item.state == ItemState.APPENDED
    return Stored(Statement.objects.latest("pk").said)


def _came(inlet: Inlet, outside_id: str, raw: bytes) -> Item:
    item, _created = items.keep(inlet, Arrival(outside_id=outside_id, raw=raw), at=MONDAY)
    return items.settle(item.pk, at=MONDAY)


@contextmanager
def _reading(field: str) -> Iterator[Callable[[Desk], Inlet]]:
    """A channel that reads what `_settled` and `_said` write."""

    def read(item: Item) -> Told:
        said = json.loads(bytes(item.raw))
        what, name = ("货没到", said["words"]) if field == "name" else (said["words"], "孙玉梅")
        return Told(what=what, name=name, phone=PHONE, conversation=said["talk"])

    def inlet(desk: Desk) -> Inlet:
        found, _created = Inlet.objects.get_or_create(
            key="hostile", name="短信", channel=Channel.SMS, branch=desk.cast.wuxi
        )
        return found

    before = READERS.get(Channel.SMS)
    READERS[Channel.SMS] = read
    try:
        yield inlet
    finally:
        del READERS[Channel.SMS]
        if before:
            READERS[Channel.SMS] = before


def statement(desk: Desk, words: Sequence[str], field: str) -> list[Outcome]:
    """What a person writes down that the customer has said besides."""
    case = desk.register(by=desk.cast.li)
    return [_recorded(case, each, desk) for each in words]


def _recorded(case: Complaint, words: str, desk: Desk) -> Outcome:
    try:
        said = Said(channel=Channel.PHONE, said=words)
        return Stored(statements.record(case.pk, said, at=MONDAY, by=desk.cast.li).said)
    except RuleBroken as broken:
        return refused(broken.code)


def _in_a_record(words: str) -> bool:
    """To the reader of CSV, a cell beyond Python's own limit is a quote that was never closed."""
    return in_utf_8(words) and len(words) <= csv.field_size_limit()


def _in_a_cell(words: str) -> bool:
    """What XML holds, and a cell is long enough for; `_x0000_` is how a workbook writes a NUL."""
    controls = any(each < " " and each not in "\t\n\r" for each in words)
    return (
        in_utf_8(words)
        and not controls
        and "\uffff" not in words
        and "_x0" not in words
        and len(words) <= 32_767
    )


CHANNELS: dict[str, Way] = {
    "the door": Way(the_door),
    "staff API": Way(staff_api),
    "register page": Way(register_page, carries=in_utf_8),
    "CSV": Way(csv_file, carries=_in_a_record),
    "XLSX": Way(workbook, carries=_in_a_cell),
    "JSONL": Way(json_lines),
    "kept item": Way(kept_item, cuts=True),
    "appended item": Way(appended_item, fields=("what",), cuts=True, besides=1),
    "statement": Way(statement, fields=("what",), besides=1),
    "mail": Way(outside.mail, outside.in_a_mail, ("what",), cuts=True),
    "answering mail": Way(
        outside.answering_mail, outside.in_an_answer, ("what",), cuts=True, besides=1
    ),
    "WeChat": Way(outside.wechat, outside.in_a_message, ("what",), besides=1, commits=True),
    "public form": Way(outside.public_form, outside.in_the_form),
    "machine API": Way(outside.machine_api),
}
