"""导入投诉 in the browser: the file, its columns, the check; what was not taken comes back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from common.time import database_now
from complaints.models import Complaint
from intake.imports import import_work
from tests.browser.doing import put, send, stayed, stays
from tests.browser.fixtures import OpenAs
from tests.conftest import Cast

TOLD = (
    "受理编号,事情经过,投诉类别,联系电话\n"
    "S1,货晚到三天没人接电话,,13800138000\n"
    "S2,外箱破了,天气,\n"
    "S3,司机骂人,,13900139000\n"
)


@pytest.fixture
def file(tmp_path: Path, settings: Any) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    path = tmp_path / "转办单.csv"
    path.write_bytes(TOLD.encode("gb18030"))
    return path


def work() -> None:
    """As the worker does."""
    import_work.work(database_now, seconds=60)


def test_from_the_file_to_the_cases_and_back_with_what_was_not_taken(
    cast: Cast, open_as: OpenAs, file: Path
) -> None:
    page = open_as(cast.chen, expects={422})
    page.goto("/imports/cases/")
    put(page, source="p12345", branch="WUX")
    page.locator("[name=file]").set_input_files(file)
    send(page)
    expect(page.locator("[name=column-0]")).to_have_value("ref")
    expect(page.locator("main")).to_contain_text("货晚到三天没人接电话")
    put(page, **{"column-1": "", "column-2": "category"})
    send(page)
    expect(page.locator("main")).to_contain_text("请指明哪一列是投诉内容")
    put(page, **{"column-1": "what"})
    send(page)

    expect(page.locator("#first-title")).to_be_visible()  # before any worker has looked
    expect(page.locator("main")).to_contain_text("没有“天气”这个投诉类别")
    assert not Complaint.objects.exists()
    stays(page)
    work()
    confirm = page.get_by_role("button", name="确认导入 2 行")
    expect(confirm).to_be_visible()  # the page has asked again by itself
    assert stayed(page)
    assert not Complaint.objects.exists()
    confirm.click()
    work()
    for case in Complaint.objects.all():
        expect(page.locator("#case-import")).to_contain_text(case.no)
    assert {case.what for case in Complaint.objects.all()} == {"货晚到三天没人接电话", "司机骂人"}
    with page.expect_download() as download:
        page.get_by_role("link", name="下载不予导入的行").click()
    rows = Path(download.value.path()).read_text("utf-8-sig").splitlines()
    assert rows[0] == "line,code,reason,受理编号,事情经过,投诉类别,联系电话"
    assert len(rows) == 2
    assert "外箱破了" in rows[1]


def test_the_same_file_again_says_so_and_adds_nothing(
    cast: Cast, open_as: OpenAs, file: Path
) -> None:
    page = open_as(cast.chen)
    for _ in range(2):
        page.goto("/imports/cases/")
        put(page, source="p12345", branch="WUX")
        page.locator("[name=file]").set_input_files(file)
        send(page)
        put(page, **{"column-1": "what", "column-2": ""})
        send(page)
        expect(page.locator("#case-import")).to_be_visible()
        work()
        confirm = page.get_by_role("button", name="确认导入 3 行")
        if not Complaint.objects.exists():
            confirm.click()
            expect(confirm).to_have_count(0)
            work()
    expect(page.locator("main")).to_contain_text("没有要写入的内容")
    assert Complaint.objects.count() == 3
