"""Seconds of CPU that processes have had: on a machine with other work they say more than the
clock (on Linux)."""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import Path


def spent(*roots: int) -> float:
    """By these processes and by all that they have started, ended ones as well."""
    children: dict[int, list[int]] = defaultdict(list)
    ticks: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile; its parent counts it
            continue
        pid = int(stat.parent.name)
        children[int(words[1])].append(pid)
        ticks[pid] = sum(map(int, words[11:15]))
    return _of(list(roots), children, ticks) / os.sysconf("SC_CLK_TCK")


def _of(pids: list[int], children: dict[int, list[int]], ticks: dict[int, int]) -> int:
    total = 0
    while pids:
        pid = pids.pop()
        total += ticks.get(pid, 0)
        pids += children[pid]
    return total
