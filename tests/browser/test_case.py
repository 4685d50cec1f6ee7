"""The case page in the browser: one form an action, without page jumps."""

from __future__ import annotations

from datetime import timedelta

import time_machine
from playwright.sync_api import expect

from complaints import escalation
from complaints.models import Complaint, Event
from complaints.rules import Action
from tests.browser.doing import (
    SHEET,
    case_page,
    clock_state,
    do,
    error_beside,
    open_action,
    put,
    send,
    stayed,
    stays,
)
from tests.browser.fixtures import OpenAs
from tests.complaints import scenes
from tests.conftest import MONDAY, Cast, Register

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def ruled(cast: Cast, register: Register) -> Complaint:
    """Sorted, and ruled to Lanzhou's Ma."""
    case = register(at=MONDAY - HOUR)
    scenes.accept(case, cast, at=MONDAY - 50 * MINUTE)
    scenes.rule(case, cast, at=MONDAY - 50 * MINUTE)
    return case


def answered(cast: Cast, register: Register) -> Complaint:
    """As far as the result; the callback is owed."""
    case = ruled(cast, register)
    scenes.answer(case, by=cast.li, at=MONDAY - 10 * MINUTE)
    return case


def test_an_apology_stops_its_countdown_without_a_page_jump(
    cast: Cast, register: Register, open_as: OpenAs
) -> None:
    case = register(at=MONDAY - 5 * MINUTE)
    page = open_as(cast.li)
    case_page(page, case)
    cell = clock_state(page, "致歉")
    expect(cell).to_have_attribute("data-state", "running")
    first = cell.locator("time.clock").inner_text()
    expect(cell.locator("time.clock")).not_to_have_text(first)

    stays(page)
    panel = open_action(page, "record_contact")
    expect(panel.locator("[name=kind]").first).to_be_focused()
    put(panel, kind="apology", said="向您道歉，马上查。")
    page.keyboard.press("Control+Enter")
    expect(cell).to_have_attribute("data-state", "met")
    expect(cell.locator("[data-due]")).to_have_count(0)
    expect(page.locator("#flash")).to_contain_text("联系已记录")
    expect(page.locator(".timeline")).to_contain_text("向您道歉，马上查。")
    assert stayed(page)
    assert page.url.endswith(f"/complaints/{case.no}/")


def test_nobody_reached_is_no_apology(cast: Cast, register: Register, open_as: OpenAs) -> None:
    page = open_as(cast.li)
    case_page(page, register())
    do(page, "record_contact", kind="apology", reached="no", said="没人接。")
    expect(clock_state(page, "致歉")).to_have_attribute("data-state", "running")


def test_a_refused_action_says_why_beside_the_field_and_escape_gives_the_focus_back(
    cast: Cast, register: Register, open_as: OpenAs
) -> None:
    page = open_as(cast.li, expects={422})
    case_page(page, register())
    panel = open_action(page, "record_contact")
    put(panel, kind="result", said="说" * 4001, occurred_at="2026-11-16T13:00")
    send(panel)
    expect(error_beside(panel, "said")).to_contain_text("最多 4000 个字")
    expect(panel.locator("[name=said]")).to_be_focused()
    expect(panel.locator("[name=kind][value=result]")).to_be_checked()
    put(panel, said="今天送到。")
    send(panel)
    expect(error_beside(panel, "occurred_at")).to_have_text("联系时间不能晚于现在。")
    expect(panel.locator("[name=said]")).to_have_value("今天送到。")
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    expect(page.locator("[data-action=record_contact]")).to_be_focused()


def test_an_escalation_is_seen_on_the_board_and_acknowledged(
    cast: Cast, register: Register, open_as: OpenAs, wall: time_machine.Coordinates
) -> None:
    case = register(at=MONDAY)
    wall.move_to(MONDAY + 61 * MINUTE)
    escalation.sweep(until=MONDAY + 61 * MINUTE)
    wang = open_as(cast.wang)
    wang.goto("/")
    wang.locator(".nav").get_by_role("link", name="升级看板").click()
    row = wang.get_by_role("row").filter(has_text=case.no).filter(has_text="一级")
    expect(row.locator("[data-state=late]")).to_contain_text("已超")
    row.get_by_role("button", name="确认").click()
    row = wang.get_by_role("row").filter(has_text=case.no).filter(has_text="一级")
    expect(row).to_contain_text("已确认")
    expect(row).to_contain_text("王强")

    wall.move_to(MONDAY + 95 * MINUTE)
    escalation.sweep(until=MONDAY + 95 * MINUTE)
    chen = open_as(cast.chen)
    case_page(chen, case)
    stays(chen)
    chen.locator(".notice", has_text="二级").get_by_role("link", name="确认").click()
    put(chen.locator(".action-panel"), note="已催李静，十分钟内致歉。")
    send(chen.locator(".action-panel"))
    expect(chen.locator(".notice", has_text="二级")).to_have_count(0)
    expect(chen.locator(".timeline")).to_contain_text("已催李静")
    assert stayed(chen)


def test_a_sheet_with_a_blank_part_keeps_the_rest(
    cast: Cast, register: Register, open_as: OpenAs
) -> None:
    case = ruled(cast, register)
    ma = open_as(cast.ma, expects={422})
    case_page(ma, case)
    stays(ma)
    panel = open_action(ma, "submit_sheet")
    put(panel, **{**SHEET, "cause": "  "})
    send(panel)
    expect(error_beside(panel, "cause")).to_have_text("这一部分不能空着。")
    kept = {name: panel.locator(f"[name={name}]").input_value() for name in SHEET}
    assert {**kept, "cause": SHEET["cause"]} == SHEET
    put(panel, cause=SHEET["cause"])
    send(panel)
    expect(ma.locator("#case")).to_contain_text("问字【2026】001号")
    expect(clock_state(ma, "整改单")).to_have_attribute("data-state", "met")
    assert stayed(ma)
    ma.get_by_role("link", name="问字【2026】001号").click()
    for words in SHEET.values():
        expect(ma.locator(".official")).to_contain_text(words)


def test_a_callback_asks_what_it_needs_and_closes_the_case(
    cast: Cast, register: Register, open_as: OpenAs
) -> None:
    chen = open_as(cast.chen, expects={422})
    case_page(chen, answered(cast, register))
    panel = open_action(chen, "record_callback")
    put(panel, reached="yes")
    send(panel)
    expect(error_beside(panel, "satisfied")).to_have_text("请记录客户是否满意。")
    put(panel, satisfied="no", solved="no", score="2")
    send(panel)
    expect(error_beside(panel, "said")).to_contain_text("请记下客户原话")
    expect(panel.locator("[name=score][value='2']")).to_be_checked()
    put(panel, satisfied="yes", solved="yes", score="5")
    send(panel)
    expect(chen.locator(".case-head .status")).to_have_text("客户侧结案")
    expect(clock_state(chen, "回访")).to_have_attribute("data-state", "met")


def test_a_closed_case_is_reopened_with_fresh_clocks(
    cast: Cast, register: Register, open_as: OpenAs
) -> None:
    case = answered(cast, register)
    scenes.call_back(case, by=cast.chen, at=MONDAY - 5 * MINUTE)
    li = open_as(cast.li, expects={422})
    case_page(li, case)
    panel = open_action(li, "reopen")
    send(panel)
    expect(error_beside(panel, "reason")).to_have_text("请写明客户为什么仍不满意。")
    put(panel, reason="钱还没退。")
    send(panel)
    expect(li.locator(".case-head")).to_contain_text("第 2 轮")
    expect(li.locator("#case > .clocks [data-state=running]")).to_have_count(4)
    frozen = li.locator(".panel", has_text="第 1 轮的时限")
    expect(frozen.locator("[data-state=met]")).to_have_count(2)
    expect(frozen).to_contain_text("已冻结")


def test_whoever_looks_at_the_phone_number_is_written_down(
    cast: Cast, register: Register, open_as: OpenAs
) -> None:
    case = register()
    page = open_as(cast.li)
    case_page(page, case)
    expect(page.locator("#phone")).to_have_text("138****8000")
    expect(page.locator("#case")).not_to_contain_text("孙玉梅")
    stays(page)
    page.get_by_role("button", name="显示姓名和电话").click()
    expect(page.locator("#phone")).to_have_text("13800138000")
    expect(page.locator("#case")).to_contain_text("孙玉梅")
    expect(page.locator(".timeline")).to_contain_text("查看联系方式")
    assert stayed(page)
    assert Event.objects.get(kind=Action.REVEAL).actor == cast.li
    page.reload()
    expect(page.locator("#phone")).to_have_text("138****8000")


def test_a_second_press_does_nothing_more(cast: Cast, register: Register, open_as: OpenAs) -> None:
    case = register()
    page = open_as(cast.li)
    case_page(page, case)
    panel = open_action(page, "record_contact")
    put(panel, kind="progress", said="还在查。")
    panel.locator("[data-primary]").dblclick()
    expect(page.locator("#flash")).to_contain_text("联系已记录")
    assert case.contacts.count() == 1
