"""Files through the API."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from complaints.models import Attachment
from tests.api.conftest import API, Caller, Callers, refused
from tests.conftest import Cast, Register

PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00"
    b"\x1f\x15\xc4\x89\x00\x00\x00\nIDATx\x9cc\x00\x01\x00\x00\x05\x00\x01\r\n-\xb4\x00\x00\x00"
    b"\x00IEND\xaeB`\x82"
)


@pytest.fixture(autouse=True)
def _media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def upload(caller: Caller, no: str, name: str, content: bytes, **more: Any) -> Any:
    body = {"file": SimpleUploadedFile(name, content), **more}
    return caller.post(f"{API}/complaints/{no}/attachments/", body, format="multipart")


def test_a_photo_is_kept_listed_and_fetched(api: Callers, cast: Cast, register: Register) -> None:
    case, li = register(), api(cast.li)
    kept = upload(li, case.no, "破损照片.png", PNG)
    assert kept.status_code == 201, kept.content
    shown = kept.json()
    assert (shown["name"], shown["content_type"], shown["size"]) == (
        "破损照片.png", "image/png", len(PNG),
    )  # fmt: skip
    address = f"complaints/{case.no}/attachments/"
    assert li.ask(address).json()["results"] == [shown]
    fetched = li.get(f"{API}/{address}{shown['id']}/", headers={"accept": "image/png"})
    assert b"".join(fetched.streaming_content) == PNG
    assert fetched["Content-Type"] == "image/png"
    assert fetched["Content-Disposition"].startswith("attachment;")
    assert fetched["Cache-Control"] == "no-store"


def test_another_branch_fetches_nothing(api: Callers, cast: Cast, register: Register) -> None:
    case, other = register(), register(by=cast.zhao)
    kept = upload(api(cast.li), case.no, "a.png", PNG).json()
    zhao = api(cast.zhao)
    for no in (case.no, other.no):  # nor under a case of one's own
        refused(zhao.ask(f"complaints/{no}/attachments/{kept['id']}/"), 404, "not_found")
    refused(upload(zhao, case.no, "a.png", PNG), 404, "not_found")


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.png", b"", "file.empty"),
        ("a.exe", b"MZ\x90\x00", "file.kind"),
        ("a.png", b"<html><script>alert(1)</script></html>", "file.not_what_it_says"),
        ("a.pdf", PNG, "file.not_what_it_says"),
        ("big.png", PNG + b"\x00" * (20 * 1024 * 1024), "file.too_large"),
    ],
)
def test_a_file_that_cannot_be_kept_is_refused(
    api: Callers, cast: Cast, register: Register, name: str, content: bytes, code: str
) -> None:
    refused(upload(api(cast.li), register().no, name, content), 400, code, "file")
    assert not Attachment.objects.exists()


def test_a_file_and_nothing_else(api: Callers, cast: Cast, register: Register) -> None:
    case, li = register(), api(cast.li)
    refused(upload(li, case.no, "a.png", PNG, owner="chen"), 400, "unknown_field", "owner")
    address = f"{API}/complaints/{case.no}/attachments/"
    refused(li.post(address, {}, format="multipart"), 400, "required", "file")
    refused(li.post(address, {"file": "words"}, format="multipart"), 400, "invalid", "file")
    refused(li.post(address, {"file": "x"}, format="json"), 415, "unsupported_media_type")


@pytest.mark.parametrize(
    ("content_type", "raw"),
    [
        ("multipart/form-data", b"--x\r\n"),
        ("multipart/form-data; boundary=", b"--x\r\n"),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="f"'),
        ("multipart/form-data; boundary=\xff", b"nonsense"),
        ("multipart/form-data; boundary=x", b"\x00" * 1000),
    ],
)  # fmt: skip
def test_a_broken_multipart_is_refused(
    api: Callers, cast: Cast, register: Register, content_type: str, raw: bytes
) -> None:
    address = f"complaints/{register().no}/attachments/"
    answer = api(cast.li).send(address, raw, content_type)
    assert answer.status_code == 400, answer.content


@pytest.mark.parametrize("parts", ["fields", "files"])
def test_a_thousand_parts_are_refused(
    api: Callers, cast: Cast, register: Register, parts: str
) -> None:
    body: dict[str, Any] = {
        f"p{n}": "x" if parts == "fields" else io.BytesIO(PNG) for n in range(1100)
    }
    address = f"{API}/complaints/{register().no}/attachments/"
    refused(api(cast.li).post(address, body, format="multipart"), 400, "bad_request")
