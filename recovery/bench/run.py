"""One run of the bench: the house is furnished, each part measured, a line for each figure."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from django.db import connection

from recovery.bench import filing, helpdesk, latency, registering, searching, sweep
from recovery.bench.desk import Desk, furnish, furnish_with_words
from recovery.bench.house import SETTINGS, House, machine
from recovery.bench.idle import Idle
from recovery.bench.lines import Line
from recovery.bench.size import Size

PARTS = {
    "clocks": ("sweep", "idle", "latency", "helpdesk"),
    "intake": ("register", "page", "file", "search"),
}
#: Only when it is asked for.
MORE_PARTS = {"clocks": ("batches",), "intake": ()}


def measure(
    state: Path, what: str, *, size: Size, only: Collection[str]
) -> Iterator[dict[str, Any]]:
    """What was measured on, a line for each figure, and a summary of them all."""
    begun = time.monotonic()
    said: list[Line] = []
    yield {"bench": what, "scale": size.scale, "machine": machine(), "settings": dict(SETTINGS)}
    try:
        with House(state) as house:
            for line in _BENCHES[what](house, size, only or PARTS[what]):
                said.append(line)
                yield line.as_dict()
    finally:
        connection.close()
    yield {
        "bench": what,
        "summary": f"{sum(line.ok is True for line in said)} of"
        f" {sum(line.ok is not None for line in said)} targets kept",
        "missed": [line.what for line in said if line.ok is False],
        "wrong": [text for line in said for text in line.wrong],
        "seconds": round(time.monotonic() - begun),
    }


def _clocks(house: House, size: Size, only: Collection[str]) -> Iterator[Line]:
    begun = time.monotonic()
    idle = Idle()
    desk = furnish(house, size)
    desk.write_few()
    if "idle" in only:
        yield idle.measure(desk)
    desk.write_rest()
    yield _loaded(size, time.monotonic() - begun)
    yield from _on_a_full_desk(desk, idle, only)
    if "idle" in only:
        desk.write_many()
        yield idle.measure(desk)
        yield idle.compare()


def _on_a_full_desk(desk: Desk, idle: Idle, only: Collection[str]) -> Iterator[Line]:
    if "idle" in only:
        yield idle.measure(desk)
    if "sweep" in only:
        yield from sweep.measure(desk)
    if "batches" in only:
        yield from sweep.measure_batches(desk)
    if "helpdesk" in only:
        yield from helpdesk.measure(desk)
    if "latency" in only:
        yield from latency.measure(desk)


def _loaded(size: Size, seconds: float) -> Line:
    return Line(
        part="load",
        what=f"{size.open_cases * 4} running and {size.closed_cases * 4} stopped clocks",
        ours=seconds,
        unit="s",
        how=f"{size.open_cases + size.closed_cases} cases with their events, 532 branches",
    )


def _intake(house: House, size: Size, only: Collection[str]) -> Iterator[Line]:
    begun = time.monotonic()
    furnish_with_words(size)
    yield Line(
        bench="intake",
        part="load",
        what=f"{size.told_cases} cases, each with words of its own",
        ours=time.monotonic() - begun,
        unit="s",
        how="532 branches; the cases are closed",
    )
    parts = {
        "register": registering.measure,
        "page": registering.measure_page,
        "file": filing.measure,
        "search": searching.measure,
    }
    for name, part in parts.items():
        if name in only:
            yield from part(house, size)


_BENCHES = {"clocks": _clocks, "intake": _intake}
