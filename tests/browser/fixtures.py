"""A real browser for the tests: one for a module, a context for whoever opens a page."""

from __future__ import annotations

import os
import re
import shutil
import threading
import time
from collections.abc import Callable, Collection, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from recovery.places import BASE
from staff.models import Person
from tests.conftest import MONDAY

RESULTS = BASE / "test-results"
PATIENCE_MS = 20_000
NO_BROWSER = (
    "The browser tests need Chromium and never skip: install it (apt-get install chromium), "
    "or set CHROMIUM to the path of its program."
)
_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
#: An answer's status is judged by itself; a look-up that gives way to a newer one is no error.
_SAID_ELSEWHERE = ("Failed to load resource", "htmx:afterRequest", "htmx:sendAbort")
_FAILED = pytest.StashKey[bool]()

#: `open_as(cast.li)`: a page on which Li is signed in; None for a stranger. `expects` are the
#: statuses of 400 and above that the test is about; all else goes to `Browser.new_context`.
OpenAs = Callable[..., Page]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Closed after the module: while it runs, Playwright's loop stands in this thread, where
    asyncio starts no other and Django takes every query for an asynchronous one."""
    program = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not program or not Path(program).exists():
        pytest.fail(NO_BROWSER, pytrace=False)
    expect.set_options(timeout=PATIENCE_MS)
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = playwright.chromium.launch(executable_path=program, args=_FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def wall() -> Iterator[time_machine.Coordinates]:
    """The firm's clock: Monday 12:00 in Shanghai, and running. The browser keeps the real time."""
    with time_machine.travel(MONDAY, tick=True) as clock:
        yield clock


class Watch:
    """All that goes wrong in a context: errors in the console (the CSP's among them), errors of
    scripts, requests that fail and answers of 400 and above that the test does not expect."""

    def __init__(self, context: BrowserContext, expects: Collection[int]) -> None:
        self.problems: list[str] = []
        self.expects = expects
        context.on("console", self._console)
        context.on("weberror", lambda error: self.problems.append(f"script: {error.error}"))
        context.on("requestfailed", self._failed)
        context.on("response", self._answered)

    def _console(self, message: Any) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(_SAID_ELSEWHERE):
            self.problems.append(f"console: {message.text}")

    def _failed(self, request: Any) -> None:
        if request.failure != "net::ERR_ABORTED":  # a newer look-up, a download, a page left
            self.problems.append(f"failed: {request.url} {request.failure}")

    def _answered(self, response: Any) -> None:
        if response.status >= 400 and response.status not in self.expects:
            self.problems.append(f"answered {response.status}: {response.url}")


@pytest.fixture
def open_as(
    chromium: Browser, live_server: LiveServer, request: pytest.FixtureRequest
) -> Iterator[OpenAs]:
    watches: list[Watch] = []
    pages: list[Page] = []

    with ExitStack() as contexts:

        def _open(
            person: Person | None = None, *, expects: Collection[int] = (), **options: Any
        ) -> Page:
            usual: dict[str, Any] = {
                "base_url": live_server.url, "locale": "zh-CN", "timezone_id": "Asia/Shanghai",
                "reduced_motion": "reduce",
            }  # fmt: skip
            context = contexts.enter_context(chromium.new_context(**{**usual, **options}))
            context.set_default_timeout(PATIENCE_MS)
            watches.append(Watch(context, expects))
            if person:
                sign_in(context, person, live_server.url)
            pages.append(context.new_page())
            return pages[-1]

        yield _open
        if request.node.stash.get(_FAILED, False):
            _picture(pages, request.node.nodeid)
        for page in pages:
            if not page.is_closed():
                page.goto("about:blank")  # what it sends as it is left goes out now
    _hang_up()
    assert [problem for watch in watches for problem in watch.problems] == []


def _hang_up() -> None:
    """Wait until the server has answered all that the closed windows sent: a request that is still
    at work holds rows of the tables that are emptied next."""
    ends = time.monotonic() + PATIENCE_MS / 1000
    while any("process_request_thread" in thread.name for thread in threading.enumerate()):
        assert time.monotonic() < ends, "the server still answers a window that is closed"
        time.sleep(0.005)


def sign_in(context: BrowserContext, person: Person, url: str) -> None:
    """Without the page, for which there is a test of its own."""
    client = Client()
    client.force_login(person)
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": url}])


def _picture(pages: list[Page], nodeid: str) -> None:
    """What the pages of a failed test showed, beside the report."""
    RESULTS.mkdir(exist_ok=True)
    name = re.sub(r"[^\w]+", "-", nodeid).strip("-")
    for number, page in enumerate(pages):
        if not page.is_closed():
            page.screenshot(path=RESULTS / f"{name}-{number}.png", full_page=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call" and report.failed:
        item.stash[_FAILED] = True
    return report
