"""时限策略 in the browser: drafted, looked at in advance, approved."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from complaints import policy_drafts
from complaints.models import Policy, PolicyState
from complaints.policy_drafts import Step, content
from tests.browser.doing import put, send, stayed, stays
from tests.browser.fixtures import OpenAs
from tests.conftest import MONDAY, Cast

FORM = "#policy-form"


def field(page: Page, name: str) -> str:
    return page.input_value(f"{FORM} [name='{name}']")


def test_a_policy_is_drafted_previewed_and_approved(cast: Cast, open_as: OpenAs) -> None:
    chen = open_as(cast.chen)
    chen.goto("/escalations/")
    chen.get_by_role("link", name="时限策略").click()
    chen.get_by_role("button", name="起草新版本").click()
    expect(chen.get_by_role("heading", level=1)).to_have_text("修改草稿 V2")
    stays(chen)
    chen.locator(f"{FORM} [name=less][value=rows-0-steps-0]").click()
    expect(chen.locator(f"{FORM} [name=less][value=rows-0-steps-4]")).to_have_count(0)
    chen.locator(f"{FORM} [name=more][value=rows-0-steps]").click()
    fresh = chen.locator(f"{FORM} [name=rows-0-steps-4-level]")
    expect(fresh).to_be_focused()
    assert stayed(chen)  # no page was loaded for that
    row = chen.locator(".rung", has=chen.locator("[name=rows-0-steps-4-level]"))
    expect(row.get_by_text("到期前")).to_be_visible()
    fresh.select_option("1")
    expect(row.get_by_text("到期后")).to_be_visible()
    fresh.select_option("0")
    chen.fill(f"{FORM} [name=rows-0-steps-4-minutes]", "20")
    row.get_by_label("品质管理员").check()
    chen.get_by_role("button", name="为某类投诉另设 致歉").click()
    chen.locator("[name=rows-1-channel]").select_option("p12345")
    put(chen.locator(FORM), **{"rows-1-hours": "", "rows-1-minutes": "45", "note": "12345 从快"})
    chen.locator(f"{FORM} .form-actions [data-primary]").click()
    expect(chen.locator("#flash")).to_contain_text("草稿 V2 已保存。")

    general, special, *_rest = content(Policy.objects.get(version=2))
    assert Step(0, -20, False, ("quality",)) in general.steps
    assert len(general.steps) == 5
    assert (special.kind, special.channel, special.minutes) == ("apology", "p12345", 45)

    preview = chen.locator("#preview")
    expect(preview).to_contain_text("11-20 星期五 18:20")
    expect(preview).to_contain_text("陈洁")
    stays(chen)
    put(preview, channel="p12345")
    preview.get_by_role("button", name="预演").click()
    expect(preview).to_contain_text("11-20 星期五 18:05")
    assert stayed(chen)

    chen.goto("/policies/2/")
    chen.get_by_role("button", name="提请批准").click()
    expect(chen.locator("#flash")).to_contain_text("已通知林涛。")

    lin = open_as(cast.lin, expects={422})
    lin.goto("/messages/")
    lin.get_by_text("时限策略 V2 已起草，陈洁提请批准").click()
    expect(lin.locator(".ladder")).to_contain_text("45 分钟")
    put(lin.locator("#approve"), effective_from="2026-11-01T00:00")
    send(lin.locator("#approve"))
    expect(lin.locator("#approve .field__error")).to_contain_text("生效时间不能早于现在")
    put(lin.locator("#approve"), effective_from="")
    send(lin.locator("#approve"))
    expect(lin.locator("#flash")).to_contain_text("V2 已批准。")
    expect(lin.locator(".page__head")).to_contain_text("现行")
    assert Policy.objects.get(version=2).approved_by == cast.lin


def test_enter_saves_the_draft_and_no_button_stands_in_the_way(cast: Cast, open_as: OpenAs) -> None:
    policy_drafts.draft(Policy.objects.get(), by=cast.chen, at=MONDAY)
    page = open_as(cast.chen, java_script_enabled=False)
    page.goto("/policies/2/edit/")
    page.fill("[name=rows-0-hours]", "2")
    page.press("[name=rows-0-hours]", "Enter")
    expect(page.locator("#flash")).to_contain_text("已保存")
    assert content(Policy.objects.get(state=PolicyState.DRAFT))[0].minutes == 120
    page.locator("[name=less][value=rows-1-steps-0]").click()
    page.locator("[name=more][value=callback]").click()
    assert field(page, "rows-0-hours") == "2"
    expect(page.locator("[name=rows-4-severity]")).to_be_visible()


def test_nothing_hangs_over_the_edge_of_a_phone(cast: Cast, open_as: OpenAs) -> None:
    policy_drafts.draft(Policy.objects.get(), by=cast.chen, at=MONDAY)
    page = open_as(cast.chen, viewport={"width": 390, "height": 844})
    for address in ("/policies/", "/policies/1/", "/policies/2/edit/"):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, address
