"""Attachments in the browser: 20 MB and no more, and what the bytes say decides."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from common.files import LARGEST
from complaints.models import Attachment, Complaint
from tests.browser.doing import case_page, error_beside, open_action, put, send, stayed, stays
from tests.browser.fixtures import OpenAs
from tests.conftest import Cast, Register

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(40)


@pytest.fixture
def pictures(tmp_path: Path) -> dict[str, Path]:
    contents = {
        "刚好.png": PNG.ljust(LARGEST, b"\0"),
        "多一个字节.png": PNG.ljust(LARGEST + 1, b"\0"),
        "其实是图片.pdf": PNG,
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    return {name: tmp_path / name for name in contents}


def test_twenty_megabytes_are_kept_and_a_byte_more_is_refused(
    cast: Cast, register: Register, open_as: OpenAs, pictures: dict[str, Path]
) -> None:
    case = register()
    page = open_as(cast.li, expects={422})
    case_page(page, case)
    stays(page)
    panel = open_action(page, "attach")
    panel.locator("[name=attachments]").set_input_files(pictures["多一个字节.png"])
    send(panel)
    expect(error_beside(panel, "attachments")).to_contain_text("“多一个字节.png”超过 20 MB")
    panel.locator("[name=attachments]").set_input_files(pictures["刚好.png"])
    send(panel)
    expect(page.locator(".files")).to_contain_text("刚好.png")
    assert stayed(page)
    assert [kept.size for kept in Attachment.objects.all()] == [LARGEST]
    with page.expect_download() as download:
        page.get_by_role("link", name="刚好.png").click()
    assert download.value.suggested_filename == "刚好.png"
    assert Path(download.value.path()).stat().st_size == LARGEST


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("多一个字节.png", "超过 20 MB"),
        ("其实是图片.pdf", "内容与扩展名不符"),
    ],
)
def test_a_refused_file_costs_no_typed_word(
    cast: Cast, open_as: OpenAs, pictures: dict[str, Path], name: str, sentence: str
) -> None:
    page = open_as(cast.li, expects={422})
    page.goto("/complaints/new/")
    form = page.locator("#register-form")
    typed = {"complainant_phone": "13800138000", "what": "外箱破了，见照片。"}
    put(form, **typed, category=cast.late_goods.pk)
    form.locator("[name=attachments]").set_input_files(pictures[name])
    send(form)
    expect(error_beside(form, "attachments")).to_contain_text(sentence)
    assert {each: form.locator(f"[name={each}]").input_value() for each in typed} == typed
    assert Complaint.objects.count() == 0
    send(form)
    page.wait_for_url(lambda url: "/new/" not in url)
    assert Complaint.objects.count() == 1
