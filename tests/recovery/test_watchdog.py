"""The watchdog as cron runs it: a process of its own, a real mail server, a real database."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from django.db import connection, transaction
from django.test import Client

from common.models import Heartbeat
from common.time import database_now
from complaints.models import Clock
from recovery import watchdog
from recovery.places import BASE, state_folder
from recovery.watchdog import Findings, Unheard
from tests.conftest import Cast, Register
from tests.notify.sinks import PostOffice, closed_port
from tests.notify.sinks import post_office as open_post_office
from tests.recovery.running import environment, processes_of

PATIENCE = 60


@pytest.fixture(scope="module")
def migrated(database: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a database with the house's tables and a few people."""
    people = """
from staff import branches, people
from staff.models import Branch, BranchKind, Person, Role
hq = branches.save(Branch(code="HQ", name="总部", kind=BranchKind.HEADQUARTERS))
east = branches.save(Branch(code="E", name="华东", kind=BranchKind.REGION, parent=hq))
def hire(name, role, branch, email):
    return people.hire(name, name=name, role=role, branch=branch, password=None, email=email)
hire("root", Role.ADMINISTRATOR, hq, "root@example.com")
hire("mute", Role.ADMINISTRATOR, hq, "")
hire("chen", Role.QUALITY, hq, "chen@example.com")
hire("east", Role.QUALITY, east, "east@example.com")
hire("lin", Role.DIRECTOR, hq, "lin@example.com")
Person.objects.filter(pk=hire("gone", Role.QUALITY, hq, "gone@example.com").pk).update(is_active=False)
"""  # noqa: E501
    state = tmp_path_factory.mktemp("state")
    given = {"DATABASE_URL": database, "REDIS_URL": os.environ["REDIS_URL"]}
    env = environment(state, SECRET_KEY="k" * 50, **given)
    for words in (["migrate", "-v", "0"], ["shell", "-v", "0", "-c", people]):
        done = subprocess.run(
            [sys.executable, "manage.py", *words], cwd=BASE, env=env, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
    return database


@dataclass
class Dog:
    """A watchdog in a state folder of its own."""

    state: Path
    settings: dict[str, str]
    said: str = ""
    complained: str = ""

    def looks(self, *words: str, **more: str) -> int:
        """Its exit code; what it printed stands in `said` and `complained`."""
        env = environment(self.state, SECRET_KEY="k" * 50, **{**self.settings, **more})
        done = subprocess.run(
            [sys.executable, "manage.py", "watchdog", *words],
            cwd=BASE,
            env={name: value for name, value in env.items() if value},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        self.said, self.complained = done.stdout, done.stderr
        return done.returncode


@pytest.fixture
def office() -> Iterator[PostOffice]:
    with open_post_office() as office:
        yield office


@pytest.fixture
def dog(migrated: str, office: PostOffice, tmp_path: Path) -> Iterator[Dog]:
    """Its broker is away: it needs none."""
    yield Dog(
        tmp_path / "state",
        {
            "DATABASE_URL": migrated,
            "REDIS_URL": f"redis://127.0.0.1:{closed_port()}/0",
            "EMAIL_URL": f"smtp://127.0.0.1:{office.port}",
            "SITE_URL": "https://desk.example.com",
        },
    )
    execute(migrated, "delete from common_heartbeat")


def execute(address: str, statement: str, *values: Any) -> None:
    before, _, name = address.rpartition("/")
    host = before.removeprefix("postgres://recovery@/")
    server = psycopg2.connect(host=host, user="recovery", dbname=name)
    with server, server.cursor() as cursor:
        cursor.execute(statement, values)
    server.close()


def swept(address: str, seconds_ago: float) -> None:
    execute(
        address,
        "insert into common_heartbeat (name, at) values ('sweep', now() - %s) "
        "on conflict (name) do update set at = excluded.at",
        timedelta(seconds=seconds_ago),
    )


# As a process


def test_when_all_is_well_it_says_nothing(dog: Dog, migrated: str, office: PostOffice) -> None:
    swept(migrated, 5)
    assert dog.looks() == 0
    assert (dog.said, dog.complained) == ("", "")
    assert dog.looks("-v", "2") == 0
    assert dog.said == "一切正常。出问题时写信给 chen@example.com、root@example.com。\n"
    assert dog.looks("-v", "2", EMAIL_URL="") == 0
    assert "没有设置 EMAIL_URL" in dog.said
    assert office.mails == []
    assert not processes_of(dog.state)  # it started no servers


def test_a_sweep_that_stopped_is_written_of_once(
    dog: Dog, migrated: str, office: PostOffice
) -> None:
    swept(migrated, 3 * 3600)
    assert dog.looks() == 1
    assert dog.said == (
        "时限巡检已有 3 小时没有运行。已写信给 chen@example.com、root@example.com。\n"
    )
    (mail,) = office.mails
    assert mail["To"] == "chen@example.com, root@example.com"
    assert mail["Subject"].strip() == "投诉受理台告警：时限巡检已有 3 小时没有运行。"
    assert "https://desk.example.com/system/" in mail.get_content()
    assert dog.looks() == 1
    assert dog.said == "时限巡检已有 3 小时没有运行。一小时内已写过信。\n"
    assert len(office.mails) == 1


def test_a_database_that_is_gone_is_written_of_to_those_who_are_named(
    dog: Dog, office: PostOffice
) -> None:
    gone = f"postgres://recovery:s3cret@127.0.0.1:{closed_port()}/recovery"
    assert dog.looks(DATABASE_URL=gone) == 2
    assert dog.said == ""
    assert "没有收信人：请设置 WATCHDOG_TO" in dog.complained
    assert dog.looks(DATABASE_URL=gone, WATCHDOG_TO="duty@example.com, it@example.com,") == 1
    assert "数据库没有回答" in dog.said
    assert office.receivers == ["duty@example.com, it@example.com"]
    assert "s3cret" not in office.mails[0].as_string() + dog.said + dog.complained


def test_a_house_that_does_not_run_is_written_of_and_not_started(
    dog: Dog, office: PostOffice
) -> None:
    """Nothing names its servers, and none run in its folder."""
    dog.settings.pop("DATABASE_URL")
    assert dog.looks(WATCHDOG_TO="duty@example.com") == 1
    assert "数据库没有回答" in dog.said
    assert len(office.mails) == 1
    assert not (dog.state / "pg").exists()
    assert not processes_of(dog.state)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"EMAIL_URL": ""}, "没有设置 EMAIL_URL"),
        ({"EMAIL_URL": "smtp://127.0.0.1:9"}, "信没有发出去"),
        ({"WATCHDOG_TO": "nobody@example.com"}, "信没有发出去"),
    ],
)
def test_it_says_clearly_when_it_can_tell_nobody(
    dog: Dog, migrated: str, office: PostOffice, given: dict[str, str], says: str
) -> None:
    swept(migrated, 61)
    office.refuse["nobody@example.com"] = "550 no such person"
    assert dog.looks(**given) == 2
    assert dog.said == ""
    assert says in dog.complained
    assert dog.complained.startswith("时限巡检已有")
    assert dog.complained.count("\n") == 1
    assert not (dog.state / "watchdog.json").exists()  # it will try again


# What it finds, and when it writes


@pytest.fixture
def at_work(settings: Any, office: PostOffice, tmp_path: Path, monkeypatch: Any) -> PostOffice:
    """The settings of this process lead to the post office, its notes to a folder of its own."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", office.port
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    monkeypatch.setenv("RECOVERY_STATE", str(tmp_path / "notes"))
    return office


SWEEP, CLOCKS = {"sweep": "没有巡检。"}, {"clocks": "有时限到点。"}


def test_each_trouble_is_written_of_once_an_hour(at_work: PostOffice) -> None:
    def written(troubles: dict[str, str], at: float) -> list[str]:
        before = len(at_work.mails)
        watchdog.tell(Findings(troubles, ["duty@example.com"]), at=at)
        return [str(mail["Subject"]).strip() for mail in at_work.mails[before:]]

    start = 1_800_000_000.0
    assert written(SWEEP, start) == ["投诉受理台告警：没有巡检。"]
    assert written(SWEEP, start + 1) == []
    assert written({**SWEEP, **CLOCKS}, start + 60) == ["投诉受理台告警：有时限到点。"]
    assert "没有巡检" not in at_work.mails[-1].get_content()
    assert written({**SWEEP, **CLOCKS}, start + 3599) == []
    assert written({**SWEEP, **CLOCKS}, start + 3600) == ["投诉受理台告警：没有巡检。"]
    assert written({**SWEEP, **CLOCKS}, start + 3660) == ["投诉受理台告警：有时限到点。"]


@pytest.mark.parametrize("note", ["", "[1]", '{"sweep": "soon"}', '{"sweep": 1.9e9}', "\ufffd{"])
def test_a_note_that_makes_no_sense_is_no_reason_to_be_silent(
    at_work: PostOffice, note: str
) -> None:
    """Nor is one from the future, of a host whose clock was wrong."""
    state_folder().mkdir()
    (state_folder() / "watchdog.json").write_text(note)
    found = Findings(SWEEP, ["duty@example.com"])
    assert watchdog.tell(found, at=1_800_000_000) == ["duty@example.com"]
    assert watchdog.tell(found, at=1_800_000_001) == []
    assert len(at_work.mails) == 1


def test_a_mail_that_was_sent_but_not_noted_is_said(at_work: PostOffice) -> None:
    state_folder().write_text("a file where the folder should be")
    with pytest.raises(Unheard, match="信已发出，但记不下来"):
        watchdog.tell(Findings(SWEEP, ["duty@example.com"]), at=1_800_000_000)
    assert len(at_work.mails) == 1


@pytest.mark.parametrize(
    ("swept_ago", "late", "codes"),
    [
        (0, 0, set()),
        (40, 40, set()),
        (75, 0, {"sweep"}),
        (0, 75, {"clocks"}),
        (75, 75, {"sweep", "clocks"}),
        (None, 0, {"sweep"}),
    ],
)
@pytest.mark.django_db(transaction=True)  # it looks from a thread of its own
def test_it_finds_what_readyz_finds(
    register: Register, swept_ago: int | None, late: int, codes: set[str]
) -> None:
    at = database_now()
    register(at=at - timedelta(hours=3))
    # a second in hand: the clock goes on while it looks
    Clock.objects.update(next_at=at - timedelta(seconds=late - 2) if late else None)
    if swept_ago is not None:
        Heartbeat.objects.create(name="sweep", at=at - timedelta(seconds=swept_ago - 2))
    found = watchdog.look()
    assert set(found.troubles) == codes
    assert Client().get("/readyz").status_code == (503 if codes else 200)
    assert found.addresses == ["chen@example.com", "root@example.com"]


@pytest.mark.django_db(transaction=True)
def test_a_database_that_stops_in_the_midst_is_given_up(
    cast: Cast, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody holds a lock that every reader waits for, and this command has no time limit."""
    settings.WATCHDOG_TO = ["duty@example.com"]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE common_heartbeat IN ACCESS EXCLUSIVE MODE")
        begun = time.monotonic()
        found = watchdog.look(patience=1)
        assert time.monotonic() - begun < 3
    assert found == Findings({"database": "数据库在 1 秒内没有回答。"}, ["duty@example.com"])
    until_no_other_thread()


def until_no_other_thread() -> None:
    """The one that waited for the database has gone on and ended."""
    give_up = time.monotonic() + 10
    while any(thread.name == "watchdog" for thread in threading.enumerate()):
        assert time.monotonic() < give_up
        time.sleep(0.05)
