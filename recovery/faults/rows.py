"""A row that can't be written: one poisoned case must harm no other, and must be known."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

from recovery.faults import ask, traps
from recovery.faults.house import until
from recovery.faults.scene import Scene, Size

#: Headquarters' duty hears of it within so many seconds.
TOLD = 120.0
_TOLD = """
    SELECT extract(epoch FROM min(message.created_at) - %(since)s)
    FROM notify_message message JOIN complaints_clock clock
        ON message.key = 'stuck:' || clock.id
    WHERE clock.complaint_id = %(case)s AND message.urgent
"""
#: Skips what the case has still to wait for its next try.
_HURRY = "UPDATE complaints_clock SET next_at = now() WHERE failures > 0 AND complaint_id = %s"
_STEPS = "SELECT count(*) FROM complaints_escalation WHERE complaint_id = %s"


class Poisoned:
    """The case planted before the other faults, which is looked at after them."""

    def __init__(self) -> None:
        self.case = 0
        self.since: datetime | None = None
        self.others: dict[str, Any] = {}

    def plant(self, scene: Scene) -> None:
        """Poison one of many cases that come due together; see that the others are on time."""
        begun = ask.now()
        wound = scene.winder.wind(scene.pick(60, 200), over=4.0, after=2.0)
        self.case = wound.ids[len(wound.ids) // 2]
        self.since = ask.now(seconds_ago=-4.0)
        scene.poisoned.append(self.case)
        traps.poison(self.case)
        time.sleep(9)
        self.others = scene.lateness(begun)

    def play(self, scene: Scene) -> dict[str, Any]:
        """F37: the duty is told of the case that can't be written; cured, it is caught up with."""
        if self.since is None:
            self.plant(scene)
        values = {"since": self.since, "case": self.case}
        until(lambda: ask.value(_TOLD, values) is not None, "the duty was not told", TOLD)
        told = float(ask.value(_TOLD, values))
        written = int(ask.value(_STEPS, [self.case]))
        traps.poison(None)
        if scene.size is Size.QUICK:
            ask.rows(_HURRY, [self.case])
        caught_up = until(lambda: ask.value(_STEPS, [self.case]), "the cured case rests", 330)
        scene.poisoned.remove(self.case)
        return {
            "others_taken": self.others["steps"],
            "others_late_max_s": self.others["late_max_s"],
            "duty_told_s": round(told, 1),
            "cured_and_taken_s": round(caught_up, 1),
            "ok": written == 0 and told <= TOLD and self.others["late_max_s"] <= 5,
        }
