"""The raw limit of latency: a loop that sleeps to the next ring, or is woken, and inserts."""

from __future__ import annotations

import select

from recovery.bench.probes import wire

_RING = """
WITH due AS (DELETE FROM bench_ring WHERE due_at <= clock_timestamp() RETURNING id)
INSERT INTO bench_rung (id) SELECT id FROM due
"""
_NEXT = "SELECT EXTRACT(EPOCH FROM min(due_at) - clock_timestamp()) FROM bench_ring"
_LONGEST_SLEEP = 1.0


def ring_all(count: int) -> int:
    """Until so many have been rung."""
    line = wire()
    cursor = line.cursor()
    cursor.execute("LISTEN bench_ring")
    rung = 0
    while rung < count:
        cursor.execute(_RING)
        rung += cursor.rowcount
        cursor.execute(_NEXT)
        (seconds,) = cursor.fetchone()
        wait = _LONGEST_SLEEP if seconds is None else min(max(float(seconds), 0), _LONGEST_SLEEP)
        if select.select([line], [], [], wait)[0]:
            line.poll()
            line.notifies.clear()
    line.close()
    return rung
