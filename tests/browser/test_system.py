"""The system page in a browser, on a day when everything on it has something to say."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest
import time_machine
from playwright.sync_api import expect

from common.models import Heartbeat
from complaints.models import Clock, ClockKind
from notify.models import Delivery, DeliveryState, Outlet, OutletKind
from notify.post import Note, post
from staff.models import Calendar
from tests.browser.fixtures import RESULTS, OpenAs
from tests.browser.test_accessibility import violations
from tests.conftest import MONDAY, Cast, Register

MINUTE = timedelta(minutes=1)
WIDTHS = {"wide": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}


@pytest.fixture
def bad_day(cast: Cast, register: Register, wall: time_machine.Coordinates) -> Clock:
    """A clock set aside; clocks that wait; a message given up; a calendar without its years."""
    case = register(at=MONDAY - 180 * MINUTE)
    case.clocks.exclude(kind=ClockKind.APOLOGY).update(next_at=MONDAY - 20 * MINUTE)
    case.clocks.filter(kind=ClockKind.APOLOGY).update(failures=4, next_at=MONDAY + 2 * MINUTE)
    for name, ago in (("sweep", 2), ("worker", 3), ("sweeper", 900)):
        Heartbeat.objects.create(name=name, at=MONDAY - timedelta(seconds=ago))
    way = Outlet.objects.create(kind=OutletKind.WEBHOOK, name="值班群", address="json://nowhere/x")
    post([Note("n", [cast.li.pk], "测试")], at=MONDAY - 30 * MINUTE)
    Delivery.objects.create(
        message=cast.li.messages.get(), outlet=way, state=DeliveryState.GIVEN_UP, attempts=9,
        last_error="HTTP 500", created_at=MONDAY, available_at=MONDAY,
    )  # fmt: skip
    calendar = Calendar.objects.create(name="总部时间", weekly="mon-fri 09:00-18:00")
    cast.headquarters.calendar = calendar
    cast.headquarters.save(update_fields=["calendar"])
    return case.clocks.get(kind=ClockKind.APOLOGY)


@pytest.mark.parametrize("width", WIDTHS)
def test_it_reads_well_on_a_bad_day(
    cast: Cast, bad_day: Clock, open_as: OpenAs, width: str
) -> None:
    page = open_as(cast.chen, bypass_csp=True, viewport=WIDTHS[width])
    page.goto("/system/")
    expect(page.locator(".banner--late")).to_contain_text("有时限到点已 20 分钟")
    expect(page.locator(".banner").last).to_contain_text("“总部时间”2026 年")
    expect(page.locator("#set-aside")).to_contain_text(bad_day.complaint.no)
    assert violations(page, width) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= WIDTHS[width]["width"]
    if os.environ.get("SCREENSHOTS"):
        folder = RESULTS / "screenshots"
        folder.mkdir(parents=True, exist_ok=True)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            page.screenshot(path=folder / f"system-{width}-{scheme}.png", full_page=True)


def test_it_renews_itself(cast: Cast, bad_day: Clock, open_as: OpenAs) -> None:
    page = open_as(cast.root)
    page.clock.install()
    page.goto("/system/")
    expect(page.locator("#condition .notice--late")).to_be_visible()
    Clock.objects.update(next_at=MONDAY + 60 * MINUTE)
    page.clock.fast_forward(11_000)
    expect(page.locator("#condition .notice--met")).to_contain_text("没有积压")
    Clock.objects.update(next_at=MONDAY - 60 * MINUTE)
    page.clock.fast_forward(11_000)
    expect(page.locator("#condition .notice--late")).to_be_visible()
    assert page.locator("#condition").count() == 1


def test_the_menu_leads_there_without_javascript(
    cast: Cast, bad_day: Clock, open_as: OpenAs
) -> None:
    page = open_as(cast.gao, java_script_enabled=False)
    page.goto("/")
    page.locator(".menu summary").click()
    page.get_by_role("link", name="系统运行").click()
    page.get_by_role("link", name=bad_day.complaint.no).click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
