"""`idle`: a sweep that finds nothing, however many clocks run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from django.db import transaction

from common.time import database_now
from complaints.escalation import sweep
from recovery.bench import sql
from recovery.bench.desk import Desk
from recovery.bench.lines import Line, middle, percentile

_RUNNING = "SELECT count(*) FROM complaints_clock WHERE next_at IS NOT NULL"
#: The plainest question: two indexes hold the clocks that will ring.
_PLAIN = """
SELECT id FROM complaints_clock WHERE kind = 'apology' AND next_at <= %(at)s
UNION ALL
SELECT id FROM complaints_clock WHERE kind <> 'apology' AND next_at <= %(at)s LIMIT 1
"""


class Idle:
    """Takes the figure at each number of running clocks; the last line compares them."""

    def __init__(self) -> None:
        self.medians: list[float] = []

    def measure(self, desk: Desk) -> Line:
        """With as many running clocks as there are now."""
        at = database_now()
        ours = _times(lambda: sweep(until=at), desk.size.idle_rounds)
        raw = _times(lambda: _ask(at), desk.size.idle_rounds)
        self.medians.append(middle(ours))
        p99 = percentile(ours, 0.99)
        return Line(
            part="idle",
            what=f"a sweep that finds nothing, {sql.value(_RUNNING)} clocks running",
            ours=middle(ours),
            plain=middle(raw),
            ratio=middle(ours) / middle(raw),
            unit="ms",
            target="< 5",
            ok=p99 < 5,
            how=f"median of {len(ours)}, p99 {p99:.2f}; plain: one question to both indexes",
        )

    def compare(self) -> Line:
        """The most clocks against the fewest."""
        ratio = self.medians[-1] / self.medians[0]
        return Line(
            part="idle",
            what="a sweep that finds nothing, a thousand times as many clocks against the fewest",
            ours=self.medians[-1],
            plain=self.medians[0],
            ratio=ratio,
            unit="ms",
            target="ratio <= 1.5",
            ok=ratio <= 1.5,
            how="medians",
        )


def _ask(at: object) -> None:
    with transaction.atomic():
        sql.rows(_PLAIN, {"at": at})


def _times(work: Callable[[], object], rounds: int) -> list[float]:
    """Milliseconds of each round, after a few that warm it."""
    for _ in range(5):
        work()
    return list(_each(work, rounds))


def _each(work: Callable[[], object], rounds: int) -> Iterator[float]:
    for _ in range(rounds):
        begun = time.perf_counter()
        work()
        yield (time.perf_counter() - begun) * 1000
