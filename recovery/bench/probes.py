"""Rings at known moments, and when another connection could first see that they were taken."""

from __future__ import annotations

import random
import select
import threading
import time
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection

from recovery.bench import sql
from recovery.children import Failed

#: Escalations, and the rows of the raw loop, call out when they are committed.
_CALLS = """
CREATE TABLE bench_ring (id bigint PRIMARY KEY, due_at timestamptz NOT NULL);
CREATE INDEX ON bench_ring (due_at);
CREATE TABLE bench_rung (id bigint PRIMARY KEY, at timestamptz NOT NULL DEFAULT now());
CREATE FUNCTION bench_seen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_notify('bench_seen', to_jsonb(NEW) ->> TG_ARGV[0]); RETURN NULL; END $$;
CREATE TRIGGER bench_seen AFTER INSERT ON complaints_escalation
    FOR EACH ROW EXECUTE FUNCTION bench_seen('clock_id');
CREATE TRIGGER bench_seen AFTER INSERT ON bench_rung
    FOR EACH ROW EXECUTE FUNCTION bench_seen('id');
"""
_NO_CALLS = """
DROP TRIGGER bench_seen ON complaints_escalation;
DROP TABLE bench_rung, bench_ring;
DROP FUNCTION bench_seen();
"""


def moments(count: int, *, begin: datetime, over: float) -> list[datetime]:
    """So many moments, one in each equal part of `over` seconds from `begin`, drawn by lot."""
    lot = random.Random(count)
    return [begin + timedelta(seconds=over * (n + lot.random()) / count) for n in range(count)]


class Observer:
    """Hears of each row when it is committed, from its start to its end."""

    def __init__(self) -> None:
        self.seen: dict[int, datetime] = {}
        self._over = threading.Event()
        self._wire = wire()
        self._wire.cursor().execute("LISTEN bench_seen")
        self._thread = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self) -> Observer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._wire.close()

    def wait(self, ids: Collection[int], *, patience: float) -> None:
        """Until all of them were seen. Raises Failed."""
        end = time.monotonic() + patience
        while len(self.seen) < len(ids) or not self.seen.keys() >= set(ids):
            if time.monotonic() > end:
                raise Failed(f"{len(set(ids) - self.seen.keys())} of {len(ids)} were never seen")
            time.sleep(0.05)

    def _listen(self) -> None:
        while not self._over.is_set():
            if select.select([self._wire], [], [], 0.2)[0]:
                self._wire.poll()
                now = datetime.now(UTC)
                for notice in self._wire.notifies:
                    self.seen.setdefault(int(notice.payload), now)
                self._wire.notifies.clear()


def wire() -> Any:
    """A connection of the driver's own kind, beside Django's."""
    made = connection.get_new_connection(connection.get_connection_params())
    made.autocommit = True
    return made


def set_up() -> None:
    """Let rows call out."""
    sql.run(_CALLS)


def take_down() -> None:
    """No longer."""
    sql.run(_NO_CALLS)
