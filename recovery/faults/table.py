"""All faults on one page, in the order in which they are played."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from recovery.faults import broker, database, processes, races, rows, shifted, storm
from recovery.faults.scene import Scene

Play = Callable[[Scene], dict[str, Any]]


@dataclass(frozen=True)
class Fault:
    """`play` breaks something and gives figures; `ok` among them is its own verdict, to which
    the reconciler's is added. `plant` comes before the first fault of the run. `quick`: played
    within the few minutes that every change waits for."""

    id: str
    title: str
    play: Play
    quick: bool = True
    plant: Callable[[Scene], None] | None = None


def faults() -> list[Fault]:
    """The faults of a run; some remember something from planting to playing."""
    poisoned = rows.Poisoned()
    return [
        Fault("F3", "sweepers killed", processes.sweepers_killed),
        Fault("F4", "sweeper killed inside its transaction", processes.sweeper_killed_inside),
        Fault("F5", "deliverer killed between send and mark", processes.deliverers_killed),
        Fault("F6", "worker killed", processes.worker_killed, quick=False),
        Fault("F8", "beat killed, doubled, with a broken schedule", processes.beat_killed),
        Fault("F9", "all sweepers gone", processes.all_sweepers_gone, quick=False),
        Fault("F10", "processes frozen", processes.frozen, quick=False),
        Fault("F11", "broker refuses", broker.refused),
        Fault("F12", "broker silent", broker.silent),
        Fault("F13", "broker flapping", broker.flapping, quick=False),
        Fault("F14", "broker's answers torn", broker.torn, quick=False),
        Fault("F15", "broker emptied, without files, full", broker.emptied, quick=False),
        Fault("F16", "database restarted and crashed", database.restarted),
        Fault("F18", "database slow", database.slow, quick=False),
        Fault("F20", "one case locked", database.case_locked),
        Fault("F23", "clocks of the hosts wrong by two days", shifted.clocks_shifted, quick=False),
        Fault("F26", "talk and sweep at one instant", races.talk_and_sweep),
        Fault("F27", "change of hands and sweep at one instant", races.transfer_and_sweep),
        Fault("F28", "money decided twice at one instant", races.money),
        Fault("F38", "everything at once", storm.storm, quick=False),
        Fault("F37", "one case can not be written", poisoned.play, plant=poisoned.plant),
    ]
