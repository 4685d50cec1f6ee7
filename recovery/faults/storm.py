"""Everything at once: kills and freezes at random points of every process."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

from recovery.faults.clocks import LADDER
from recovery.faults.house import WORKING
from recovery.faults.scene import Scene, sleep_until

#: Of all kills so many hit the database.
DATABASE_KILLS = 20
FREEZES = 10
_OFTEN = ("web", "worker", "beat", "sweeper1", "sweeper2", "valkey")


def storm(scene: Scene) -> dict[str, Any]:
    """F38: 300 kills, 20 of them of PostgreSQL, and 10 freezes, while 10,000 clocks ring."""
    seconds = scene.pick(60.0, 900.0)
    deeds = _deeds(scene)
    gap = seconds / len(deeds)
    windings = scene.pick(2, 10)
    wound = 0
    with scene.clerks.window() as met:
        begun = time.monotonic()
        for number, deed in enumerate(deeds):
            if number % (len(deeds) // windings + 1) == 0:
                wound += scene.wind(scene.pick(50, 350), over=seconds / windings).cases
            sleep_until(begun + number * gap + scene.chance.uniform(0, gap))
            _do(scene, *deed)
    settled = scene.settle(180)
    return {
        "clocks": wound * len(LADDER),
        "freezes": sum(deed == "freeze" for deed, _ in deeds),
        **met.figures(),
        "given_up": scene.clerks.given_up,
        "settled_s": round(settled, 1),
    }


def _deeds(scene: Scene) -> list[tuple[str, str]]:
    kills = scene.pick(20, 300)
    database = scene.pick(2, DATABASE_KILLS)
    deeds = [("kill", scene.chance.choice(_OFTEN)) for _ in range(kills - database)]
    deeds += [("kill", "postgres")] * database
    deeds += [("freeze", scene.chance.choice(WORKING)) for _ in range(scene.pick(1, FREEZES))]
    scene.chance.shuffle(deeds)
    return deeds


def _do(scene: Scene, deed: str, name: str) -> None:
    kept = scene.house.kept[name]
    if deed == "freeze":
        kept.signal(signal.SIGSTOP)
        time.sleep(scene.chance.uniform(3, 9))
        kept.signal(signal.SIGCONT)
    elif name != "postgres" and scene.chance.random() < 0.5:
        _kill_one(scene, name)
        return
    else:
        kept.kill()
    scene.note_kill(name)


def _kill_one(scene: Scene, name: str) -> None:
    """One process of the session: a worker of gunicorn, a child of Celery, or the first."""
    members = scene.house.kept[name].members()
    if members:
        os.kill(scene.chance.choice(members), signal.SIGKILL)
        scene.note_kill(name)
