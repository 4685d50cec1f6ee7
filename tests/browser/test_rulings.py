"""Ruling and dispute in the browser: shared by several, disputed, reviewed, decided for good."""

from __future__ import annotations

from datetime import timedelta

import time_machine
from playwright.sync_api import expect

from complaints import disputes
from complaints.models import Complaint, Supplier
from tests.browser.doing import case_page, error_beside, open_action, put, send
from tests.browser.fixtures import OpenAs
from tests.complaints import scenes
from tests.conftest import MONDAY, Cast, Register

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
SECTION = "section:has(> .panel__head #ruling-title)"


def accepted(cast: Cast, register: Register) -> Complaint:
    case = register(at=MONDAY - HOUR)
    scenes.accept(case, cast, at=MONDAY - 50 * MINUTE)
    return case


def disputed(cast: Cast, register: Register) -> Complaint:
    """Ruled to Lanzhou's Ma, who says no."""
    case = accepted(cast, register)
    scenes.rule(case, cast, at=MONDAY - 40 * MINUTE)
    disputes.dispute(case.pk, reasons="货到时已经破损。", by=cast.ma, at=MONDAY - 30 * MINUTE)
    return case


def test_a_ruling_is_shared_and_a_wrong_sum_is_said_beside_the_share(
    cast: Cast, register: Register, open_as: OpenAs, wall: time_machine.Coordinates
) -> None:
    carrier = Supplier.objects.create(code="sf", name="顺达专线")
    page = open_as(cast.chen, expects={422})
    case_page(page, accepted(cast, register))
    panel = open_action(page, "rule")
    put(panel, branch=cast.lanzhou.pk, person=cast.ma.pk, share=50, basis="两地都没有签字。")
    rows = panel.locator("details")
    expect(rows.nth(0)).not_to_have_attribute("open", "")
    rows.nth(0).locator("summary").click()
    put(panel, other1_branch=cast.suzhou.pk, other1_share=30)
    rows.nth(1).locator("summary").click()
    put(panel, other2_supplier=carrier.pk, other2_share=10)
    send(panel)
    expect(error_beside(panel, "share")).to_contain_text("合计须为 100%，现为 90%")
    expect(panel.locator("[name=other1_share]")).to_have_value("30")  # and its row is open
    expect(panel.locator("[name=other1_share]")).to_be_visible()
    put(panel, share=60)
    send(panel)
    section = page.locator(SECTION)
    for shown in ("兰州分公司 · 马兰 60%", "苏州分公司 30%", "顺达专线 10%", "可申诉"):
        expect(section).to_contain_text(shown)


def test_the_branch_disputes_quality_reviews_and_the_director_decides(
    cast: Cast, register: Register, open_as: OpenAs, wall: time_machine.Coordinates
) -> None:
    case = accepted(cast, register)
    scenes.rule(case, cast, at=MONDAY - 40 * MINUTE)
    branch, director, gm = (open_as(who) for who in (cast.ma, cast.lin, cast.gao))

    case_page(branch, case)
    panel = open_action(branch, "dispute")
    put(panel, reasons="货到兰州时已经破损。")
    send(panel)
    expect(branch.locator(SECTION)).to_contain_text("争议中")
    expect(branch.locator("[data-action=dispute]")).to_have_count(0)

    case_page(director, case)
    panel = open_action(director, "answer_dispute")
    put(panel, upheld="no", basis="无锡装车时漏扫。", branch=cast.wuxi.pk, person=cast.wang.pk)
    send(panel)
    expect(director.locator(SECTION)).to_contain_text("已复核")
    expect(director.locator(".case-facts")).to_contain_text("无锡分公司")

    wuxi = open_as(cast.wang)
    case_page(wuxi, case)
    panel = open_action(wuxi, "dispute")
    put(panel, reasons="无锡有装车签字。")
    send(panel)
    expect(wuxi.locator(SECTION)).to_contain_text("争议中")

    gm.goto("/")
    gm.locator("section:has(#to-review) a.no").click()
    put(gm, upheld="yes", basis="签字晚于发车，维持。")
    send(gm)
    section = gm.locator(SECTION)
    for shown in ("已终裁", "维持原判", "签字晚于发车，维持。", "无锡有装车签字。"):
        expect(section).to_contain_text(shown)


def test_a_dispute_is_answered_on_a_phone_without_javascript(
    cast: Cast, register: Register, open_as: OpenAs, wall: time_machine.Coordinates
) -> None:
    case = disputed(cast, register)
    page = open_as(
        cast.lin, expects={422}, java_script_enabled=False, viewport={"width": 390, "height": 800}
    )
    page.goto(f"/complaints/{case.no}/")
    page.get_by_role("link", name="复核责任争议").click()
    put(page, upheld="no", basis="两地各半。", branch=cast.lanzhou.pk, person=cast.ma.pk)
    page.locator(".action-panel details summary").first.click()
    put(page, other1_branch=cast.wuxi.pk, other1_share=50)
    width = "document.documentElement.scrollWidth"
    assert page.locator("html").evaluate(f"() => {width}") <= 390
    send(page)
    section = page.locator(SECTION)
    for shown in ("兰州分公司 · 马兰 50%", "无锡分公司 50%", "改判"):
        expect(section).to_contain_text(shown)
    assert page.locator("html").evaluate(f"() => {width}") <= 390
