"""The health page: what it says when all is well, and when something is really away."""

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

from common.heartbeat import beat
from common.models import Heartbeat
from common.time import database_now
from notify.delivery import deliver
from notify.post import Note, post
from tests.conftest import Cast


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


def asked() -> tuple[int, dict[str, Any], float]:
    """Status, report, and the seconds the answer took; asked by a stranger."""
    begun = time.monotonic()
    answer = Client(raise_request_exception=False).get("/healthz")
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


def test_a_database_that_is_gone_is_503(django_db_blocker: Any) -> None:
    answer, took = with_database_at(closed_port(), django_db_blocker, "/healthz")
    assert answer.status_code == 503
    assert answer.json() == {"ok": False, "database": "down", "broker": "up"}
    assert took < 2


def test_a_database_that_says_nothing_is_503(django_db_blocker: Any) -> None:
    with silent_port() as port:
        answer, took = with_database_at(port, django_db_blocker, "/healthz")
    assert answer.status_code == 503
    assert answer.json()["database"] == "down"
    assert took < 5


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
