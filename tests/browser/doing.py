"""What people do in front of the screen, in the words of the desk."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Locator, Page, expect

from complaints.models import Complaint
from staff.models import Person
from tests.conftest import PASSWORD

PANEL = "#action-panel"
#: Every part of a sheet, with words that say something.
SHEET = {
    "title_text": "兰州中转站分拣延误致 1 票货晚到三天",
    "facts": "单号 QT20261116001，11 月 13 日到站，孙玉梅签收。",
    "course": "11 月 13 日夜班漏扫，货压在 3 号笼车下，16 日清场时发现。",
    "cause": "夜班只有一人值守，清场没有逐笼核对。",
    "evidence": "看了 3 号笼车当晚监控，问了夜班组长。",
    "containment": "当天专车送到，并退还运费。",
    "accountability": "夜班组长通报，扣当月绩效。",
    "prevention": "清场由两人逐笼核对签字。",
    "detection": "滞留超过 4 小时的货自动列入交班单。",
    "response": "滞留货一经发现，半小时内联系收件人。",
    "effect": "客户已收到货，接受道歉。",
    "committed_on": "2027-12-01",
}


def sign_in_at_the_door(page: Page, person: Person) -> None:
    """Through the sign-in page, as every morning."""
    page.goto("/")
    expect(page).to_have_url(re.compile("/sign-in/"))
    page.get_by_label("用户名").fill(person.username)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_label("密码").press("Enter")
    expect(page.locator(".menu__name")).to_contain_text(person.name)


def case_page(page: Page, case: Complaint | str) -> None:
    page.goto(f"/complaints/{case}/")


def open_action(page: Page, action: str) -> Locator:
    """The form of the action, in its panel on the case page."""
    page.wait_for_load_state()  # before its scripts are there a link leads to a page
    page.locator(f"[data-action={action}]").click()
    panel = page.locator(f"{PANEL} .action-panel")
    expect(panel).to_be_visible()
    return panel


def put(place: Page | Locator, **values: Any) -> None:
    """Fill in fields by their names: chips are chosen, boxes ticked, all else is typed."""
    for name, value in values.items():
        field = place.locator(f"[name={name}]:not([type=hidden])")
        kind = field.first.get_attribute("type")
        if kind == "radio":
            place.locator(f'label.chip:has([name={name}][value="{value}"])').click()
        elif kind == "checkbox":
            field.set_checked(value)
        elif field.evaluate("node => node.tagName") == "SELECT":
            field.select_option(str(value))
        else:
            field.fill(str(value))


def send(place: Page | Locator) -> None:
    place.locator("[data-primary]").last.click()


def do(page: Page, action: str, **values: Any) -> None:
    """Open the action's form on the case page, fill it in and send it; it has to succeed."""
    panel = open_action(page, action)
    put(panel, **values)
    send(panel)
    expect(page.locator(".action-panel")).to_have_count(0)
    expect(page.locator("#flash .notice--met")).to_be_visible()


def clock_state(page: Page, kind: str) -> Locator:
    """The cell of one of the four clocks by its label: 致歉, 反馈, 整改单, 回访."""
    label = page.locator(".clock-cell__kind", has_text=re.compile(f"^{kind}$"))
    return page.locator("#case > .clocks .clock-cell").filter(has=label)


def error_beside(place: Page | Locator, name: str) -> Locator:
    """The sentence beside a field, by which the field (or its group) is described."""
    field = place.locator(f".field:has([name={name}])")
    sentence = field.locator(".field__error")
    expect(sentence).to_be_visible()
    own = sentence.locator("xpath=..").get_attribute("id")
    described = field.locator(f"[aria-describedby~='{own}']")
    assert described.count() or own in (field.get_attribute("aria-describedby") or "").split()
    return sentence


def stays(page: Page) -> None:
    """Leave a mark that a page jump would wipe out; `stayed` looks for it."""
    page.evaluate("window.markOfThisPage = true")


def stayed(page: Page) -> bool:
    return bool(page.evaluate("window.markOfThisPage === true"))


# ---- with the keyboard alone ----

COUNT_POINTER = """
    window.pointerUses = 0;
    for (const kind of ["pointerdown", "mousedown", "touchstart", "mousemove"])
        addEventListener(kind, event => { if (event.isTrusted) window.pointerUses += 1; }, true);
"""


def tab_to(page: Page, name: str, *, at_most: int = 30) -> None:
    """Press Tab until the field has the focus."""
    for _ in range(at_most):
        if page.evaluate("document.activeElement?.name || ''") == name:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not reach {name}")


def arrow_to(page: Page, text: str, *, at_most: int = 40) -> None:
    """Press the down arrow until the focused list shows the text."""
    shown = "document.activeElement.selectedOptions[0].textContent"
    for _ in range(at_most):
        if page.evaluate(shown).strip() == text:
            return
        page.keyboard.press("ArrowDown")
    raise AssertionError(f"the arrow does not reach {text}")


def register_by_keyboard(page: Page, *, what: str, order_no: str, branch: str) -> str:
    """From the desk to the new case's page without the mouse; the case's number."""
    page.add_init_script(COUNT_POINTER)
    page.goto("/")
    page.keyboard.press("n")
    page.wait_for_url("**/complaints/new/")
    page.keyboard.press("1")
    tab_to(page, "complainant_phone")
    page.keyboard.type("13800138000")
    tab_to(page, "complainant_name")
    page.keyboard.type("孙玉梅")
    tab_to(page, "what")
    page.keyboard.type(what)
    tab_to(page, "order_no")
    page.keyboard.type(order_no)
    tab_to(page, "category")
    arrow_to(page, "派送延误")
    tab_to(page, "concerned_branch")
    arrow_to(page, branch)
    tab_to(page, "severity")
    page.keyboard.press("ArrowRight")
    tab_to(page, "remedy_sought")
    page.keyboard.type("退运费")
    assert page.evaluate("window.pointerUses") == 0
    page.keyboard.press("Control+Enter")
    page.wait_for_url(re.compile(r"/complaints/[A-Z0-9-]*\d[A-Z0-9-]*/$"))
    assert page.evaluate("window.pointerUses") == 0
    return page.locator("h1").inner_text()
