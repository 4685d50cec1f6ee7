"""What a fault is played on: the house at work, clerks, clocks, and what was counted so far."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from functools import partial
from typing import Any

from notify.delivery import LEASE
from notify.post import Note, post
from recovery.children import Failed
from recovery.faults import ask, reconcile, wellness
from recovery.faults.clerks import Clerks, Window
from recovery.faults.clocks import Winder, Wound
from recovery.faults.house import DELIVERERS, House, until
from recovery.faults.journal import Journal
from recovery.faults.reconcile import Counts
from staff.models import Person

#: What a deliverer was sending when it, or the database, ended waits for the end of its lease.
PATIENCE = LEASE.total_seconds() + 30
#: How many deliverers a process is: each may have sent one message it could not mark.
_HANDS = {"worker": 2, "sweeper1": 1, "sweeper2": 1}
#: A deliverer that lives has sent what it claimed after so long.
_ALIVE = timedelta(seconds=4)
_END_LEASES = """
    UPDATE notify_delivery SET lease_until = now() WHERE state = 'pending'
        AND lease_until BETWEEN now() AND now() + %(lease)s - %(alive)s
"""
_LATE = """
    SELECT coalesce(percentile_cont(0.99) WITHIN GROUP (ORDER BY late), 0), coalesce(max(late), 0),
           count(*)
    FROM (SELECT extract(epoch FROM fired_at - rang_at) AS late FROM complaints_escalation
          WHERE rang_at >= %(since)s AND NOT complaint_id = ANY(%(but)s)) AS fired
"""


class Size(Enum):
    """How much is played."""

    QUICK = "quick"
    FULL = "full"
    LONG = "long"


@dataclass
class Scene:
    """One for the whole run. `kills` counts what was killed or frozen since the last fault,
    `allowed` the repeats that all kills so far excuse; `poisoned` are cases that a fault keeps
    from being swept."""

    house: House
    clerks: Clerks
    journal: Journal
    winder: Winder
    chance: random.Random
    size: Size
    kills: Counter[str] = field(default_factory=Counter)
    poisoned: list[int] = field(default_factory=list)
    allowed: int = 0
    counted: Counts = field(default_factory=Counts)
    normal: Window = field(default_factory=Window)
    told: int = 0

    def pick(self, quick: Any, full: Any, long: Any = None) -> Any:
        """The number for the size of this run."""
        if self.size is Size.QUICK:
            return quick
        return long if self.size is Size.LONG and long is not None else full

    def wind(self, cases: int, *, over: float) -> Wound:
        """New cases whose clocks come due within the next `over` seconds."""
        return self.winder.wind(cases, over=over)

    def kill(self, name: str) -> None:
        """SIGKILL to a process and all it has started; it will be started again."""
        if self.house.kept[name].kill():
            self.note_kill(name)

    def note_kill(self, name: str, hands: int | None = None) -> None:
        """A process was killed or frozen: what it was sending may be sent once more."""
        self.kills[name] += 1
        if name == "postgres":
            self.allowed += sum(_HANDS.values())
        else:
            self.allowed += _HANDS.get(name, 0) if hands is None else hands

    @contextmanager
    def only(self, *names: str) -> Iterator[None]:
        """Of all that sweeps and delivers, only these run inside the block."""
        others = [name for name in (*DELIVERERS, "beat") if name not in names]
        self.house.down(others)
        try:
            yield
        finally:
            for name in others:
                self.house.kept[name].up()

    def settle(self, patience: float = PATIENCE) -> float:
        """Wait until what was due by now is taken and what was to be sent by now has left; the
        seconds it took. Raises Failed."""
        by = ask.now()

        begun = time.monotonic()
        while owed := self._owed(by):
            if time.monotonic() > begun + patience:
                raise Failed(f"after {patience:.0f} s {owed}")
            time.sleep(0.2)
        return time.monotonic() - begun

    def hasten(self) -> None:
        """In a quick run, skip what the leases of the dead have still to run."""
        if self.size is Size.QUICK:
            time.sleep(_ALIVE.total_seconds())
            ask.rows(_END_LEASES, {"alive": _ALIVE, "lease": LEASE})

    def _owed(self, by: datetime) -> str:
        missed = reconcile.missed_steps(until=by, but=self.poisoned)
        waiting = reconcile.waiting(until=by)
        return f"{missed} steps and {waiting} messages wait" if missed or waiting else ""

    def count(self) -> Counts:
        """What has been lost or doubled since the last count."""
        total = reconcile.count(
            self.journal.snapshot(),
            self.house.receipts.counts,
            until=ask.now(seconds_ago=5.0),
            but=self.poisoned,
        )
        new = total.since(self.counted)
        self.counted = total
        return new

    def deliveries(self, since: datetime) -> dict[str, Any]:
        """How many messages since then got outside, and the seconds the slowest took."""
        took = reconcile.delivery_times(since, self.house.receipts.first())
        return {"delivered": len(took), "delivery_delay_s": round(max(took, default=0.0), 1)}

    def lateness(self, since: datetime) -> dict[str, Any]:
        """Seconds between due and taken, of all steps that came since then."""
        p99, worst, steps = ask.rows(_LATE, {"since": since, "but": self.poisoned})[0]
        return {
            "steps": steps, "late_p99_s": round(float(p99), 2), "late_max_s": round(float(worst), 2)
        }  # fmt: skip

    def tell(self, people: int) -> None:
        """An urgent note for each of so many people, in turn; it leaves by all their ways."""
        ids = list(Person.objects.order_by("pk").values_list("pk", flat=True))
        chosen = [ids[(self.told + n) % len(ids)] for n in range(people)]
        self.told += people
        note = Note(key=f"faults:{self.told}", recipient_ids=chosen, text="F", urgent=True)
        post([note], at=ask.now())

    def tell_for(self, seconds: float) -> None:
        """Tell somebody something every second, for so long."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.tell(1)
            time.sleep(1)

    def normal_p95(self, *, again: bool = False) -> float:
        """Milliseconds of a request while nothing is broken, just now; in a short run once."""
        if again or not self.normal.seconds or self.size is not Size.QUICK:
            with self.clerks.window() as self.normal:
                time.sleep(self.pick(10.0, 60.0))
        return self.normal.p95

    def heal(self) -> list[str]:
        """Wait until every process works again; those that needed a hand, which they now get."""
        needy = []
        for name in self.house.kept:
            try:
                until(partial(wellness.is_well, self.house, name), f"{name} is not well")
            except Failed:
                needy.append(name)
                self.house.kept[name].kill()
        return needy


def sleep_until(moment: float) -> None:
    """Sleep until this monotonic moment, if it is still to come."""
    time.sleep(max(0.0, moment - time.monotonic()))
