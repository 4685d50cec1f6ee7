"""What was typed and not sent: kept on the server, for its writer alone, until it is a case."""

from __future__ import annotations

import logging
import uuid
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from common import walls
from complaints import drafts
from complaints.models import Complaint, Draft
from staff.eyes import eyes_of
from tests.complaints.scenes import HOUR, MINUTE
from tests.conftest import MONDAY, Cast, Register

KEY = uuid.UUID("7b5d1f0e-5f0c-4f0e-9a53-8f7d4f3a2b10")
TYPED = {
    "channel": "counter", "received_at": "2026-11-16T11:50", "complainant_phone": "13800138000",
    "complainant_name": "孙玉梅", "complainant_role": "family", "what": "货没到，\n说到一半",
    "severity": "major",
}  # fmt: skip
NEW = "/complaints/new/"
WIDE = "１３８００１３８０００"


@pytest.fixture
def li(cast: Cast, client: Client) -> Client:
    client.force_login(cast.li)
    return client


@pytest.fixture(autouse=True)
def _today(cast: Cast) -> Any:
    with time_machine.travel(MONDAY, tick=False) as wall:
        yield wall


def keep(client: Client, **words: str) -> None:
    body = {**TYPED, **words, "submission_key": str(KEY)}
    assert client.post(f"{NEW}draft/", body).status_code == 204


def test_a_draft_comes_back_on_another_computer_as_it_was_typed(li: Client, cast: Cast) -> None:
    keep(li)
    other = Client()
    other.force_login(cast.li)
    page = other.get(NEW).content.decode()
    assert f"?draft={KEY}" in page
    assert "138****8000" in page
    assert "13800138000" not in page
    form = other.get(NEW, {"draft": str(KEY)}).context["form"]
    assert {name: form[name].value() for name in TYPED} == TYPED
    assert form["submission_key"].value() == str(KEY)


def test_it_is_done_with_once_it_is_a_case(li: Client, cast: Cast) -> None:
    keep(li)
    body = {**TYPED, "category": cast.late_goods.pk, "submission_key": str(KEY)}
    assert li.post(NEW, body).status_code == 302
    assert Complaint.objects.get().submission_key == f"form:{cast.li.pk}:{KEY}"
    assert not Draft.objects.exists()
    keep(li)  # a last saving that was under way
    assert li.get(NEW).context["drafts"] == []


def test_a_refused_form_leaves_the_draft(li: Client) -> None:
    keep(li)
    assert li.post(NEW, {**TYPED, "submission_key": str(KEY)}).status_code == 422
    assert Draft.objects.count() == 1


def test_nobody_else_sees_it_with_either_wall(li: Client, cast: Cast) -> None:
    keep(li)
    for person in cast.people:
        assert bool(drafts.waiting(person, MONDAY)) == (person == cast.li)
        with walls.eyes(eyes_of(person)):
            assert Draft.objects.exists() == (person == cast.li)


def test_the_same_key_of_two_people_is_two_drafts(li: Client, cast: Cast) -> None:
    keep(li)
    zhao = Client()
    zhao.force_login(cast.zhao)
    keep(zhao, what="另一件")
    zhao.post(f"{NEW}draft/discard/", {"key": str(KEY)})
    assert Draft.objects.get().person == cast.li


@pytest.mark.parametrize(
    ("after", "kept"), [(timedelta(days=7) - MINUTE, 1), (timedelta(days=7), 0)]
)
def test_a_week_later_it_is_forgotten(cast: Cast, after: timedelta, kept: int) -> None:
    drafts.save(KEY, {"what": "货"}, by=cast.li, at=MONDAY)
    assert len(drafts.waiting(cast.li, MONDAY + after)) == kept
    drafts.forget(MONDAY + after)
    assert Draft.objects.count() == kept


def test_only_the_last_ten_are_kept(cast: Cast) -> None:
    for n in range(12):
        drafts.save(uuid.uuid4(), {"what": str(n)}, by=cast.li, at=MONDAY + n * MINUTE)
    found = drafts.waiting(cast.li, MONDAY + HOUR)
    assert [draft.values["what"] for draft in found] == [str(n) for n in range(11, 1, -1)]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("a\x00b", "ab"),
        ("a\x07b\nc", "ab\nc"),
        ("a\ud800b", "ab"),
        ("<b>加粗</b> 😡", "<b>加粗</b> 😡"),
        ("长" * 20_001, "长" * 20_000),
        ("e\u0301" + "\u0301" * 50, "é" + "\u0301" * 7),
    ],
)
def test_a_draft_is_never_refused_for_its_words(cast: Cast, typed: str, kept: str) -> None:
    draft = drafts.save(KEY, {"what": typed}, by=cast.li, at=MONDAY)
    assert draft is not None
    assert Draft.objects.get().values["what"] == kept


@pytest.mark.parametrize(
    "body",
    [
        {}, {"submission_key": "x", "what": "货"}, {"submission_key": str(KEY)},
        {"submission_key": str(KEY), "channel": "phone", "severity": "minor"},
        {"submission_key": str(KEY), "strange": "field"},
    ],
)  # fmt: skip
def test_nothing_typed_is_no_draft(li: Client, body: dict[str, str]) -> None:
    assert li.post(f"{NEW}draft/", body).status_code == 204
    assert not Draft.objects.exists()


# The form that a softphone opens


@pytest.mark.parametrize(
    ("query", "fields", "unreadable"),
    [
        (
            {"phone": "13800138000", "channel": "phone", "order": "QT1"},
            {"complainant_phone": "13800138000", "channel": "phone", "order_no": "QT1"},
            False,
        ),
        ({"phone": "+86 138-0013-8000"}, {"complainant_phone": "+86 138-0013-8000"}, False),
        ({"phone": WIDE}, {"complainant_phone": WIDE}, False),
        ({"phone": "anonymous"}, {"complainant_phone": None}, True),
        ({"phone": "1380013\x008000"}, {"complainant_phone": None}, True),
        ({"phone": "1" * 41}, {"complainant_phone": None}, True),
        ({"phone": "<script>"}, {"complainant_phone": None}, True),
        ({"phone": ""}, {"complainant_phone": None}, False),
        ({"channel": "carrier-pigeon"}, {"channel": "phone"}, False),
        ({"draft": "not-a-key"}, {"channel": "phone"}, False),
    ],
)  # fmt: skip
def test_what_the_address_brings_is_filled_in_or_said_to_be_unreadable(
    li: Client, query: dict[str, str], fields: dict[str, Any], unreadable: bool
) -> None:
    answer = li.get(NEW, query)
    form = answer.context["form"]
    assert {name: form[name].value() for name in fields} == fields
    assert ("无法识别" in answer.content.decode()) == unreadable


def test_the_number_in_the_address_stands_in_no_log_and_is_passed_on_to_nobody(
    li: Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        answer = li.get(NEW, {"phone": "13800138000"})
        li.get("/complaints/newx/", {"phone": "13800138000"})
    logged = [r.getMessage() for r in caplog.records if not r.name.startswith("django.db")]
    assert not any("13800138000" in line for line in logged)
    assert answer["Referrer-Policy"] == "strict-origin"
    assert 'action="/complaints/new/"' in answer.content.decode()


def test_the_paper_form_has_every_field_of_the_form(li: Client, register: Register) -> None:
    page = li.get("/complaints/paper-form/")
    assert page.status_code == 200
    form = page.context["form"]
    words = page.content.decode()
    missing = [f.name for f in form if not f.is_hidden and str(f.label) not in words]
    assert missing == []
