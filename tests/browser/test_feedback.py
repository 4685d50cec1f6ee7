"""An angry customer with a phone: the form, the receipt, the way back, rating, taking back."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from complaints.models import Attachment, Complaint, Rating, Status
from intake.models import Item
from tests.browser.fixtures import OpenAs
from tests.browser.test_accessibility import violations
from tests.browser.test_frame import DESKTOP, PHONE, _keep_picture, _overflow
from tests.complaints import scenes
from tests.conftest import MONDAY, Cast, Register

THUMB: dict[str, Any] = {"viewport": PHONE, "has_touch": True, "is_mobile": True}


@pytest.fixture(autouse=True)
def _house(settings: Any) -> None:
    settings.HOTLINE, settings.FIRM_NAME = "400-100-2000", "安顺达物流"


@pytest.fixture
def photo(tmp_path: Path, open_as: OpenAs) -> Path:
    """A real picture, too heavy to be sent as it is."""
    page = open_as()
    drawn = page.evaluate(
        """() => {
            const canvas = document.createElement("canvas");
            canvas.width = canvas.height = 800;
            const pen = canvas.getContext("2d");
            const dots = pen.createImageData(800, 800);
            for (let i = 0; i < dots.data.length; i += 65536)
                crypto.getRandomValues(dots.data.subarray(i, i + 65536));
            for (let i = 3; i < dots.data.length; i += 4) dots.data[i] = 255;
            pen.putImageData(dots, 0, 0);
            return canvas.toDataURL("image/png");
        }"""
    )
    kept = tmp_path / "现场.png"
    kept.write_bytes(base64.b64decode(drawn.partition(",")[2]))
    return kept


def fill(page: Page) -> None:
    page.get_by_label("发生了什么？").fill("货晚到三天，打电话没人接。")
    page.get_by_label("怎么称呼您？").fill("孙玉梅")
    page.get_by_label("联系电话").fill("138 0013 8000")
    page.get_by_label("我已阅读并同意《隐私说明》").check()


def looked_at(page: Page, name: str) -> list[str]:
    """What axe finds, whether it fits, and its pictures, narrow and wide, light and dark."""
    found = violations(page, name)
    for look, scheme, size in (
        ("390", "light", PHONE), ("390-dark", "dark", PHONE), ("wide", "light", DESKTOP),
    ):  # fmt: skip
        page.set_viewport_size(size)  # type: ignore[arg-type]
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        assert _overflow(page) <= 0, (name, look)
        _keep_picture(page, f"feedback-{name}-{look}")
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.emulate_media(color_scheme="light")
    return found


def thumbs(page: Page) -> None:
    for target in page.locator("main :is(.btn, .chip, select, input[type=text], textarea)").all():
        if target.is_visible() and (box := target.bounding_box()):
            assert box["height"] >= 36, target.evaluate("each => each.outerHTML")


def test_from_the_code_on_the_wall_to_the_receipt_and_the_case(
    cast: Cast, open_as: OpenAs, photo: Path
) -> None:
    page = open_as(**THUMB, bypass_csp=True, expects={422})
    page.goto("/feedback/LZ/")
    expect(page.locator(".outside__where")).to_contain_text("兰州分公司")
    found = looked_at(page, "form")
    thumbs(page)
    page.get_by_role("button", name="提交反馈").tap()
    wrong = page.locator(".field--wrong")
    expect(wrong.first).to_contain_text("请写下发生了什么。")
    expect(page.get_by_label("发生了什么？")).to_be_focused()
    found += looked_at(page, "form-errors")
    fill(page)
    page.get_by_label("照片").set_input_files(photo)
    expect(page.locator(".photos__one canvas")).to_be_visible()
    page.get_by_role("button", name="提交反馈").tap()
    expect(page).to_have_url(re.compile("/feedback/receipt/$"))
    case = Complaint.objects.get()
    expect(page.locator("#ticket-no")).to_have_text(case.no)
    found += looked_at(page, "receipt")
    kept = Attachment.objects.get()
    assert kept.content_type == "image/jpeg"  # made smaller on the phone
    assert kept.size < photo.stat().st_size / 2
    assert case.concerned_branch == cast.lanzhou
    page.get_by_role("link", name="查看进度").tap()
    expect(page.get_by_role("heading", level=1)).to_have_text("已收到")
    found += looked_at(page, "case")
    assert not found, "\n".join(found)


def test_the_policy_of_the_page_lets_the_work_be_done_and_nothing_else(
    cast: Cast, open_as: OpenAs
) -> None:
    page = open_as(**THUMB)
    page.goto("/feedback/")
    fill(page)
    expect(page.locator("[data-proof-state=done]")).to_be_visible()
    page.get_by_role("button", name="提交反馈").dblclick()
    expect(page.locator("#ticket-no")).to_be_visible()
    page.go_back()
    page.get_by_role("button", name="提交反馈").tap()
    expect(page.locator("#ticket-no")).to_be_visible()
    assert Complaint.objects.count() == Item.objects.count() == 1


def test_the_next_customer_at_the_same_tablet_may_say_the_same(cast: Cast, open_as: OpenAs) -> None:
    page = open_as(**THUMB)
    page.goto("/feedback/LZ/")
    numbers = []
    for way in ("link", "back", ""):
        page.get_by_label("发生了什么？").fill("态度差")
        page.get_by_label("匿名反馈").check()
        page.get_by_label("我已阅读并同意《隐私说明》").check()
        page.get_by_role("button", name="提交反馈").tap()
        numbers.append(page.locator("#ticket-no").inner_text())
        if way == "link":
            page.get_by_role("link", name="再反馈另一件事").tap()
        elif way == "back":
            page.go_back()
    assert len(set(numbers)) == Complaint.objects.count() == 3


def test_the_other_language_keeps_what_was_typed(cast: Cast, open_as: OpenAs) -> None:
    page = open_as(**THUMB)
    page.goto("/feedback/")
    page.get_by_label("发生了什么？").fill("说到一半")
    page.get_by_role("button", name="English").tap()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("#id_what")).to_have_value("说到一半")


def test_without_javascript_the_hotline_is_the_other_way(cast: Cast, open_as: OpenAs) -> None:
    page = open_as(**THUMB, java_script_enabled=False, expects={422})
    page.goto("/feedback/")
    expect(page.locator(".no-js-only")).to_contain_text("请拨打 400-100-2000")
    fill(page)
    page.get_by_role("button", name="提交反馈").tap()
    expect(page.get_by_role("alert")).to_contain_text("安全验证还没有完成")
    expect(page.get_by_label("发生了什么？")).to_have_value("货晚到三天，打电话没人接。")


def test_anonymous_is_a_secret_code(cast: Cast, open_as: OpenAs) -> None:
    page = open_as(**THUMB)
    page.goto("/feedback/")
    fill(page)
    page.get_by_label("匿名反馈").check()
    expect(page.get_by_label("联系电话")).to_be_disabled()
    page.get_by_role("button", name="提交反馈").tap()
    code = page.locator("#ticket-code").inner_text()
    other = open_as(**THUMB)
    other.goto("/feedback/track/")
    other.get_by_label("投诉编号、回执号或查询码").fill(code)
    other.get_by_role("button", name="查询", exact=True).tap()
    expect(other.get_by_role("heading", level=1)).to_have_text("已收到")


def test_followed_rated_not_solved_and_taken_back(
    cast: Cast, register: Register, open_as: OpenAs
) -> None:
    case = register(complainant_phone="13800138000")
    scenes.accept(case, cast, at=MONDAY)
    scenes.apologise(case, by=cast.li, at=MONDAY)
    scenes.answer(case, by=cast.li, at=MONDAY, said="退运费 30 元，明天到账。")
    page = open_as(**THUMB, bypass_csp=True, expects={422})
    page.goto("/feedback/track/")
    found = looked_at(page, "track")
    page.get_by_label("投诉编号、回执号或查询码").fill(case.no)
    page.get_by_label("电话后四位").fill("1234")
    page.get_by_role("button", name="查询", exact=True).tap()
    expect(page.get_by_role("alert")).to_contain_text("没有查到")
    found += looked_at(page, "track-wrong")
    page.get_by_label("电话后四位").fill("8000")
    page.get_by_role("button", name="查询", exact=True).tap()
    expect(page.get_by_role("heading", level=1)).to_have_text("已告知结果")
    expect(page.locator(".talk")).to_contain_text("退运费 30 元")
    found += looked_at(page, "case-answered")
    thumbs(page)
    page.locator(".chip", has_text=re.compile("^不满意$")).tap()
    page.get_by_label("想对我们说的话").fill("还没到账")
    page.get_by_role("button", name="提交评价").tap()
    expect(page.locator(".notice--met")).to_contain_text("谢谢您的评价。")
    assert Rating.objects.get().score == 2
    page.get_by_label("还有什么没有解决？").fill("钱没到账")
    page.get_by_role("button", name="没有解决，请重新处理").tap()
    expect(page.get_by_role("heading", level=1)).to_have_text("正在处理")
    page.get_by_label("补充说明").fill("请今天回电。")
    page.get_by_role("button", name="发送").tap()
    expect(page.locator(".talk")).to_contain_text("请今天回电。")
    found += looked_at(page, "case-reopened")
    page.get_by_role("link", name="撤回这件投诉").tap()
    found += looked_at(page, "withdrawal")
    page.get_by_role("button", name="确认撤回").tap()
    expect(page.get_by_role("heading", level=1)).to_have_text("已撤回")
    found += looked_at(page, "case-withdrawn")
    assert scenes.fresh(case).status == Status.WITHDRAWN
    page.get_by_role("button", name="退出查询").tap()
    expect(page).to_have_url(re.compile("/feedback/track/$"))
    assert not found, "\n".join(found)


def test_what_was_typed_too_long_can_be_copied(
    cast: Cast, register: Register, open_as: OpenAs
) -> None:
    case = register(complainant_phone="13800138000")
    page = open_as(**THUMB, bypass_csp=True, expects={403})
    page.goto("/feedback/track/")
    page.get_by_label("投诉编号、回执号或查询码").fill(case.no)
    page.get_by_label("电话后四位").fill("8000")
    page.get_by_role("button", name="查询", exact=True).tap()
    page.get_by_label("补充说明").fill("写了两个小时的话。\n第二行")
    page.context.clear_cookies(name="feedback")
    page.get_by_role("button", name="发送").tap()
    expect(page.get_by_role("alert")).to_contain_text("请先复制下面的文字")
    kept = page.get_by_role("textbox", name="您写的内容，还没有发送")
    expect(kept).to_have_value("写了两个小时的话。\n第二行")
    assert not looked_at(page, "expired")


def test_the_code_is_printed_for_the_branches_in_reach(cast: Cast, open_as: OpenAs) -> None:
    page = open_as(cast.xu)
    page.goto("/feedback-codes/")
    expect(page.locator("tbody tr")).to_have_count(3)
    page.get_by_role("link", name="无锡分公司", exact=True).click()
    expect(page.locator(".poster svg")).to_be_visible()
    expect(page.locator(".poster")).to_contain_text("/feedback/WUX/")
    _keep_picture(page, "feedback-code")
    with page.expect_download() as download:
        page.get_by_role("link", name="PNG").click()
    assert download.value.suggested_filename == "feedback-WUX.png"
    assert download.value.path().read_bytes().startswith(b"\x89PNG")
