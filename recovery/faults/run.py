"""One run: the house is started, each fault is played and counted, the house is ended."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.db import connection

from recovery.demo.load import SIGN_IN_WORD
from recovery.faults import ask, outlets, traps
from recovery.faults.clerks import Clerks
from recovery.faults.clocks import Winder
from recovery.faults.house import House
from recovery.faults.journal import Journal
from recovery.faults.scene import Scene, Size
from recovery.faults.table import Fault, faults
from staff.models import Person, Role

logger = logging.getLogger(__name__)

CLERKS = 4
RATE = 6.0
Line = dict[str, Any]


def play(state: Path, *, size: Size, only: Sequence[str], seed: int) -> Iterator[Line]:
    """A line for each fault, the last one for all."""
    begun = time.monotonic()
    lines: list[Line] = []
    logging.getLogger().handlers = [logging.FileHandler(state / "faults.log")]
    with _scene(state, size, seed) as scene:
        yield {"house": "started", "seed": seed, "seconds": _since(begun)}
        for fault in _planted(scene, _chosen(size, only)):
            line = _play_one(scene, fault)
            lines.append(line)
            yield line
    failed = [line["fault"] for line in lines if line["ok"] is False]
    yield {
        "summary": size.value,
        "ok": not failed and bool(lines),
        "played": len(lines),
        "failed": failed,
        "skipped": [line["fault"] for line in lines if line["ok"] is None],
        "acknowledged": len(scene.journal.acknowledged),
        "kills": sum(line["kills"] for line in lines),
        **_sums(lines),
        "seconds": _since(begun),
    }


def _chosen(size: Size, only: Sequence[str]) -> list[Fault]:
    if only:
        return [fault for fault in faults() if fault.id in only]
    return [fault for fault in faults() if fault.quick or size is not Size.QUICK]


def _planted(scene: Scene, chosen: list[Fault]) -> list[Fault]:
    for fault in chosen:
        if fault.plant is not None:
            fault.plant(scene)
    return chosen


@contextmanager
def _scene(state: Path, size: Size, seed: int) -> Iterator[Scene]:
    house = House(state, seed=seed)
    journal = Journal(state / "journal.jsonl")
    try:
        house.start()
        outlets.set_up(house)
        traps.plant()
        clerks = Clerks(house.address, journal, _sign_ins(), rate=RATE)
        chance = random.Random(seed)
        clerks.start()
        try:
            yield Scene(house, clerks, journal, Winder(), chance, size)
        finally:
            clerks.stop()
    finally:
        connection.close()
        house.stop()
        journal.close()


def _sign_ins() -> list[tuple[str, str]]:
    clerks = Person.objects.filter(role=Role.FRONTLINE).order_by("-pk")[:CLERKS]
    return [(person.username, SIGN_IN_WORD) for person in clerks]


def _play_one(scene: Scene, fault: Fault) -> Line:
    begun = time.monotonic()
    at = ask.now()
    scene.kills.clear()
    allowed = scene.allowed
    try:
        figures = fault.play(scene)
        scene.settle()
    except Exception as failure:  # a fault that can't be played has failed; the others go on
        logger.exception("%s could not be played to its end.", fault.id)
        figures = {"ok": False, "failure": f"{type(failure).__name__}: {failure}"}
    needy = scene.heal()
    counts = scene.count()
    own = figures.pop("ok", True)
    # what a lease held back comes a minute later: repeats are held against all kills so far
    clean = counts.clean and scene.counted.repeats <= scene.allowed and not needy
    return {
        "fault": fault.id,
        "title": fault.title,
        "ok": None if own is None else bool(own and clean),
        **figures,
        "kills": scene.kills.total(),
        **scene.lateness(at),
        **asdict(counts),
        "repeats_allowed": scene.allowed - allowed,
        "needed_a_hand": needy,
        "seconds": _since(begun),
    }


def _sums(lines: list[Line]) -> Line:
    names = [
        name for name in lines[0] if name.startswith(("lost", "missed", "un", "torn", "double"))
    ]
    return {name: sum(line[name] for line in lines) for name in [*names, "repeats"]}


def _since(begun: float) -> float:
    return round(time.monotonic() - begun, 1)
