"""Work in processes of its own, as the house does it: timed from the start they share."""

from __future__ import annotations

import gc
import multiprocessing
import os
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from pathlib import Path
from threading import BrokenBarrierError

from django.db import connection, connections

from recovery.bench import sql
from recovery.children import Failed

Work = Callable[[], int]
_START = 30.0
_FORK = multiprocessing.get_context("fork")


@dataclass(frozen=True)
class Done:
    """What one process has done, between two readings of the clock that all processes share.
    `memory` is the most it has held, in MB, `cpu` the seconds that it and its server process
    have worked: on a machine that others use, these say more than the clock."""

    count: int
    begun: float
    ended: float
    memory: float
    cpu: float


class Crew:
    """Processes that are ready, with a connection each, and begin together at `start`."""

    def __init__(self, *work: Work) -> None:
        connections.close_all()
        self._gate = _FORK.Barrier(len(work) + 1)
        pipes = [_FORK.Pipe(duplex=False) for _ in work]
        self._ears = [ear for ear, _mouth in pipes]
        self._processes = [
            _FORK.Process(target=_run, args=(each, self._gate, mouth), daemon=True)
            for each, (_ear, mouth) in zip(work, pipes, strict=True)
        ]
        for process in self._processes:
            process.start()
        for _ear, mouth in pipes:
            mouth.close()

    def start(self) -> float:
        """Let them begin; when they did."""
        try:
            self._gate.wait(_START)
        except BrokenBarrierError as error:
            raise Failed("A worker did not start.") from error
        return time.monotonic()

    def results(self) -> list[Done]:
        """Wait for all of them. Raises Failed if one broke down."""
        try:
            return [ear.recv() for ear in self._ears]
        except EOFError as error:
            raise Failed("A worker broke down.") from error
        finally:
            for process in self._processes:
                process.join()


def together(*work: Work) -> tuple[float, list[Done]]:
    """Each in a process of its own; the seconds from the first start to the last end."""
    crew = Crew(*work)
    crew.start()
    done = crew.results()
    return max(each.ended for each in done) - min(each.begun for each in done), done


def _run(work: Work, gate: Barrier, mouth: Connection) -> None:
    server = int(sql.value("SELECT pg_backend_pid()"))
    gc.freeze()  # what the parent has made is not for the child to look through
    gate.wait(_START)
    worked = _worked(server)
    begun = time.monotonic()
    count = work()
    ended = time.monotonic()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    mouth.send(Done(count, begun, ended, memory, _worked(server) - worked))
    connection.close()


def _worked(server: int) -> float:
    """Seconds of CPU that this process and that of the server have had (on Linux)."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    stat = Path(f"/proc/{server}/stat")
    ticks = stat.read_text().rpartition(")")[2].split()[11:13] if stat.exists() else []
    return own.ru_utime + own.ru_stime + sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")
