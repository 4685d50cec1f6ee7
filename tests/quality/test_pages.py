"""The pages of the rectification sheet: written, returned, verified, waived, printed."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client

from complaints.models import Complaint, Event
from quality.models import Sheet, SheetState
from staff.models import Person
from tests.complaints.scenes import HOUR, WORDS, accept, rule, submit
from tests.conftest import MONDAY, Cast, Register

NOW = MONDAY + 2 * HOUR
HTMX = {"HX-Request": "true"}
FORM = {
    **{("title_text" if name == "title" else name): f"具体的{name}" for name in WORDS},
    "committed_on": "2026-12-01",
}


@pytest.fixture(autouse=True)
def _today(_reference_data: None) -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def enter(person: Person) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(person)
    return client


def beside(text: str, field: str) -> str:
    """What is said under a field of the form."""
    found = re.search(rf'id="id_{field}_error">(.*?)</div>', text, re.DOTALL)
    return found[1] if found else ""


@pytest.fixture
def case(cast: Cast, register: Register) -> Complaint:
    """Li's case, for which Wang has to write the sheet."""
    case = register()
    accept(case, cast, at=MONDAY)
    rule(case, cast, at=MONDAY, person=cast.wang)
    return case


def address(case: Complaint, deed: str = "") -> str:
    return f"/complaints/{case.no}/sheets/{deed}"


def test_the_form_shows_all_parts(cast: Cast, case: Complaint) -> None:
    for headers in ({}, HTMX):
        text = enter(cast.wang).get(address(case), headers=headers).content.decode()
        for name in (*FORM, "press_key"):
            assert f'name="{name}"' in text, name


def test_a_sheet_is_submitted_under_its_number(cast: Cast, case: Complaint) -> None:
    client = enter(cast.wang)
    response = client.post(address(case), FORM)
    assert (response.status_code, response["Location"]) == (302, f"/complaints/{case.no}/")
    sheet = Sheet.objects.get()
    assert (sheet.no, sheet.state) == ("问字【2026】001号", SheetState.SUBMITTED)
    assert (sheet.title, sheet.effect) == ("具体的title", "具体的effect")
    assert case.clocks.get(kind="sheet").met_at == NOW
    text = client.get(response["Location"]).content.decode()
    assert "整改单已提交。" in text
    assert f'href="{address(case, "1/")}"' in text


def test_from_htmx_the_fresh_case_comes_back(cast: Cast, case: Complaint) -> None:
    response = enter(cast.wang).post(address(case), FORM, headers=HTMX)
    assert (response.status_code, response["HX-Retarget"]) == (200, "#case")
    assert "问字【2026】001号" in response.content.decode()


def test_the_same_form_twice_takes_one_number(cast: Cast, case: Complaint) -> None:
    client, form = enter(cast.wang), {**FORM, "press_key": str(uuid.uuid4())}
    assert [client.post(address(case), form).status_code for _ in range(3)] == [302] * 3
    assert [sheet.no for sheet in Sheet.objects.all()] == ["问字【2026】001号"]


@pytest.mark.parametrize("headers", [{}, HTMX])
@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        *[(name, "", "这一部分不能空着。") for name in FORM if name != "committed_on"],
        ("cause", "\u200b\u3000", "这一部分不能空着。"),
        ("facts", "字" * 4001, "最多 4000 个字，现有 4001 个字"),
        ("title_text", "字" * 121, "最多 120 个字"),
        ("course", "坏\x00字", "空字符"),
        ("committed_on", "", "请填写承诺完成日期。"),
        ("committed_on", "明天", "请填写正确的日期。"),
        ("committed_on", "2026-11-15", "承诺完成日期"),
    ],
)
def test_a_part_that_is_missing_or_wrong_is_named_and_the_rest_is_kept(
    cast: Cast, case: Complaint, field: str, value: str, sentence: str, headers: dict[str, str]
) -> None:
    response = enter(cast.wang).post(address(case), {**FORM, field: value}, headers=headers)
    assert response.status_code == 422
    text = response.content.decode()
    assert sentence in beside(text, field)
    assert text.count('class="field__error"') == 1
    for name, typed in FORM.items():
        assert name == field or typed in text, name
    assert not Sheet.objects.exists()
    assert case.clocks.get(kind="sheet").is_running


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "2026-02-30"])
def test_no_odd_day_breaks_the_form(cast: Cast, case: Complaint, day: str) -> None:
    response = enter(cast.wang).post(address(case), {**FORM, "committed_on": day})
    assert response.status_code in (302, 422)


def test_only_the_rectifier_writes_it(cast: Cast, case: Complaint) -> None:
    for person in (cast.li, cast.chen, cast.gao):
        for ask in (enter(person).get, enter(person).post):
            assert ask(address(case)).status_code == 403
    assert enter(cast.zhao).post(address(case), FORM).status_code == 404
    assert not Sheet.objects.exists()


def test_a_returned_sheet_comes_back_with_what_was_written(cast: Cast, case: Complaint) -> None:
    submit(case, by=cast.wang, at=MONDAY, cause="人手不足")
    response = enter(cast.chen).post(address(case, "return/"), {"opinion": "原因太笼统"})
    assert response.status_code == 302
    client = enter(cast.wang)
    text = client.get(address(case)).content.decode()
    assert "人手不足" in text
    assert 'value="2027-12-01"' in text
    assert client.post(address(case), FORM).status_code == 302
    sheet = Sheet.objects.get()
    assert (sheet.no, sheet.cause) == ("问字【2026】001号", "具体的cause")


DECISIONS = [
    ("return/", {"opinion": "原因太笼统"}, "opinion", SheetState.RETURNED, "return_sheet"),
    ("verification/", {"opinion": "属实"}, "opinion", SheetState.VERIFIED, "verify_sheet"),
]


@pytest.mark.parametrize("headers", [{}, HTMX])
@pytest.mark.parametrize(("deed", "form", "field", "state", "event"), DECISIONS)
def test_quality_decides_on_it(
    cast: Cast, case: Complaint, deed: str, form: dict[str, str], field: str, state: str,
    event: str, headers: dict[str, str],
) -> None:  # fmt: skip
    submit(case, by=cast.wang, at=MONDAY)
    client = enter(cast.chen)
    assert client.get(address(case, deed), headers=headers).status_code == 200
    blank = client.post(address(case, deed), {field: "  "}, headers=headers)
    assert blank.status_code == 422
    assert "请写明核实意见。" in beside(blank.content.decode(), field)
    done = client.post(address(case, deed), form, headers=headers)
    assert done.status_code == (200 if headers else 302)
    assert Sheet.objects.get().state == state
    assert case.events.filter(kind=event, actor=cast.chen).count() == 1


def test_a_sheet_is_waived(cast: Cast, case: Complaint) -> None:
    client = enter(cast.chen)
    blank = client.post(address(case, "waiver/"), {"reason": ""})
    assert "请写明免整改的原因。" in beside(blank.content.decode(), "reason")
    assert client.post(address(case, "waiver/"), {"reason": "轻微"}).status_code == 302
    assert Sheet.objects.get().state == SheetState.WAIVED
    assert client.get(address(case, "1/")).status_code == 404  # nothing to print


@pytest.mark.parametrize("deed", ["return/", "verification/"])
def test_there_is_nothing_to_decide_before_it_is_submitted(
    cast: Cast, case: Complaint, deed: str
) -> None:
    before = Event.objects.count()
    response = enter(cast.chen).post(address(case, deed), {"opinion": "属实"})
    assert response.status_code in (409, 422)
    assert Event.objects.count() == before


@pytest.mark.parametrize("deed", ["return/", "verification/", "waiver/"])
def test_who_answers_for_the_case_does_not_decide(cast: Cast, case: Complaint, deed: str) -> None:
    submit(case, by=cast.wang, at=MONDAY)
    for person in (cast.wang, cast.li):
        response = enter(person).post(address(case, deed), {"opinion": "好", "reason": "好"})
        assert response.status_code == 403


def test_the_sheet_is_printed_with_its_parts_and_signatures(cast: Cast, case: Complaint) -> None:
    submit(case, by=cast.wang, at=MONDAY, cause="<b>人手</b>不足")
    response = enter(cast.li).get(address(case, "1/"))
    text = response.content.decode()
    assert response.status_code == 200
    assert "无锡分公司问题整改工作单" in text
    assert "问字【2026】001号" in text
    assert "&lt;b&gt;人手&lt;/b&gt;不足" in text
    for part in "一二三四五六":
        assert f"{part}、" in text
    assert "待验收" in text


def test_a_sheet_is_seen_by_those_who_see_the_case(cast: Cast, case: Complaint) -> None:
    submit(case, by=cast.wang, at=MONDAY)
    seen = {p.username: enter(p).get(address(case, "1/")).status_code for p in cast.people}
    assert {name for name, status in seen.items() if status == 200} == {
        "li", "wang", "xu", "chen", "lin", "gao",
    }  # fmt: skip
    assert set(seen.values()) == {200, 404}
    assert enter(cast.li).get(address(case, "2/")).status_code == 404


def test_printing_costs_few_queries(
    cast: Cast, case: Complaint, django_assert_max_num_queries: Any
) -> None:
    submit(case, by=cast.wang, at=MONDAY)
    client = enter(cast.wang)
    client.get("/playbook/")  # the first page of a session notes who is there
    with django_assert_max_num_queries(17):
        client.get(address(case, "1/"))
