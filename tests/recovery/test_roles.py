"""The roles of the database for web and jobs: enough for their work, and no more."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from django.db import ProgrammingError, connection, transaction
from django.test import Client

from complaints.models import Complaint, Event
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
