"""The sweeper rings to the moment with no broker, beside any number of others, and delivers what
nobody else does."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection

from common.heartbeat import age
from common.time import database_now
from complaints.models import Clock, Complaint, Escalation
from notify.models import Message
from notify.post import Note, post
from recovery import sweeper
from tests.conftest import Cast, Register

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("races")]

SECOND = timedelta(seconds=1)
#: The first warning of the 1H clock comes so long after receipt.
WARNED = timedelta(minutes=30)
PATIENCE = 20.0


@contextmanager
def sweeping(count: int = 1) -> Iterator[None]:
    """So many sweepers at work."""
    stop = threading.Event()

    threads = [threading.Thread(target=sweeper.run, args=(stop,)) for _ in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def until(holds: Callable[[], object]) -> None:
    give_up = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < give_up
        time.sleep(0.02)


def warned(case: Complaint) -> bool:
    return Escalation.objects.filter(complaint=case).exists()


def test_what_comes_due_while_it_sleeps_rings_after_its_moment(
    cast: Cast, register: Register
) -> None:
    now = database_now()
    cases = [register(at=now - WARNED + each * SECOND / 2) for each in range(1, 5)]
    with sweeping():
        until(lambda: all(warned(case) for case in cases))
    for row in Escalation.objects.all():
        assert timedelta() <= row.fired_at - row.rang_at < 5 * SECOND


def test_what_was_due_before_it_began_is_made_good(cast: Cast, register: Register) -> None:
    case = register(at=database_now() - timedelta(hours=6))
    with sweeping():
        until(lambda: Escalation.objects.filter(complaint=case).count() == 5)


def test_a_new_clock_that_rings_at_once_wakes_it(cast: Cast, register: Register) -> None:
    with sweeping():
        until(lambda: age("sweep") is not None)
        case = register(at=database_now() - timedelta(minutes=20))
        Clock.objects.filter(complaint=case, kind="apology").update(next_at=database_now())
        until(lambda: Clock.objects.get(complaint=case, kind="apology").next_at > database_now())
    assert not warned(case)  # it was looked at, and its step had not come yet


def test_three_of_them_take_each_step_once(cast: Cast, register: Register) -> None:
    now = database_now()
    for each in range(30):
        register(at=now - WARNED + each * SECOND / 20)
    with sweeping(3):
        until(lambda: Escalation.objects.count() == 30)
    assert Escalation.objects.values("clock", "step").distinct().count() == 30
    told = Message.objects.filter(recipient=cast.li, folded=0).count()
    folded = sum(Message.objects.filter(recipient=cast.li).values_list("folded", flat=True))
    assert told + folded == 30


def test_a_lost_connection_is_made_again(cast: Cast, register: Register) -> None:
    with sweeping():
        until(lambda: age("sweep") is not None)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        case = register(at=database_now() - timedelta(hours=1))
        until(lambda: warned(case))


@pytest.mark.parametrize(("waited", "left"), [(30, False), (65, True)])
def test_it_delivers_only_what_has_waited_for_a_minute(cast: Cast, waited: int, left: bool) -> None:
    note = Note(key="waits", recipient_ids=[cast.li.pk], text="请看")
    post([note], at=database_now() - waited * SECOND)
    message = Message.objects.get()
    with sweeping():
        if left:
            until(lambda: Message.objects.get().dispatched_at is not None)
        else:
            until(lambda: age("sweep") is not None)
            message.refresh_from_db()
            assert message.dispatched_at is None


def test_it_leaves_a_sign_of_life(cast: Cast) -> None:
    with sweeping():
        until(lambda: age("sweep") is not None)


def test_each_of_those_beside_looks_round_at_a_turn_of_its_own() -> None:
    now, span = time.monotonic(), sweeper.LOOK_EVERY
    waits = [sweeper.until_turn_of(now + part * span) for part in (0.25, 0.5, 0.75, -0.2)]
    expected = [0.25 * span, 0.5 * span, 0.75 * span, 0.8 * span]
    assert waits == pytest.approx(expected, abs=0.1 * span)
