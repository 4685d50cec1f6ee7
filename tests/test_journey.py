"""The story of `docs/architecture.md`: one complaint from the phone call to the weekly ranking,
each person at their own screen."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest
import time_machine
from openpyxl.worksheet.worksheet import Worksheet
from playwright.sync_api import Page, expect

from complaints import escalation
from complaints.models import Clock, Complaint, Status
from complaints.outcome import Outcome, outcome
from staff.models import Person
from tests.browser.doing import (
    SHEET,
    case_page,
    clock_state,
    do,
    register_by_keyboard,
    sign_in_at_the_door,
)
from tests.browser.fixtures import OpenAs
from tests.complaints import scenes
from tests.conftest import MONDAY, Cast, Register

pytestmark = pytest.mark.browser

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
#: The Tuesday after, 12:00: when the firm looks at its week.
CUT_OFF = MONDAY + 8 * DAY


class Days:
    """The firm's days: the clock on the wall, and everybody at a screen of their own."""

    def __init__(self, wall: time_machine.Coordinates, open_as: OpenAs) -> None:
        self.wall = wall
        self.open_as = open_as
        self.pages: dict[int, Page] = {}

    def at(self, after: timedelta) -> None:
        """So long after the call; the sweep has done its round."""
        self.wall.move_to(MONDAY + after)
        escalation.sweep(until=MONDAY + after)

    def screen_of(self, person: Person) -> Page:
        """Their page; signed in at the door, again when the night has signed them out."""
        page = self.pages.setdefault(person.pk, self.open_as())
        page.goto("/")
        if "/sign-in/" in page.url:
            sign_in_at_the_door(page, person)
        return page


@pytest.fixture
def days(wall: time_machine.Coordinates, open_as: OpenAs) -> Days:
    return Days(wall, open_as)


def test_one_complaint_from_the_call_to_the_ranking(
    days: Days, cast: Cast, register: Register, tmp_path: Path
) -> None:
    no = _monday(days, cast)
    _tuesday(days, cast, no)
    _wednesday(days, cast, no)
    _thursday(days, cast, no)
    _the_second_round(days, cast, no)
    _two_more_for_lanzhou(cast, register)
    _the_week_in_figures(days, cast, no, tmp_path)


def _monday(days: Days, cast: Cast) -> str:
    """12:00 the call; 12:20 the apology; 13:05 Chen sorts and rules."""
    li = days.screen_of(cast.li)
    no = register_by_keyboard(
        li, what="货晚到三天，打电话没人接。", order_no="QT20261116001", branch="兰州分公司"
    )
    expect(li.locator(".case-facts")).to_contain_text("李静")
    expect(clock_state(li, "致歉")).to_have_attribute("data-state", "running")

    days.at(20 * MINUTE)
    case_page(li, no)
    do(
        li,
        "record_contact",
        kind="apology",
        means="phone",
        reached="yes",
        said="向您道歉，马上查。",
    )
    expect(clock_state(li, "致歉")).to_have_attribute("data-state", "met")

    days.at(65 * MINUTE)
    chen = days.screen_of(cast.chen)
    chen.get_by_role("link", name=no).first.click()
    do(chen, "accept")
    do(chen, "rule", branch=cast.lanzhou.pk, person=cast.ma.pk, basis="货在兰州滞留。")
    expect(chen.locator(".case-facts")).to_contain_text("马兰")
    return no


def _tuesday(days: Days, cast: Cast, no: str) -> None:
    """Beyond Li's authority, so Wang decides; then the customer hears the result."""
    days.at(21 * HOUR)
    li = days.screen_of(cast.li)
    case_page(li, no)
    do(li, "propose_remedy", kind="refund", amount="500", description="退运费")
    expect(li.locator("#case")).to_contain_text("待审批")

    days.at(21 * HOUR + 10 * MINUTE)
    wang = days.screen_of(cast.wang)
    wang.locator("section:has(> .panel__head #to-approve) a").first.click()
    wang.locator("label.chip:has([name=approve][value=yes])").click()
    wang.locator("[data-primary]").click()
    expect(wang.locator("#case")).to_contain_text("已承诺")

    days.at(22 * HOUR)
    li = days.screen_of(cast.li)
    case_page(li, no)
    do(li, "record_contact", kind="result", said="货今天送到，退您运费 500 元。")
    expect(clock_state(li, "反馈")).to_have_attribute("data-state", "met")


def _wednesday(days: Days, cast: Cast, no: str) -> None:
    """The ruled branch answers to the firm: the sheet gets its number on submission."""
    days.at(46 * HOUR)
    ma = days.screen_of(cast.ma)
    case_page(ma, no)
    do(ma, "submit_sheet", **SHEET)
    expect(ma.locator("#case")).to_contain_text("问字【2026】001号")
    expect(clock_state(ma, "整改单")).to_have_attribute("data-state", "met")


def _thursday(days: Days, cast: Cast, no: str) -> None:
    """The customer is not satisfied: a second round, whose apology comes late; Wang has seen it."""
    days.at(70 * HOUR)
    chen = days.screen_of(cast.chen)
    case_page(chen, no)
    do(chen, "record_callback", reached="yes", satisfied="no", solved="no", score="2",
       said="钱还没退，也没人解释。")  # fmt: skip
    expect(chen.locator(".case-head")).to_contain_text("第 2 轮")
    expect(clock_state(chen, "致歉")).to_have_attribute("data-state", "running")

    days.at(71 * HOUR + 5 * MINUTE)
    wang = days.screen_of(cast.wang)
    wang.locator(".nav").get_by_role("link", name="升级看板").click()
    row = wang.get_by_role("row").filter(has_text=no).filter(has_text="一级")
    expect(row).to_contain_text("致歉")
    row.get_by_role("button", name="确认").click()
    row = wang.get_by_role("row").filter(has_text=no).filter(has_text="一级")
    expect(row).to_contain_text("王强")

    days.at(71 * HOUR + 20 * MINUTE)
    li = days.screen_of(cast.li)
    case_page(li, no)
    do(li, "record_contact", kind="apology", said="再次道歉，运费今天退。")
    expect(clock_state(li, "致歉")).to_contain_text("超时完成")


def _the_second_round(days: Days, cast: Cast, no: str) -> None:
    """Friday: the result and a second sheet. Saturday: satisfied, and the effect confirmed."""
    days.at(90 * HOUR)
    li = days.screen_of(cast.li)
    case_page(li, no)
    li.get_by_role("link", name="兑现").click()
    li.locator("[name=proof]").fill("退款流水 20261120-7")
    li.locator("#action-panel [data-primary]").click()
    expect(li.locator("#case")).to_contain_text("退款流水 20261120-7")
    do(li, "record_contact", kind="result", said="运费已退到您的账户。")

    days.at(96 * HOUR)
    ma = days.screen_of(cast.ma)
    case_page(ma, no)
    do(ma, "submit_sheet", **SHEET)
    expect(ma.locator("#case")).to_contain_text("问字【2026】002号")

    days.at(118 * HOUR)
    chen = days.screen_of(cast.chen)
    case_page(chen, no)
    do(chen, "record_callback", reached="yes", satisfied="yes", solved="yes", score="5")
    expect(chen.locator(".case-head .status")).to_have_text("客户侧结案")
    do(chen, "verify_sheet", opinion="属实，两人清场已执行。")
    expect(chen.locator(".case-head")).to_contain_text("内部闭环")

    case = Complaint.objects.get(no=no)
    assert case.status == Status.CLOSED
    assert case.closed_inside_at is not None
    rounds = [Clock.objects.filter(complaint=case, round=number) for number in (1, 2)]
    first, second = ({clock.kind: outcome(clock, CUT_OFF) for clock in them} for them in rounds)
    kinds = ("apology", "result", "sheet", "callback")
    assert first == dict.fromkeys(kinds, Outcome.MET)
    assert second == {**first, "apology": Outcome.BREACHED}


def _two_more_for_lanzhou(cast: Cast, register: Register) -> None:
    """Without three complaints a branch has no place; these two went as they should."""
    for minutes in (5, 6):
        received = MONDAY + minutes * MINUTE
        case = register(at=received)
        scenes.apologise(case, by=cast.li, at=received + 30 * MINUTE)
        scenes.accept(case, cast, at=received + HOUR)
        scenes.rule(case, cast, at=received + HOUR)
        scenes.answer(case, by=cast.li, at=received + 20 * HOUR)
        scenes.submit(case, by=cast.ma, at=received + 40 * HOUR)
        scenes.call_back(case, by=cast.chen, at=received + 70 * HOUR)


#: Lanzhou's row by hand. Its clocks: four of each kind, all on time but one apology; its
#: callbacks: four reached, one not satisfied. (10 × 3/4 + 10 + 8 + 7 + 15 × 3/4) ÷ 50 = 87.5 %
_ALL_MET = [1, 4, 4, 0, 0, 0, 0, 0, 0]
LANZHOU = [
    1, "兰州分公司", "LZ", 87.5, 3,
    0.75, 3, 4, 1, 0, 0, 0, 0, 0,
    *_ALL_MET, *_ALL_MET, *_ALL_MET,
    0.75, 3, 4, 1, 4, 500, 1,
]  # fmt: skip
_OTHERS = ["超时", "尽力未达", "无法联系", "不适用", "计入分拣", "进行中"]
HEADER = ["名次", "分公司", "代码", "得分", "投诉"]
for _clock in ("致歉", "反馈", "整改单", "回访"):
    HEADER += [f"{_clock}及时率", f"{_clock}按时", f"{_clock}按时+超时"]
    HEADER += [f"{_clock}{other}" for other in _OTHERS]
HEADER += ["满意度", "满意", "接通", "接通率", "打过电话", "补偿（元）", "补偿笔数"]


def _the_week_in_figures(days: Days, cast: Cast, no: str, tmp_path: Path) -> None:
    """Tuesday noon: the page, the cases behind its figures, and the workbook."""
    days.at(CUT_OFF - MONDAY)
    lin = days.screen_of(cast.lin)
    lin.locator(".nav").get_by_role("link", name="周排名").click()
    row = lin.locator("#ranking [data-branch=LZ]")
    expect(row).to_contain_text("87.50")
    expect(row).to_contain_text("500.00")

    with lin.expect_download() as download:
        lin.get_by_role("link", name="XLSX").click()
    assert download.value.suggested_filename == "周排名 2026-W47.xlsx"
    download.value.save_as(tmp_path / "ranking.xlsx")
    _check_workbook(openpyxl.load_workbook(tmp_path / "ranking.xlsx")["周排名"])

    row.get_by_role("link").filter(has_text="3/4").first.click()
    expect(lin.locator("#cases tbody")).to_contain_text(no)


def _check_workbook(sheet: Worksheet) -> None:
    table = [[cell.value for cell in row] for row in sheet.iter_rows()]
    title, header, lanzhou, *others = table
    assert title[0] == "周排名 2026 年第 47 周（11-16 至 11-22） 制表时间 2026-11-24 12:00"
    assert header == HEADER
    assert lanzhou == LANZHOU
    assert [row[1] for row in others] == ["苏州分公司", "无锡分公司"]
    for row in others:
        assert row[0] == "样本不足"
        assert [value for value in row[3:] if value] == []
