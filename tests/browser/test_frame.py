"""What is around every page: the door, the language, the inbox, the keys, the widths."""

from __future__ import annotations

import os
import re
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from playwright.sync_api import Page, expect

from complaints import escalation
from complaints.models import Complaint
from tests.browser.doing import error_beside, send, sign_in_at_the_door
from tests.browser.fixtures import RESULTS, OpenAs
from tests.browser.scene import Scene
from tests.conftest import MONDAY, Cast, Register

MINUTE = timedelta(minutes=1)


def test_a_wrong_password_says_no_more_than_needed_and_keeps_the_name(
    cast: Cast, open_as: OpenAs
) -> None:
    page = open_as()
    page.goto("/complaints/")
    page.get_by_label("用户名").fill("li")
    page.get_by_label("密码").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("用户名或密码不对")
    expect(page.get_by_label("用户名")).to_have_value("li")
    sign_in_at_the_door(page, cast.li)
    page.locator(".menu summary").click()
    page.get_by_role("button", name="退出").click()
    expect(page).to_have_url(re.compile("/sign-in/"))
    page.goto("/complaints/")
    expect(page).to_have_url(re.compile("/sign-in/"))


def test_the_language_is_a_persons_choice_and_stays(cast: Cast, open_as: OpenAs) -> None:
    page = open_as(cast.li, expects={422})
    page.goto("/complaints/new/")
    page.locator(".menu summary").click()
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page).to_have_url(re.compile("/complaints/new/$"))
    send(page.locator("#register-form"))
    sentence = error_beside(page, "what").inner_text()
    assert sentence
    assert sentence.isascii(), sentence
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_have_text("My desk")
    cookies = {cookie.get("name") for cookie in page.context.cookies()}
    assert settings.LANGUAGE_COOKIE_NAME in cookies
    page.locator(".menu summary").click()
    page.get_by_role("button", name="简体中文").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("工作台")


def test_a_message_leads_to_its_case_and_counts_as_read(
    cast: Cast, register: Register, open_as: OpenAs, wall: time_machine.Coordinates
) -> None:
    case = register(at=MONDAY)
    wall.move_to(MONDAY + 49 * MINUTE)
    escalation.sweep(until=MONDAY + 49 * MINUTE)
    page = open_as(cast.li)
    page.goto("/messages/")
    unread = page.locator(".letter--unread")
    expect(unread).to_have_count(2)
    unread.first.get_by_role("button").click()
    expect(page).to_have_url(re.compile(f"/complaints/{case.no}/$"))
    page.goto("/messages/?unread=1")
    expect(unread).to_have_count(1)
    page.get_by_role("button", name="全部标为已读").click()
    expect(unread).to_have_count(0)
    expect(page.locator(".nav .count")).to_have_count(0)


def test_the_keys_lead_everywhere_and_can_be_switched_off(cast: Cast, open_as: OpenAs) -> None:
    page = open_as(cast.wang)
    page.goto("/")
    for keys, address in (("n", "/complaints/new/"), ("gb", "/escalations/"), ("gi", "/messages/"),
                          ("gd", "/")):  # fmt: skip
        for key in keys:
            page.keyboard.press(key)
        expect(page).to_have_url(re.compile(f"[0-9]{address}$"))
        page.wait_for_load_state()
    page.keyboard.press("/")
    expect(page.locator("#site-search")).to_be_focused()
    page.keyboard.type("n?")
    expect(page.locator("#site-search")).to_have_value("n?")
    page.locator("h1").click()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.get_by_label("启用单键快捷键").uncheck()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.keyboard.press("n")
    page.reload()
    page.keyboard.press("n")
    expect(page).to_have_url(re.compile("[0-9]/$"))


def test_a_search_finds_the_case_by_number(cast: Cast, register: Register, open_as: OpenAs) -> None:
    case, other = register(), register()
    page = open_as(cast.li)
    page.goto("/")
    page.keyboard.press("/")
    page.keyboard.type(case.no.lower())
    page.keyboard.press("Enter")
    expect(page.locator("table")).to_contain_text(case.no)
    expect(page.locator("table")).not_to_contain_text(other.no)


def test_a_chosen_theme_holds_against_the_systems(cast: Cast, open_as: OpenAs) -> None:
    page = open_as(cast.li, color_scheme="light")
    page.goto("/")
    page.locator(".menu summary").click()
    page.locator("label.chip:has([name=theme][value=dark])").click()
    page.reload()
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"


# ---- the widths, and the pictures: SCREENSHOTS=1 keeps them in test-results/screenshots ----

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 800}
LOOKS = {"light": (DESKTOP, "light"), "dark": (DESKTOP, "dark"), "390": (PHONE, "light")}
MAIN_PAGES = ["desk", "case", "register", "board", "ranking", "sheet", "list", "inbox"]


@pytest.fixture
def main_pages(scene: Scene) -> dict[str, str]:
    return {
        "desk": "/", "case": f"/complaints/{scene.handled.no}/", "register": "/complaints/new/",
        "board": "/escalations/", "ranking": "/rankings/weekly/?week=2026-W47",
        "sheet": f"/complaints/{scene.submitted.no}/sheets/1/", "list": "/complaints/",
        "inbox": "/messages/",
    }  # fmt: skip


def test_no_page_is_wider_than_its_screen(
    cast: Cast, main_pages: dict[str, str], open_as: OpenAs
) -> None:
    page = open_as(cast.wang)
    for name, address in main_pages.items():
        page.goto(address)
        for look, (size, scheme) in LOOKS.items():
            page.set_viewport_size(size)
            page.emulate_media(color_scheme=scheme)
            assert _overflow(page) <= 0, (name, look)
            _keep_picture(page, f"{name}-{look}")


def test_on_a_phone_the_desk_and_the_case_page_can_be_worked_with_a_thumb(
    cast: Cast, register: Register, open_as: OpenAs
) -> None:
    case = register()
    page = open_as(cast.li, viewport=PHONE, has_touch=True, is_mobile=True)
    page.goto("/")
    page.get_by_role("link", name="记录致歉").tap()
    page.locator("[name=said]").fill("向您道歉。")
    for target in page.locator("main .btn:visible, main .chip:visible").all():
        box = target.bounding_box()
        assert box is not None
        assert box["height"] >= 32, target.inner_text()
    page.locator("[data-primary]").tap()
    expect(page).to_have_url(re.compile(case.no))
    expect(page.locator("#case > .clocks [data-state=met]")).to_have_count(1)
    page.locator("[data-action=record_contact]").tap()
    expect(page.locator(".action-panel")).to_be_in_viewport()
    assert _overflow(page) <= 0
    assert Complaint.objects.get().contacts.count() == 1


def _overflow(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


def _keep_picture(page: Page, name: str) -> None:
    if os.environ.get("SCREENSHOTS") == "1":
        folder = RESULTS / "screenshots"
        folder.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=folder / f"{name}.png", full_page=True)
