"""The description of the API and its offline handbook."""

from __future__ import annotations

import os
from typing import Any

import pytest
import yaml
from django.core.management import call_command
from django.test import Client
from playwright.sync_api import ConsoleMessage, sync_playwright

from tests.conftest import Cast

_VERBS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The description; making it warns of nothing."""
    path = tmp_path_factory.mktemp("schema") / "schema.yml"
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(path))
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _operations(schema: Any) -> list[tuple[str, str, Any]]:
    return [
        (path, verb, operation)
        for path, verbs in schema["paths"].items()
        for verb, operation in verbs.items()
        if verb in _VERBS
    ]


def test_every_operation_has_a_chinese_summary_and_says_what_can_go_wrong(schema: Any) -> None:
    operations = _operations(schema)
    assert len(operations) > 40
    for path, verb, operation in operations:
        summary = operation.get("summary", "")
        assert any("\u4e00" <= letter <= "\u9fff" for letter in summary), (path, verb, summary)
        assert "401" in operation["responses"], (path, verb)


def test_whatever_acts_on_a_case_says_so_in_all_its_ways(schema: Any) -> None:
    for path, verb, operation in _operations(schema):
        if verb == "post" and "{no}" in path:
            assert {"400", "401", "403", "404", "409"} <= set(operation["responses"]), path


def test_no_secret_of_the_case_is_described(schema: Any) -> None:
    written = str(schema)
    assert "submission_key" not in written
    assert "phone_key" not in written


def test_the_schema_is_served(client: Client, db: None) -> None:
    response = client.get("/api/v1/schema/")
    assert response.status_code == 200
    assert "/api/v1/complaints/" in yaml.safe_load(response.content)["paths"]


@pytest.mark.browser
def test_the_handbook_opens_offline_under_the_strict_policy(cast: Cast, live_server: Any) -> None:
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        page = browser.new_page(locale="zh-CN")
        page.on("console", listen)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{live_server.url}/api/v1/docs/")
        page.get_by_text("登记投诉", exact=True).first.wait_for(timeout=20_000)
        page.get_by_text("登记投诉", exact=True).first.click()
        page.get_by_text("Idempotency-Key").first.wait_for(timeout=20_000)
        if os.environ.get("SHOTS"):
            page.screenshot(path=f"{os.environ['SHOTS']}/docs.png", full_page=False)
        browser.close()
    assert complaints == []
    assert [url for url in asked if not url.startswith((live_server.url, "data:"))] == []
