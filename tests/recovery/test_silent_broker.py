"""Pages never wait for the broker: the whole intake, with one that takes calls and says nothing."""

from __future__ import annotations

import os
import re
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
from django.urls import reverse

from recovery.children import die_with_parent, free_port
from recovery.places import BASE
from recovery.processes import WEB, here
from tests.conftest import PASSWORD
from tests.recovery.running import environment, until
from tests.recovery.test_health import silent_port

#: Seconds. Whoever waits for this broker waits for five and more; a machine with more to do than
#: it has processors may take longer for anything, but not that long.
LIMIT = 2.0 * min(max(os.getloadavg()[0] / (os.cpu_count() or 1) / 2, 1.0), 2.2)

PEOPLE = f"""
from complaints.models import Category
from staff import branches, people
from staff.models import Branch, BranchKind, Role
hq = branches.save(Branch(code="HQ", name="总部", kind=BranchKind.HEADQUARTERS))
wuxi = branches.save(Branch(code="WUX", name="无锡分公司", kind=BranchKind.BRANCH, parent=hq))
people.hire("li", name="李静", role=Role.FRONTLINE, branch=wuxi, password="{PASSWORD}")
people.hire("chen", name="陈洁", role=Role.QUALITY, branch=hq, password="{PASSWORD}")
Category.objects.create(code="late", name="派送延误", position=1)
"""


@dataclass
class Browser:
    """Somebody at a browser, who notes what took too long."""

    site: str
    session: requests.Session = field(default_factory=requests.Session)
    slow: list[str] = field(default_factory=list)
    calls: int = 0

    def ask(self, method: str, path: str, **more: Any) -> requests.Response:
        begun = time.monotonic()
        answer = self.session.request(method, self.site + path, timeout=20, **more)
        took = time.monotonic() - begun
        self.calls += 1
        if took > LIMIT:
            self.slow.append(f"{method} {path}: {took:.1f} s")
        return answer

    def see(self, path: str, *words: str) -> str:
        """The page; it has these words."""
        answer = self.ask("GET", path)
        assert answer.status_code == 200, (path, answer.status_code)
        for word in words:
            assert word in answer.text, (path, word)
        return answer.text

    def send(self, path: str, values: dict[str, Any]) -> str:
        """Fill in the form of the page and send it; the page it leads to."""
        form = {**hidden(self.see(path)), **values}
        answer = self.ask("POST", path, data=form, headers={"Referer": self.site + path})
        assert answer.status_code == 200, (path, answer.status_code)
        assert answer.history, f"{path} was refused"
        return answer.url

    def call(self, path: str, body: dict[str, Any], **headers: str) -> Any:
        """What the API answers."""
        answer = self.ask("POST", f"/api/v1/{path}", json=body, headers=headers)
        assert answer.status_code == 201, (path, answer.text)
        return answer.json()


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of a page's forms."""
    inputs = re.findall(r'<input[^>]*type="hidden"[^>]*>', page)
    pairs = [(re.search(r'name="(.*?)"', i), re.search(r'value="(.*?)"', i)) for i in inputs]
    return {name[1]: value[1] for name, value in pairs if name and value}


@pytest.fixture(scope="module")
def site(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A web server of its own; nothing else runs, and nobody listens behind its broker's port."""
    state: Path = tmp_path_factory.mktemp("state")
    port = free_port()
    with silent_port() as broker:
        env = environment(
            state, DATABASE_URL=database, REDIS_URL=f"redis://127.0.0.1:{broker}/0",
            SECRET_KEY=secrets.token_hex(32), PORT=str(port),
        )  # fmt: skip
        for words in (["migrate", "-v", "0"], ["shell", "-v", "0", "-c", PEOPLE]):
            manage = [sys.executable, "manage.py", *words]
            done = subprocess.run(manage, cwd=BASE, env=env, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
        collect = [sys.executable, "manage.py", "collectstatic", "--noinput", "-v", "0"]
        subprocess.run(collect, cwd=BASE, env=env, check=True)
        log = state / "web.log"
        with log.open("wb") as said:
            web = subprocess.Popen(
                here(WEB.command), cwd=BASE, env=env, stdout=said, stderr=said,
                start_new_session=True, preexec_fn=die_with_parent(signal.SIGTERM),
            )  # fmt: skip
        address = f"http://127.0.0.1:{port}"
        try:
            until(lambda: answers(address), log.read_text())
            yield address
        finally:
            web.terminate()
            web.wait(30)


def answers(address: str) -> bool:
    try:
        return requests.get(f"{address}/healthz", timeout=5).status_code == 200
    except requests.RequestException:
        return False


def test_the_whole_intake_with_a_broker_that_says_nothing(site: str) -> None:
    Browser(site).see("/sign-in/")  # the first page of all has templates to read
    chen = Browser(site)
    chen.send("/sign-in/", {"username": "chen", "password": PASSWORD})
    chen.see("/", "工作台")
    case = register_by_page(chen)
    record_contact_by_page(chen, case)
    chen.see("/complaints/", case)
    chen.see("/complaints/?q=YD20261116", case)
    chen.see("/complaints/?q=13800138000", case)
    chen.see("/messages/", "消息")
    chen.see("/system/", "时限巡检从来没有运行过。")

    token = chen.call("tokens/", {"username": "li", "password": PASSWORD})["token"]
    li = Browser(site)
    signed = {"Authorization": f"Token {token}"}
    report = {
        "channel": "phone", "what": "电话没人接。", "category": "late", "severity": "minor",
        "complainant_name": "周宏", "complainant_phone": "13900139000",
    }  # fmt: skip
    no = li.call("complaints/", report, **signed)["no"]
    talk = {"kind": "apology", "means": "phone", "reached": True, "said": "已致歉"}
    li.call(f"complaints/{no}/contacts/", talk, **signed)
    found = li.ask("GET", f"/api/v1/complaints/{no}/", headers=signed).json()
    assert found["no"] == no

    health = chen.ask("GET", "/healthz")
    assert (health.status_code, health.json()["broker"]) == (200, "down")
    assert (chen.calls, li.calls) >= (16, 3)
    assert chen.slow + li.slow == []


def register_by_page(browser: Browser) -> str:
    """The number of the case."""
    page = browser.see("/complaints/new/", "登记投诉")
    (category,) = re.findall(r'<option value="(\d+)"[^>]*>\s*派送延误', page)
    url = browser.send(
        "/complaints/new/",
        {
            "channel": "phone", "what": "货晚到三天，没有人接电话。", "severity": "minor",
            "complainant_name": "孙玉梅", "complainant_phone": "13800138000",
            "complainant_role": "customer", "category": category, "order_no": "YD20261116",
            "received_at": time.strftime("%Y-%m-%dT%H:%M", now_in_shanghai()),
        },
    )  # fmt: skip
    no = url.rstrip("/").rpartition("/")[2]
    browser.see(f"/complaints/{no}/", "货晚到三天")
    return no


def record_contact_by_page(browser: Browser, no: str) -> None:
    path = reverse("contact-new", args=[no])
    browser.send(
        path,
        {
            "kind": "apology", "means": "phone", "reached": "yes", "said": "向您道歉，正在查。",
            "occurred_at": time.strftime("%Y-%m-%dT%H:%M", now_in_shanghai()),
        },
    )  # fmt: skip
    browser.see(f"/complaints/{no}/", "向您道歉")


def now_in_shanghai() -> time.struct_time:
    return time.gmtime(time.time() + 8 * 3600)
