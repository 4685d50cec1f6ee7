"""导入投诉 as people use it: upload, columns, check, confirm, fetch what was not taken."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from common.time import database_now
from complaints.models import Complaint, OutsideReference
from intake.imports import import_work
from intake.models import ImportJob, Inlet
from staff.models import Person
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
START = "/imports/cases/"


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, settings: Any) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def signed_in(person: Person) -> Client:
    client = Client(headers={"accept-language": "zh-hans"})
    client.force_login(person)
    return client


def send(client: Client, content: str, **said: Any) -> Any:
    file = SimpleUploadedFile("转办单.csv", content.encode("gb18030"))
    return client.post(START, {"source": "p12345", "file": file, **said})


def test_from_the_file_to_the_cases(cast: Cast) -> None:
    chen = signed_in(cast.chen)
    assert "导入投诉" in chen.get(START).content.decode()
    sent = send(
        chen,
        "受理编号,事情,类别,办理期限,电话\nS1,<b>货没到</b>,,2099-12-31,138\nS2,坏了,天气,\n"
        'S3,"=HYPERLINK(""x"")",天气,\n',
        branch="WUX",
    )
    job = ImportJob.objects.get()
    page = reverse("case-import", args=[job.pk])
    assert sent.url == page
    shown = chen.get(page).content.decode()
    assert "&lt;b&gt;货没到&lt;/b&gt;" in shown
    assert '<option value="ref" selected>' in shown
    columns = reverse("case-import-columns", args=[job.pk])
    wrong = chen.post(columns, {"column-0": "ref"})
    assert wrong.status_code == 422
    assert "请指明哪一列是投诉内容" in wrong.content.decode()
    meanings = ("ref", "what", "category", "due_by", "complainant_phone")
    chosen = {f"column-{place}": meaning for place, meaning in enumerate(meanings)}
    assert chen.post(columns, chosen).url == page
    first = chen.get(page).content.decode()
    assert "没有“天气”这个投诉类别" in first  # said before any worker has looked
    assert 'hx-trigger="every 2s"' in first
    import_work.work(database_now, seconds=60)
    part = chen.get(page, headers={"hx-request": "true"}).content.decode()
    assert part.lstrip().startswith("<div")
    assert "确认导入 1 行" in part
    assert "every 2s" not in part
    assert "坏了" in chen.get(page, {"verdict": "set_aside"}).content.decode()
    assert "坏了" not in chen.get(page, {"verdict": "register"}).content.decode()
    chen.post(reverse("case-import-confirm", args=[job.pk]))
    import_work.work(database_now, seconds=60)
    case = Complaint.objects.get()
    assert (case.concerned_branch, case.owner) == (cast.wuxi, cast.chen)
    assert case.no in chen.get(page).content.decode()
    aside = chen.get(reverse("case-import-set-aside", args=[job.pk]))
    assert "attachment" in aside["Content-Disposition"]
    text = b"".join(aside.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    assert text.splitlines()[0] == "line,code,reason,受理编号,事情,类别,办理期限,电话"
    assert '"\'=HYPERLINK(""x"")"' in text
    seen = chen.get(f"/complaints/{case.no}/").content.decode()
    assert "S1" in seen
    assert "2099-12-31 23:59" in seen
    found = chen.get("/complaints/", {"q": "S1"}).content.decode()
    assert case.no in found
    shown_api = chen.get(f"/api/v1/complaints/{case.no}/").json()
    assert [each["number"] for each in shown_api["outside_references"]] == ["S1"]
    assert "早于本公司的 24H 时限" not in seen
    OutsideReference.objects.update(due_by=case.received_at)
    assert "早于本公司的 24H 时限" in chen.get(f"/complaints/{case.no}/").content.decode()


def test_a_file_is_refused_beside_its_field(cast: Cast) -> None:
    Inlet.objects.create(key="gov", name="无锡政务", channel="p12345", branch=cast.wuxi)
    chen = signed_in(cast.chen)
    refused = send(chen, "<html></html>", source="inlet:gov")
    assert refused.status_code == 422
    assert "这其实是网页" in refused.content.decode()
    assert chen.post(START, {"source": "phone"}).status_code == 422
    assert not ImportJob.objects.exists()


def test_the_door_is_shut_to_others_and_a_file_of_nobody_is_nowhere(cast: Cast) -> None:
    for person in (cast.li, cast.wang, cast.root):
        client = signed_in(person)
        for address in (START, f"{START}1/", f"{START}1/set-aside/"):
            assert client.get(address).status_code == 403
    chen = signed_in(cast.chen)
    for name in ("", "columns/", "set-aside/"):
        assert chen.get(f"{START}999/{name}").status_code == 404
    for name in ("confirmation/", "cancellation/"):
        assert chen.post(f"{START}999/{name}").status_code == 404
    assert not re.search("imports/cases", signed_in(cast.li).get("/complaints/").content.decode())
    assert re.search("imports/cases", chen.get("/complaints/").content.decode())


def test_a_colleague_looks_and_does_not_touch(cast: Cast) -> None:
    chen, lin = signed_in(cast.chen), signed_in(cast.lin)
    send(chen, "内容\n货没到\n")
    job = ImportJob.objects.get()
    page = reverse("case-import", args=[job.pk])
    assert "只有本人可以继续" in lin.get(page).content.decode()
    refused = lin.post(reverse("case-import-cancel", args=[job.pk]), follow=True)
    assert "只有上传文件的人可以这样做" in refused.content.decode()
    gone = chen.post(reverse("case-import-cancel", args=[job.pk]), follow=True)
    assert "没有导入任何一行" in gone.content.decode()
    assert chen.get(reverse("case-import-columns", args=[job.pk])).url == page  # type: ignore[attr-defined]
    assert chen.get(reverse("case-import-set-aside", args=[job.pk])).status_code == 404
