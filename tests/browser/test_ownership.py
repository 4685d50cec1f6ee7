"""Passing a case on, being away, handing over a shift: in front of the screen."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from complaints import handovers
from complaints.handovers import Offer
from complaints.models import Complaint, Handover, HandoverReason
from staff import people
from staff.models import Absence, Person, Role
from tests.browser.doing import case_page, do, error_beside, open_action, put, send
from tests.browser.fixtures import OpenAs
from tests.complaints import scenes
from tests.complaints.scenes import fresh
from tests.conftest import MONDAY, Cast, Register


@pytest.fixture
def he(cast: Cast) -> Person:
    return people.hire("he", name="何兰", role=Role.FRONTLINE, branch=cast.wuxi, password=None)


def offered(case: Complaint, to: Person, by: Person) -> None:
    offer = Offer(receiver=to, reason=HandoverReason.SHIFT, note="客户要见主管")
    handovers.offer(case.pk, offer, by=by, at=MONDAY)


def test_an_offer_is_made_seen_and_accepted(
    cast: Cast, register: Register, he: Person, open_as: OpenAs
) -> None:
    case = register()
    scenes.apologise(case, by=cast.li, at=MONDAY, said="明早一定送到")
    giver = open_as(cast.li, expects={422})
    case_page(giver, case)
    panel = open_action(giver, "offer")
    send(panel)
    expect(error_beside(panel, "receiver")).to_have_text("请选择接收人。")
    put(panel, receiver=he.pk, reason="skill", note="客户要见主管")
    send(panel)
    expect(giver.locator("#flash .notice--met")).to_contain_text("对方接受之前仍由您负责")
    expect(giver.locator("#case")).to_contain_text("李静 → 何兰")

    receiver = open_as(he)
    receiver.goto("/")
    desk = receiver.get_by_role("region", name="交接给我的")
    expect(desk).to_contain_text("前答复")
    desk.get_by_role("link", name=case.no).click()
    form = receiver.locator(".action-panel")
    for words in ("客户要见主管", "明早一定送到", "还没有答应过补救"):
        expect(form).to_contain_text(words)
    send(form)
    expect(receiver.locator(".case-facts")).to_contain_text("何兰")
    assert fresh(case).owner == he


def test_an_offer_from_another_branch_is_refused_and_decided(
    cast: Cast, register: Register, open_as: OpenAs
) -> None:
    case = register()
    offered(case, cast.zhao, cast.li)
    zhao = open_as(cast.zhao)
    case_page(zhao, case)
    panel = open_action(zhao, "refuse_offer")
    put(panel, answer="货不在兰州")
    send(panel)
    expect(zhao).to_have_url(re.compile(r":\d+/$"))  # the case is out of sight now
    expect(zhao.locator("#flash")).to_contain_text("仍由原责任人负责")

    chen = open_as(cast.chen)
    chen.goto("/handovers/")
    waiting = chen.get_by_role("region", name="待裁决的交接")
    expect(waiting).to_contain_text("货不在兰州")
    waiting.get_by_role("link", name="裁决").click()
    put(chen.locator(".action-panel"), owner=cast.wang.pk, opinion="无锡主管接手")
    send(chen.locator(".action-panel"))
    expect(chen.locator(".case-facts")).to_contain_text("王强")
    assert fresh(case).owner == cast.wang


def test_leave_is_planned_and_the_deputy_acts(
    cast: Cast, register: Register, open_as: OpenAs
) -> None:
    case = register()
    li = open_as(cast.li)
    li.goto("/")
    li.locator(".menu summary").click()
    li.get_by_role("link", name="不在岗").click()
    put(li, since="2026-11-16T12:00", until="2026-11-18T12:00", deputy=cast.zhao.pk)
    li.get_by_role("button", name="登记不在岗").click()
    expect(li.get_by_role("row").filter(has_text="赵磊")).to_contain_text("不在岗")

    zhao = open_as(cast.zhao, expects={404})
    zhao.goto("/")
    expect(zhao.locator(".duty").first).to_contain_text(case.no)
    case_page(zhao, case)
    expect(zhao.locator(".case-facts")).to_contain_text("不在岗，赵磊 代")
    do(zhao, "record_contact", said="向您道歉。")
    expect(zhao.locator(".timeline")).to_contain_text("代 李静")

    li.get_by_role("button", name="提前回岗").click()
    expect(li.locator("#flash")).to_contain_text("恢复在岗")
    assert Absence.objects.get().until < Absence.objects.get().planned_until
    zhao.reload()
    expect(zhao.locator("#case")).to_have_count(0)


def test_a_shift_is_handed_over_and_taken_over(
    cast: Cast, register: Register, he: Person, open_as: OpenAs
) -> None:
    cases = [register() for _ in range(3)]
    li = open_as(cast.li, java_script_enabled=False)
    li.goto("/handovers/shift/")
    put(li.locator("main"), receiver=he.pk, note="都已致歉")
    put(li.locator("main"), **{f"note_{cases[0].pk}": "等客户寄照片"})
    li.locator(f"[name=take_{cases[2].pk}]").uncheck()
    li.get_by_role("button", name="全部交出").click()
    expect(li.locator("#flash")).to_contain_text("已交出 2 件")
    assert Handover.objects.count() == 2

    receiver = open_as(he, java_script_enabled=False)
    receiver.goto("/handovers/")
    expect(receiver.locator("main")).to_contain_text("等客户寄照片")
    receiver.get_by_role("button", name="接受勾选的").click()
    expect(receiver.locator("#flash")).to_contain_text("现在由您负责 2 件投诉")
    assert [fresh(case).owner for case in cases] == [he, he, cast.li]
