"""登记投诉 in the browser: fast, with what the house knows beside it, and nothing typed is lost."""

from __future__ import annotations

import re
import time
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from complaints import customers
from complaints.models import Category, Complaint, PlaybookEntry
from tests.browser.doing import error_beside, put, register_by_keyboard, send, stayed, stays
from tests.browser.fixtures import OpenAs
from tests.conftest import MONDAY, Cast, Register

FORM = "#register-form"
SIDE = "#register-side"
CASE = re.compile(r"/complaints/[A-Z0-9-]*\d[A-Z0-9-]*/$")


@pytest.fixture
def form(cast: Cast, open_as: OpenAs) -> Page:
    page = open_as(cast.li, expects={422})
    page.goto("/complaints/new/")
    return page


def fill_in(page: Page, filed_under: Category | None, **other: str) -> dict[str, str]:
    """All that a usual complaint needs; what was typed, by field."""
    typed = {
        "complainant_phone": "13800138000", "complainant_name": "孙玉梅",
        "what": "货晚到三天，打电话没人接。", "order_no": "QT1",
        "category": str(filed_under.pk) if filed_under else "", **other, "remedy_sought": "退运费",
    }  # fmt: skip
    put(page.locator(FORM), **typed)
    return typed


def still_there(page: Page, typed: dict[str, str]) -> bool:
    return {name: page.input_value(f"{FORM} [name={name}]") for name in typed} == typed


def test_a_complaint_is_registered_with_the_keyboard_alone_in_under_a_minute(
    cast: Cast, open_as: OpenAs
) -> None:
    page = open_as(cast.li)
    began = time.monotonic()
    no = register_by_keyboard(
        page, what="货晚到三天，打电话没人接。", order_no="QT20261116001", branch="兰州分公司"
    )
    assert time.monotonic() - began < 60
    case = Complaint.objects.get(no=no)
    assert (case.channel, case.severity, case.category) == ("phone", "major", cast.late_goods)
    assert (case.complainant_name, case.complainant_phone) == ("孙玉梅", "13800138000")
    assert (case.concerned_branch, case.remedy_sought) == (cast.lanzhou, "退运费")
    assert case.owner == cast.li
    assert MONDAY <= case.received_at < MONDAY + timedelta(minutes=1)


def test_a_number_key_chooses_the_channel_and_says_so(form: Page) -> None:
    form.keyboard.press("9")
    expect(form.get_by_role("radio", name=re.compile("12315"))).to_be_checked()
    form.locator("[name=what]").focus()
    form.keyboard.press("2")
    expect(form.locator("[name=what]")).to_have_value("2")
    expect(form.get_by_role("radio", name=re.compile("12315"))).to_be_checked()


def test_an_earlier_complainant_is_found_while_the_phone_is_typed(
    form: Page, register: Register
) -> None:
    register(complainant_name="孙玉梅", complainant_phone="13800138000")
    stays(form)
    form.locator("[name=complainant_phone]").press_sequentially("1380013")
    option = form.locator(".combo__list [role=option]")
    expect(option).to_contain_text("孙玉梅")
    form.keyboard.press("ArrowDown")
    expect(option).to_have_attribute("aria-selected", "true")
    form.keyboard.press("Enter")
    expect(form.locator("[name=complainant_name]")).to_have_value("孙玉梅")
    expect(form.locator("[name=complainant_phone]")).to_have_value("13800138000")
    expect(option).to_be_hidden()
    assert stayed(form)


def test_duplicates_and_the_playbook_stand_beside_the_form(
    form: Page, cast: Cast, register: Register
) -> None:
    earlier = register(order_no="QT1", complainant_phone="13900139000", complainant_name="周")
    PlaybookEntry.objects.create(
        code="late", title="货晚到了", keywords=["晚到"], say="对不起，让您久等。",
        do="马上查车。", offer="退运费", report_to="站长",
    ).categories.add(cast.late_goods)  # fmt: skip
    stays(form)
    side = form.locator(SIDE)
    form.fill("[name=order_no]", "QT1")
    expect(side).to_contain_text("疑似重复")
    expect(side).to_contain_text(earlier.no)
    expect(side).to_contain_text("同单号")
    form.fill("[name=what]", "货晚到三天还没送")
    expect(side).to_contain_text("对不起，让您久等。")
    side.get_by_role("button", name="采用").click()
    expect(form.locator("[name=category]")).to_have_value(str(cast.late_goods.pk))
    expect(form.locator("[name=what]")).to_have_value("货晚到三天还没送")
    assert stayed(form)


def test_a_double_click_makes_one_case(form: Page, cast: Cast) -> None:
    fill_in(form, cast.late_goods)
    form.locator(f"{FORM} [data-primary]").dblclick()
    expect(form).to_have_url(CASE)
    assert Complaint.objects.count() == 1


def test_the_same_form_sent_three_times_makes_one_case(form: Page, cast: Cast) -> None:
    fill_in(form, cast.late_goods)
    addresses = form.evaluate(
        """async () => {
            const body = new FormData(document.querySelector("#register-form"));
            const send = () => fetch(location.href, { method: "POST", body });
            const answers = await Promise.all([send(), send()]);
            return [...answers, await send()].map(answer => answer.url);
        }"""
    )
    case = Complaint.objects.get()
    assert {address.rsplit("/", 2)[1] for address in addresses} == {case.no}


def test_a_draft_waits_on_the_server_until_the_case_is_made(
    form: Page, cast: Cast, open_as: OpenAs
) -> None:
    typed = fill_in(form, cast.late_goods, what="说到一半，客户挂了电话")
    expect(form.locator("[data-draft-state]")).to_contain_text("草稿已保存")
    kept = form.evaluate("Object.values(localStorage).some(text => text.includes('退运费'))")
    assert not kept  # the server has the only copy
    elsewhere = open_as(cast.li)  # the computer has crashed; another one goes on
    elsewhere.goto("/complaints/new/")
    elsewhere.get_by_role("link", name="继续填写").click()
    elsewhere.wait_for_url(re.compile("draft="))
    assert still_there(elsewhere, typed)
    send(elsewhere.locator(FORM))
    expect(elsewhere).to_have_url(CASE)
    elsewhere.goto("/complaints/new/")
    expect(elsewhere.get_by_role("link", name="继续填写")).to_have_count(0)
    assert elsewhere.input_value("[name=what]") == ""


def test_the_last_words_are_kept_when_the_window_is_closed(form: Page, cast: Cast) -> None:
    typed = fill_in(form, cast.late_goods, what="刚打完就关了窗口")
    form.goto("/")
    form.goto("/complaints/new/")
    continued = form.get_by_role("link", name="继续填写")
    restored = form.locator("[data-draft-restore]")
    expect(continued.or_(restored).locator("visible=true")).to_have_count(1)
    continued.or_(restored).locator("visible=true").click()
    expect(form.locator(f"{FORM} [name=what]")).to_have_value("刚打完就关了窗口")
    assert still_there(form, typed)


def test_without_the_server_a_draft_waits_on_this_machine(form: Page, cast: Cast) -> None:
    form.route("**/complaints/new/draft/", lambda route: route.abort("aborted"))
    typed = fill_in(form, cast.late_goods, what="网断了也不丢")
    expect(form.locator("[data-draft-state]")).to_contain_text("草稿存在本机")
    form.goto("/")
    form.goto("/complaints/new/")
    form.locator("[data-draft-restore]").click()
    assert still_there(form, typed)
    form.unroute("**/complaints/new/draft/")
    send(form.locator(FORM))
    expect(form).to_have_url(CASE)


def test_a_softphone_opens_the_form_with_the_number_looked_up_and_out_of_the_address(
    form: Page, cast: Cast, register: Register
) -> None:
    case = register(complainant_name="孙玉梅", complainant_phone="13800138000")
    customers.note(case.pk, words="听力障碍，请发短信", by=cast.li, at=MONDAY)
    form.goto("/complaints/new/?phone=13800138000&channel=phone&order=QT9")
    expect(form).to_have_url(re.compile(r"/complaints/new/\?channel=phone$"))
    expect(form.locator("[name=complainant_phone]")).to_have_value("13800138000")
    expect(form.locator("[name=order_no]")).to_have_value("QT9")
    expect(form.locator(SIDE)).to_contain_text("听力障碍，请发短信")
    expect(form.locator(SIDE)).to_contain_text(case.no)
    option = form.locator(".combo__list [role=option]")
    expect(option).to_contain_text("孙玉梅")
    form.keyboard.press("ArrowDown")
    form.keyboard.press("Enter")
    expect(form.locator("[name=complainant_name]")).to_have_value("孙玉梅")


def test_each_mistake_has_its_sentence_beside_its_field_and_nothing_typed_is_lost(
    form: Page, cast: Cast
) -> None:
    typed = fill_in(
        form, None, what="长" * 10_001, complainant_name="孙\x07玉梅", order_no="1" * 61
    )  # fmt: skip
    send(form.locator(FORM))
    expect(error_beside(form, "what")).to_contain_text("最多 10000 个字")
    expect(error_beside(form, "complainant_name")).to_contain_text("控制字符")
    expect(error_beside(form, "order_no")).to_contain_text("最多 60 个字")
    expect(error_beside(form, "category")).to_have_text("请选择类别。")
    assert still_there(form, typed)
    expect(form.locator("[name=complainant_name]")).to_be_focused()
    assert Complaint.objects.count() == 0


def test_a_complaint_from_the_future_is_refused(form: Page, cast: Cast) -> None:
    typed = fill_in(form, cast.late_goods, received_at="2026-11-16T12:30")
    send(form.locator(FORM))
    expect(error_beside(form, "received_at")).to_have_text("受理时间不能晚于现在。")
    assert still_there(form, typed)
    put(form.locator(FORM), received_at="2026-11-16T11:30")
    send(form.locator(FORM))
    expect(form).to_have_url(CASE)
    assert Complaint.objects.get().received_at == MONDAY - timedelta(minutes=30)


def test_rare_characters_and_emoji_come_back_as_they_were_typed(form: Page, cast: Cast) -> None:
    name, what = "𠮷田龘", "😡 快递员👨‍👩‍👧态度恶劣，𠀀𠀁 <b>加粗</b> & “引号”"
    fill_in(form, cast.rude, complainant_name=name, what=what)
    send(form.locator(FORM))
    expect(form).to_have_url(CASE)
    expect(form.locator(".prose")).to_have_text(what)
    case = Complaint.objects.get()
    assert (case.complainant_name, case.what) == (name, what)


def test_a_settled_case_asks_how_and_needs_the_words(form: Page, cast: Cast) -> None:
    fill_in(form, cast.late_goods)
    expect(form.locator("[name=settlement]")).to_be_hidden()
    put(form.locator(FORM), settled_on_spot=True)
    expect(form.locator("[name=settlement]")).to_be_visible()
    send(form.locator(FORM))
    expect(error_beside(form, "settlement")).to_be_visible()
    put(form.locator(FORM), settlement="当场道歉，送货上门。")
    send(form.locator(FORM))
    expect(form).to_have_url(CASE)
    expect(form.locator("#case > .clocks [data-state=met]")).to_have_count(2)
