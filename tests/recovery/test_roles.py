"""The roles of the database for web and jobs: enough for their work, and no more."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import ProgrammingError, connection, transaction
from django.test import Client
from django.utils import timezone

from complaints import search_copy
from complaints.models import Channel, Complaint, Draft, Event
from intake.imports import import_jobs, import_work
from intake.imports.import_jobs import Source
from intake.models import ImportRow
from notify.models import Message
from recovery import roles
from tests.complaints import scenes
from tests.complaints.scenes import MINUTE
from tests.conftest import MONDAY, Cast, Register

ROLE = f"recovery_web_{os.getpid()}"


@pytest.fixture
def as_the_web(cast: Cast) -> Iterator[None]:
    """The rest of the test runs with the web's role; gone with the test's transaction."""
    roles.settle({ROLE: "secret"})
    with connection.cursor() as cursor:
        cursor.execute(f"GRANT {ROLE} TO current_user")
        cursor.execute(f"SET LOCAL ROLE {ROLE}")
        yield
        cursor.execute("RESET ROLE")


def test_the_webs_role_registers_talks_and_reads(
    cast: Cast, register: Register, as_the_web: None
) -> None:
    case = register()
    scenes.apologise(case, by=cast.li, at=MONDAY + 20 * MINUTE)
    client = Client()
    client.force_login(cast.wang)
    assert client.get(f"/complaints/{case.no}/").status_code == 200
    assert client.post("/sign-out/").status_code == 302


def test_the_webs_role_takes_in_a_form_and_throws_its_draft_away(
    cast: Cast, as_the_web: None
) -> None:
    client, key = Client(), str(uuid.uuid4())
    client.force_login(cast.li)
    said = {
        "submission_key": key, "channel": "phone", "what": "货晚到三天", "severity": "minor",
        "complainant_name": "孙玉梅", "complainant_role": "customer",
        "received_at": f"{timezone.localtime():%Y-%m-%dT%H:%M}", "category": cast.rude.pk,
    }  # fmt: skip
    assert client.post("/complaints/new/draft/", said).status_code == 204
    assert Draft.objects.exists()
    assert client.post("/complaints/new/", said).status_code == 302
    assert Complaint.objects.exists()
    assert not Draft.objects.exists()
    while search_copy.catch_up():
        pass


def test_the_webs_role_imports_a_file_and_throws_its_rows_away(
    cast: Cast, as_the_web: None, settings: Any, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    source = Source(channel=Channel.P12345, branch=cast.wuxi)
    told = SimpleUploadedFile("转办单.csv", "编号,投诉内容\nS1,货没到\n".encode())
    job = import_jobs.upload(source, told, by=cast.chen, at=MONDAY)
    import_jobs.name_columns(job.pk, job.meanings, by=cast.chen, at=MONDAY)
    import_work.work(lambda: MONDAY, seconds=60)
    assert ImportRow.objects.count() == 1
    import_jobs.cancel(job.pk, by=cast.chen, at=MONDAY)
    assert not ImportRow.objects.exists()


def test_only_working_papers_behind_the_wall_may_be_deleted(cast: Cast, as_the_web: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relrowsecurity"
            " AND has_table_privilege(oid, 'DELETE') ORDER BY relname"
        )
        deletable = [name for (name,) in cursor.fetchall()]
    assert deletable == ["complaints_draft", "intake_importrow"]


@pytest.mark.parametrize(
    "deed",
    [
        lambda: Complaint.objects.all()._raw_delete("default"),
        lambda: Message.objects.all()._raw_delete("default"),
        lambda: Event.objects.update(kind="reveal"),
        lambda: said("TRUNCATE complaints_contact"),
        lambda: said("ALTER TABLE complaints_event DISABLE TRIGGER event_append_only"),
        lambda: said("ALTER TABLE complaints_complaint NO FORCE ROW LEVEL SECURITY"),
        lambda: said("DROP POLICY sight ON complaints_complaint"),
        lambda: said("UPDATE django_migrations SET name = 'x'"),
    ],
)
def test_the_webs_role_deletes_no_case_and_changes_no_wall(
    register: Register, as_the_web: None, deed: object
) -> None:
    register()
    assert callable(deed)
    refused = pytest.raises(ProgrammingError, match=r"permission denied|must be owner")
    with refused, transaction.atomic():
        deed()


def said(words: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(words)


def test_settling_again_gives_the_new_password(cast: Cast) -> None:
    roles.settle({ROLE: "one"})
    roles.settle({ROLE: "two"})
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = %s", [ROLE])
        assert cursor.fetchone() == (False, False)
