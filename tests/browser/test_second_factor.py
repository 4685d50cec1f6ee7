"""Passkeys and codes in a real browser, with an authenticator that Chromium plays itself."""

from __future__ import annotations

import re
import time
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from playwright.sync_api import Page, expect

from staff.models import Person
from tests.browser.doing import sign_in_at_the_door
from tests.browser.fixtures import OpenAs
from tests.browser.test_accessibility import violations
from tests.browser.test_frame import PHONE, _overflow
from tests.conftest import PASSWORD, Cast

INDEX = "/account/second-factor/"


def give_authenticator(page: Page) -> None:
    """A fingerprint reader that always says yes."""
    tool = page.context.new_cdp_session(page)
    tool.send("WebAuthn.enable")
    tool.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )


def look(page: Page, where: str, found: list[str]) -> None:
    """Axe, and the width of a phone, once the page is all there."""
    page.wait_for_load_state("load")
    found += violations(page, where)
    if _overflow(page) > 0:
        found.append(f"{where} is wider than its screen")


def confirm(page: Page) -> None:
    expect(page).to_have_url(re.compile("/account/confirm/"))
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="确认").click()


def leave(page: Page) -> None:
    page.locator(".menu summary").click()
    page.get_by_role("button", name="退出").click()
    expect(page).to_have_url(re.compile("/sign-in/"))


def password_only(page: Page, person: Person) -> None:
    page.get_by_label("用户名").fill(person.username)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_label("密码").press("Enter")
    expect(page).to_have_url(re.compile("/sign-in/code/"))


def test_a_passkey_is_added_and_opens_the_door(cast: Cast, open_as: OpenAs, settings: Any) -> None:
    settings.MFA_REQUIRED_FROM = "quality"
    page = open_as(bypass_csp=True, viewport=PHONE, expects={422})
    found: list[str] = []
    give_authenticator(page)
    page.goto("/")
    page.get_by_label("用户名").fill("chen")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_label("密码").press("Enter")
    expect(page).to_have_url(re.compile(f"{INDEX}$"))
    page.get_by_role("link", name="添加通行密钥").click()
    confirm(page)
    page.get_by_label("名称").fill("办公室电脑")
    page.wait_for_load_state("networkidle")  # the press needs the script
    page.get_by_role("button", name="添加", exact=True).click()
    expect(page.locator("code")).to_have_count(10)
    look(page, "recovery codes", found)
    page.get_by_role("link", name="到工作台").click()
    expect(page.locator("h1")).to_have_text("工作台")
    leave(page)
    password_only(page, cast.chen)
    look(page, "the second factor", found)
    page.wait_for_load_state("networkidle")  # the press needs the script
    page.get_by_role("button", name="用通行密钥").click()
    expect(page.locator("h1")).to_have_text("工作台")
    page.goto(INDEX)
    expect(page.locator("main")).to_contain_text("办公室电脑")
    look(page, "the second factors", found)
    page.get_by_role("link", name="移除 办公室电脑").click()
    confirm_by_passkey(page, found)
    look(page, "removing", found)
    page.get_by_role("button", name="移除").click()
    expect(page.get_by_role("alert")).to_contain_text("至少要保留一种")
    assert Authenticator.objects.filter(type=Authenticator.Type.WEBAUTHN).count() == 1
    assert not found, "\n".join(found)


def confirm_by_passkey(page: Page, found: list[str]) -> None:
    by_code = page.get_by_role("link", name="用验证码或恢复码确认")
    by_passkey = page.get_by_role("link", name="用通行密钥确认")
    expect(by_code).to_be_visible()
    look(page, "once more", found)
    by_code.click()
    expect(by_passkey).to_be_visible()
    look(page, "once more, with a code", found)
    by_passkey.click()
    expect(page.get_by_role("button", name="用通行密钥")).to_be_visible()
    look(page, "once more, with a passkey", found)
    page.wait_for_load_state("networkidle")  # the press needs the script
    page.get_by_role("button", name="用通行密钥").click()
    expect(page).to_have_url(re.compile("/removal/"))


def test_an_app_is_set_up_under_the_strict_policy(cast: Cast, open_as: OpenAs) -> None:
    page = open_as()
    page.goto("/")
    sign_in_at_the_door(page, cast.li)
    page.goto(f"{INDEX}app/")
    confirm(page)
    expect(page.locator("img.qr")).to_be_visible()
    assert page.locator("img.qr").evaluate("image => image.naturalWidth") > 0
    secret = page.locator("#authenticator_secret").input_value()
    page.get_by_label("验证码").fill(shown(secret, 0))
    page.get_by_role("button", name="启用").click()
    expect(page.locator("code")).to_have_count(10)
    leave(page)
    password_only(page, cast.li)
    page.get_by_label("验证码").fill(shown(secret, 1))
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("工作台")


def shown(secret: str, later: int) -> str:
    """By the firm's clock, which the test keeps on Monday."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + later))


def test_a_passkey_works_under_the_strict_policy(cast: Cast, open_as: OpenAs) -> None:
    page = open_as()
    give_authenticator(page)
    page.goto("/")
    sign_in_at_the_door(page, cast.li)
    page.goto(f"{INDEX}passkeys/new/")
    confirm(page)
    page.wait_for_load_state("networkidle")  # the press needs the script
    page.get_by_role("button", name="添加", exact=True).click()
    expect(page.locator("code")).to_have_count(10)
    leave(page)
    password_only(page, cast.li)
    page.wait_for_load_state("networkidle")  # the press needs the script
    page.get_by_role("button", name="用通行密钥").click()
    expect(page.locator("h1")).to_have_text("工作台")
