"""The same work with JavaScript off: each action a page of its own."""

from __future__ import annotations

import re
from datetime import timedelta

import time_machine
from playwright.sync_api import Page, expect

from complaints import escalation
from complaints.models import Complaint, Event, Status
from complaints.rules import Action
from tests.browser.doing import SHEET, case_page, clock_state, error_beside, put, send
from tests.browser.fixtures import OpenAs
from tests.complaints import scenes
from tests.conftest import MONDAY, Cast, Register

MINUTE = timedelta(minutes=1)


def do_plainly(page: Page, action: str, **values: object) -> None:
    """Follow the action's link, fill in its page and send it; back to the case."""
    page.locator(f"[data-action={action}]").click()
    put(page.locator(".action-panel"), **values)
    send(page.locator(".action-panel"))
    expect(page.locator("#flash .notice--met")).to_be_visible()
    expect(page.locator("#case")).to_be_visible()


def test_the_front_line_registers_apologises_answers_and_reveals(
    cast: Cast, open_as: OpenAs
) -> None:
    page = open_as(cast.li, java_script_enabled=False, expects={422})
    page.goto("/")
    page.get_by_role("main").get_by_role("link", name="登记投诉").first.click()
    form = page.locator("#register-form")
    expect(form.locator("kbd").first).to_be_hidden()
    put(form, complainant_phone="13800138000", what="货晚到三天。", settled_on_spot=False)
    send(form)
    expect(error_beside(form, "category")).to_have_text("请选择类别。")
    expect(form.locator("[name=what]")).to_have_value("货晚到三天。")
    put(form, category=cast.late_goods.pk)
    send(form)
    expect(clock_state(page, "致歉")).to_contain_text("还剩")

    page.goto("/")
    page.get_by_role("link", name="记录致歉").click()
    expect(page.locator("[name=kind][value=apology]")).to_be_checked()
    put(page, said="  ")
    send(page)
    expect(error_beside(page, "said")).to_have_text("请写明和客户说了什么。")
    put(page, said="向您道歉。")
    send(page)
    expect(clock_state(page, "致歉")).to_contain_text("按时完成")
    page.get_by_role("button", name="显示姓名和电话").click()
    expect(page.locator("#phone")).to_have_text("13800138000")
    assert Event.objects.filter(kind=Action.REVEAL).count() == 1


def test_a_case_runs_to_both_closings_through_plain_pages(
    cast: Cast, register: Register, open_as: OpenAs, wall: time_machine.Coordinates
) -> None:
    case = register(at=MONDAY - 61 * MINUTE)
    escalation.sweep(until=MONDAY)
    wang = open_as(cast.wang, java_script_enabled=False)
    wang.goto("/escalations/")
    wang.get_by_role("button", name=re.compile("^确认 TS")).first.click()
    row = wang.get_by_role("row").filter(has_text=case.no).filter(has_text="一级")
    expect(row).to_contain_text("已确认")

    chen = open_as(cast.chen, java_script_enabled=False)
    case_page(chen, case)
    do_plainly(chen, "accept")
    do_plainly(chen, "rule", branch=cast.lanzhou.pk, person=cast.ma.pk, basis="货在兰州滞留。")
    scenes.answer(case, by=cast.li, at=MONDAY + MINUTE)

    wall.move_to(MONDAY + 2 * MINUTE)
    ma = open_as(cast.ma, java_script_enabled=False)
    case_page(ma, case)
    do_plainly(ma, "submit_sheet", **SHEET)
    expect(ma.locator("#case")).to_contain_text("问字【2026】001号")

    case_page(chen, case)
    do_plainly(chen, "record_callback", satisfied="yes", solved="yes", score="4")
    do_plainly(chen, "verify_sheet", opinion="属实。")
    expect(chen.locator(".case-head")).to_contain_text("内部闭环")
    do_plainly(chen, "reopen", reason="客户又来电，钱还没退。")
    expect(chen.locator(".case-head")).to_contain_text("第 2 轮")
    assert Complaint.objects.get().status == Status.HANDLING


def test_a_week_of_the_ranking_is_chosen_with_a_button(cast: Cast, open_as: OpenAs) -> None:
    page = open_as(cast.wang, java_script_enabled=False)
    page.goto("/rankings/weekly/")
    page.locator("[name=week]").select_option("2026-W45")
    page.get_by_role("button", name="看这一周").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert "week=2026-W45" in page.url
