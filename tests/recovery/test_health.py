"""The health pages: what they say when all is well, and when something is really away."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from common.heartbeat import beat
from common.models import Heartbeat
from common.time import database_now
from complaints import pulse
from complaints.models import Clock, ClockKind
from notify.delivery import deliver
from notify.post import Note, post
from tests.conftest import Cast, Register


@contextmanager
def silent_port() -> Iterator[int]:
    """A server that takes the call and never says a word."""
    with closing(socket.socket()) as server:
        server.bind(("127.0.0.1", 0))
        server.listen(8)
        yield server.getsockname()[1]


def closed_port() -> int:
    """A port where nobody listens."""
    with closing(socket.socket()) as server:
        server.bind(("127.0.0.1", 0))
        port: int = server.getsockname()[1]
        return port


def asked(path: str = "/healthz") -> tuple[int, dict[str, Any], float]:
    """Status, report, and the seconds the answer took; asked by a stranger."""
    begun = time.monotonic()
    answer = Client(raise_request_exception=False).get(path)
    return answer.status_code, answer.json(), time.monotonic() - begun


@pytest.fixture
def swept(db: None) -> None:
    """A sweep has come round just now."""
    Heartbeat.objects.create(name="sweep", at=database_now())


def test_all_is_well(swept: None) -> None:
    status, report, _ = asked()
    assert status == 200
    assert report == {
        "ok": True, "database": "up", "broker": "up", "last_sweep_seconds": 0.0,
        "oldest_undelivered_seconds": None,
    }  # fmt: skip


def test_a_beat_is_a_sign_of_life(db: None) -> None:
    beat("sweep")
    assert asked()[1]["ok"]


@pytest.mark.parametrize(("seconds", "ok"), [(1, True), (59, True), (60, True), (61, False)])
def test_a_sweep_that_has_not_come_round_is_an_alarm(db: None, seconds: int, ok: bool) -> None:
    Heartbeat.objects.create(name="sweep", at=database_now() - timedelta(seconds=seconds))
    status, report, _ = asked()
    assert (status, report["ok"], report["last_sweep_seconds"]) == (200, ok, float(seconds))


def test_a_sweep_that_never_was_is_an_alarm(db: None) -> None:
    status, report, _ = asked()
    assert (status, report["ok"], report["last_sweep_seconds"]) == (200, False, None)


@pytest.mark.parametrize(("seconds", "ok"), [(30, True), (60, True), (61, False)])
def test_the_oldest_undelivered_message_counts(
    cast: Cast, swept: None, seconds: int, ok: bool
) -> None:
    now = database_now()
    for ago in (5, seconds):
        post([Note(f"note:{ago}", [cast.li.pk], "测试")], at=now - timedelta(seconds=ago))
    _, report, _ = asked()
    assert (report["ok"], report["oldest_undelivered_seconds"]) == (ok, float(seconds))
    deliver(at=now)
    _, report, _ = asked()
    assert (report["ok"], report["oldest_undelivered_seconds"]) == (True, None)


def test_the_clock_of_this_machine_does_not_matter(swept: None) -> None:
    with time_machine.travel(database_now() + timedelta(days=2), tick=False):
        _, report, _ = asked()
    assert (report["ok"], report["last_sweep_seconds"]) == (True, 0.0)


def test_a_broker_that_is_gone_is_said_at_once(swept: None, settings: Any) -> None:
    settings.CELERY_BROKER_URL = f"redis://127.0.0.1:{closed_port()}/0"
    status, report, took = asked()
    assert (status, report["ok"], report["broker"], report["database"]) == (
        200,
        False,
        "down",
        "up",
    )
    assert took < 2


def test_a_broker_that_says_nothing_does_not_hold_up_the_answer(swept: None, settings: Any) -> None:
    with silent_port() as port:
        settings.CELERY_BROKER_URL = f"redis://127.0.0.1:{port}/0"
        status, report, took = asked()
    assert (status, report["ok"], report["broker"]) == (200, False, "down")
    assert took < 2


def with_database_at(
    port: int, blocker: Any, path: str, *, signed_in: bool = False, **more: Any
) -> tuple[Any, float]:
    """The answer of a thread whose database is at this port, and the seconds it took."""

    def ask() -> tuple[Any, float]:
        connection = connections["default"]
        connection.settings_dict = {
            **connection.settings_dict, "HOST": "127.0.0.1", "PORT": str(port),
        }  # fmt: skip
        client = Client(raise_request_exception=False)
        if signed_in:
            client.cookies["sessionid"] = "0" * 32
        begun = time.monotonic()
        try:
            return client.get(path, **more), time.monotonic() - begun
        finally:
            connection.close()

    with blocker.unblock(), ThreadPoolExecutor(1) as pool:
        return pool.submit(ask).result()


@pytest.mark.parametrize("signed_in", [False, True])
@pytest.mark.parametrize(("path", "well"), [("/healthz", "ok"), ("/readyz", "ready")])
def test_a_database_that_is_gone_is_503_in_json(
    django_db_blocker: Any, path: str, well: str, signed_in: bool
) -> None:
    """Also to a browser with a session, which nobody can look up now."""
    answer, took = with_database_at(closed_port(), django_db_blocker, path, signed_in=signed_in)
    assert answer.status_code == 503
    assert answer.json() == {well: False, "database": "down", "broker": "up"}
    assert answer.headers["Retry-After"] == "10"
    assert took < 2


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_database_that_says_nothing_is_503(django_db_blocker: Any, path: str) -> None:
    with silent_port() as port:
        answer, took = with_database_at(port, django_db_blocker, path)
    assert answer.status_code == 503
    assert answer.json()["database"] == "down"
    assert took < 5


# /readyz: are deadlines watched


def test_ready_when_deadlines_are_watched(swept: None) -> None:
    status, report, _ = asked("/readyz")
    assert status == 200
    assert report == {
        "ready": True, "database": "up", "broker": "up", "sweep_age_seconds": 0.0,
        "sweep_lag_seconds": 0.0, "oldest_undelivered_seconds": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("seconds", "status"), [(None, 503), (1, 200), (59, 200), (60, 200), (61, 503)]
)
def test_not_ready_when_no_sweep_comes_round(db: None, seconds: int | None, status: int) -> None:
    if seconds is not None:
        Heartbeat.objects.create(name="sweep", at=database_now() - timedelta(seconds=seconds))
    client = Client()
    answer = client.get("/readyz")
    assert answer.status_code == status
    assert answer.json()["ready"] == (status == 200)
    assert answer.json()["sweep_age_seconds"] == (None if seconds is None else float(seconds))
    assert answer.headers.get("Retry-After") == ("10" if status == 503 else None)


#: Of each kind, since apologies have an index of their own.
@pytest.mark.parametrize("kind", [ClockKind.APOLOGY, ClockKind.SHEET])
@pytest.mark.parametrize(
    ("seconds", "status"), [(-30, 200), (0, 200), (59, 200), (60, 200), (61, 503), (3600, 503)]
)
def test_not_ready_when_a_clock_that_is_due_waits(
    register: Register, swept: None, kind: ClockKind, seconds: int, status: int
) -> None:
    """However freshly the sweep says it came round."""
    at = database_now()
    register(at=at - timedelta(hours=3))
    Clock.objects.update(next_at=at + timedelta(days=1))
    Clock.objects.filter(kind=kind).update(next_at=at - timedelta(seconds=seconds))
    told, report, _ = asked("/readyz")
    assert (told, report["ready"]) == (status, status == 200)
    assert report["sweep_lag_seconds"] == float(max(seconds, 0))
    assert asked()[0] == 200  # whoever looks after the process need not restart it


def test_a_clock_that_will_never_ring_keeps_nobody_waiting(register: Register, swept: None) -> None:
    register(at=database_now())
    Clock.objects.update(next_at=None)
    status, report, _ = asked("/readyz")
    assert (status, report["sweep_lag_seconds"]) == (200, 0.0)


def test_ready_without_a_broker_and_with_messages_that_wait(
    cast: Cast, swept: None, settings: Any
) -> None:
    post([Note("note", [cast.li.pk], "测试")], at=database_now() - timedelta(seconds=90))
    with silent_port() as port:
        settings.CELERY_BROKER_URL = f"redis://127.0.0.1:{port}/0"
        status, report, took = asked("/readyz")
    assert (status, report["ready"], report["broker"]) == (200, True, "down")
    assert report["oldest_undelivered_seconds"] == 90.0
    assert took < 2


def test_the_pulse_is_one_query_on_indexes(
    register: Register, django_assert_num_queries: Any
) -> None:
    register(at=database_now())
    with django_assert_num_queries(3):  # before and after it, the wall
        pulse.read()


# The doors that are open ask nobody who they are; the others do


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_open_doors_do_not_look_up_who_is_there(
    cast: Cast, swept: None, path: str, django_assert_num_queries: Any
) -> None:
    stranger, known = Client(), Client()
    known.force_login(cast.li)
    with CaptureQueriesContext(connections["default"]) as asked_by_stranger:
        stranger.get(path)
    with django_assert_num_queries(len(asked_by_stranger)):
        known.get(path)
    assert stranger.get("/complaints/").status_code == 302
    assert known.get("/complaints/").status_code == 200


@pytest.mark.parametrize("path", ["/", "/complaints/", "/sign-in/", "/no-such-page/"])
def test_without_a_database_people_get_our_page(django_db_blocker: Any, path: str) -> None:
    """Even those who are signed in: the page for when we have failed needs no database."""
    answer, _ = with_database_at(closed_port(), django_db_blocker, path, signed_in=True)
    assert answer.status_code == 503
    assert "系统暂时停用" in answer.content.decode()


def test_without_a_database_programs_get_json(django_db_blocker: Any) -> None:
    answer, _ = with_database_at(
        closed_port(), django_db_blocker, "/api/v1/me/", headers={"Authorization": "Token abc"}
    )
    assert answer.status_code == 503
    assert answer.json()["code"] == "busy"
