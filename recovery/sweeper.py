"""`manage.py sweeper`: rings the clocks to the moment, and delivers when nobody else does.

It needs the database and nothing else. Any number may run on any number of machines; each
sleeps until the next ring, at most a second, and is woken by what has to ring sooner.
"""

from __future__ import annotations

import logging
import select
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from django.db import Error, connection

from common.heartbeat import beat
from common.time import database_now
from complaints import lapsing, search_copy
from complaints.escalation import catch_up
from complaints.pulse import until_next_ring
from intake import items, reminders
from intake.imports import import_work
from intake.mail import polling, replies
from intake.systems import hook_sending
from intake.wechat import media, pulling, taking
from notify.delivery import deliver
from notify.selectors import oldest_waiting
from recovery.places import sign_of_life
from staff.people import take_up_posts

logger = logging.getLogger(__name__)

LONGEST_SLEEP = 1.0
#: A clock that is due but held by somebody is asked for again this soon.
HELD_SLEEP = 0.1
BEAT_EVERY = 5.0
#: Messages that wait longer than this have no worker to deliver them.
UNDELIVERED = timedelta(seconds=60)
#: A mailbox that nobody has read for so long has no worker to read it.
UNREAD = timedelta(minutes=3)
LOOK_EVERY = 5.0
AFTER_AN_ERROR = 1.0


def run(stop: threading.Event) -> None:
    """Sweep until `stop` is set. Beside it a thread each takes in and delivers, calls the hooks of
    other systems, reads mailboxes and goes on with files, so that no mail server, hook or file
    holds a clock up; they look round in turn, for all at once would slow what rings just then. A
    database that is away is asked again every second."""
    rounds = (_look_after_the_post, _call_hooks, _read_mailboxes, _take_in_files)
    begun, beside = time.monotonic(), []
    for n, round_ in enumerate(rounds, start=1):
        until_turn = partial(until_turn_of, begun + n * LOOK_EVERY / len(rounds))
        args = (stop, round_, until_turn)
        beside.append(threading.Thread(target=_every, args=args, daemon=True))
    for thread in beside:
        thread.start()
    _every(stop, Sweeper().round)
    ends = time.monotonic() + AFTER_AN_ERROR
    for thread in beside:
        thread.join(timeout=max(0.0, ends - time.monotonic()))


def _at_once() -> float:
    return 0.0


def until_turn_of(first: float) -> float:
    """Seconds until the next of the turns that come every `LOOK_EVERY` from `first`."""
    return LOOK_EVERY - (time.monotonic() - first) % LOOK_EVERY


def _every(
    stop: threading.Event, round_: Callable[[], None], until_turn: Callable[[], float] = _at_once
) -> None:
    """Go round at each turn until `stop`, whatever happens, with its own connection."""
    while not stop.wait(until_turn()):
        try:
            round_()
        except Error as error:
            logger.warning("The database does not answer: %s", str(error).strip())
            connection.close()
            stop.wait(AFTER_AN_ERROR)
        except Exception:
            logger.exception("A round failed; it is tried again.")
            stop.wait(AFTER_AN_ERROR)
    connection.close()


class Sweeper:
    """One loop of sweeping, with its ear at the database."""

    def __init__(self) -> None:
        self.last_beat = 0.0

    def round(self) -> None:
        """Take all that is due, and sleep until the next ring or call. Every few seconds it says
        so, handovers that nobody answered lapse, and planned posts whose time has come are taken
        up."""
        self._listen()
        taken = catch_up(database_now)
        if time.monotonic() - self.last_beat >= BEAT_EVERY:
            beat("sweep")
            sign_of_life("sweeper").touch()
            self.last_beat = time.monotonic()
            lapsing.sweep(until=database_now())
            take_up_posts(database_now())
        span = until_next_ring()
        wait = LONGEST_SLEEP if span is None else span.total_seconds()
        if wait <= 0 and not taken:
            wait = HELD_SLEEP
        self._sleep(min(max(wait, 0.0), LONGEST_SLEEP))

    def _listen(self) -> None:
        if connection.connection is None or connection.connection.closed:
            connection.close()
            with connection.cursor() as cursor:
                cursor.execute("LISTEN clock_rings")

    def _sleep(self, seconds: float) -> None:
        """Until the time is up or somebody calls; a call may have come with an answer before."""
        wire = connection.connection
        if not wire.notifies and select.select([wire], [], [], seconds)[0]:
            wire.poll()
        wire.notifies.clear()


def _look_after_the_post() -> None:
    """What came in is registered, and what was set aside reminded of; the search gets its words;
    what is to go out or to be fetched is, when nobody else does."""
    taking.drain(database_now)
    items.drain(database_now)
    reminders.remind(database_now())
    search_copy.catch_up()
    _deliver_what_waits()
    pulling.drain(database_now, limit=2, overdue=UNDELIVERED)
    media.drain(database_now, limit=5, overdue=UNDELIVERED)


def _call_hooks() -> None:
    """Other systems hear of their cases, also when no worker tells them."""
    hook_sending.drain(database_now)


def _deliver_what_waits() -> None:
    """Deliver when the oldest message has waited for a minute: the worker or its broker is ill."""
    waiting = oldest_waiting(database_now())
    while waiting is not None and waiting > UNDELIVERED:
        if not deliver(at=database_now()):
            break
        waiting = oldest_waiting(database_now())


def _read_mailboxes() -> None:
    """Take in mails and tell their senders so when nobody else does: the worker or its broker is
    ill."""
    polling.poll_all(database_now, overdue=UNREAD)
    if replies.is_unsent(database_now()):
        replies.drain(database_now)


def _take_in_files() -> None:
    """Work off files of complaints when nobody else does: the worker or its broker is ill."""
    if import_work.is_unworked(database_now()):
        while import_work.work(database_now, seconds=LOOK_EVERY):
            pass
