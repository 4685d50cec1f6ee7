"""The bench's own servers, and the processes of the house that a part lets run beside them."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import psycopg2
from django.core.management import call_command

from common import heartbeat
from recovery import children, static_files
from recovery.bench.spent import spent
from recovery.children import Child, Failed
from recovery.places import BASE
from recovery.postgres import Postgres
from recovery.processes import BEAT, SWEEPER, WEB, WORKER, here
from recovery.servers import Server, Servers
from recovery.valkey import Valkey

#: The same for both sides of every comparison; durability is PostgreSQL's default, fsync on.
SETTINGS: Mapping[str, str] = {
    "shared_buffers": "2GB",
    "maintenance_work_mem": "1GB",
    "max_wal_size": "16GB",
    "checkpoint_timeout": "1h",
    "autovacuum": "off",
}
COMMANDS: Mapping[str, Sequence[str]] = {
    "sweeper": SWEEPER.command,
    "worker": WORKER.command,
    "beat": BEAT.command,
    "web": WEB.command,
}
#: A management command waits for ever; what lasts does not.
_LIMITS = {"STATEMENT_TIMEOUT": "15s", "LOCK_TIMEOUT": "5s", "IDLE_TIMEOUT": "15s"}
_PATIENCE = 120.0


class RoomyPostgres(Postgres):
    """With the memory that a database of this size gets."""

    def child(self) -> Child:
        """The usual one with settings after it: of two, the last counts."""
        usual = super().child()
        words = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
        return replace(usual, command=[*usual.command, *words])


class House:
    """Servers in a state folder, with the tables and nobody in them."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.postgres = RoomyPostgres(state, durable=True)
        self.valkey = Valkey(state, durable=True)
        self.port = 0
        self._pids: dict[str, int] = {}
        self._servers = Servers(state)
        self._servers.servers = self._wanted()

    def __enter__(self) -> House:
        self._servers.start()
        self._may_checkpoint()
        call_command("migrate", verbosity=0, interactive=False)
        return self

    def __exit__(self, *_: object) -> None:
        self._servers.stop()

    @contextmanager
    def running(self, *names: str) -> Iterator[None]:
        """These processes, from the moment that a sweep of theirs has come round."""
        begun = time.monotonic()
        with self.started(*names):
            until(lambda: _has_swept_since(begun), f"{names} do not sweep")
            yield

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Web processes as in production, at `port`, from the moment that they answer."""
        static_files.collect_stale()
        self.port = children.free_port()
        with self.started("web"):
            until(self._answers, "the web process does not answer")
            yield

    def spent(self) -> float:
        """Seconds of CPU that the database and the web have had."""
        server = [process.pid for child, process in self._servers.running if child.name != "valkey"]
        return spent(*server, *[pid for name, pid in self._pids.items() if name == "web"])

    def _answers(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True
        return False

    @contextmanager
    def started(self, *names: str) -> Iterator[None]:
        """These processes, from the moment that they were asked to start."""
        children_ = [self._child(name) for name in names]
        processes = [children.spawn(child) for child in children_]
        for child, process in zip(children_, processes, strict=True):
            children.remember(self.state / "pids", child, process.pid)
            self._pids[child.name] = process.pid
        try:
            yield
        finally:
            for child, process in zip(children_, processes, strict=True):
                process.send_signal(child.stop_signal)
            for process in processes:
                process.wait(_PATIENCE)

    def _wanted(self) -> dict[str, Server]:
        return {"DATABASE_URL": self.postgres, "REDIS_URL": self.valkey}

    def _child(self, name: str) -> Child:
        environment = {**_LIMITS, "REDIS_URL": self.valkey.url}
        if name == "web":
            environment |= {"PORT": str(self.port), "WEB_WORKERS": "2"}
        log = self.state / f"{name}.log"
        return Child(name, here(COMMANDS[name]), environment=environment, folder=BASE, log=log)

    def _may_checkpoint(self) -> None:
        """Each timed run begins after a checkpoint, so that none falls into it."""
        wire = psycopg2.connect(host=str(self.postgres.sockets), user="postgres", dbname="postgres")
        try:
            with wire, wire.cursor() as cursor:
                cursor.execute("GRANT pg_checkpoint TO recovery")
        finally:
            wire.close()


def _has_swept_since(begun: float) -> bool:
    age = heartbeat.age("sweep")
    return age is not None and age.total_seconds() < time.monotonic() - begun


def until(holds: Callable[[], object], what: str, patience: float = _PATIENCE) -> None:
    """Wait until it holds. Raises Failed with the words given."""
    end = time.monotonic() + patience
    while not holds():
        if time.monotonic() > end:
            raise Failed(f"{what} within {patience:.0f} s")
        time.sleep(0.02)


def machine() -> str:
    """What the figures were taken on, in few words."""
    load = os.getloadavg()[0]
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return f"{os.cpu_count()} cores, {pages / 2**30:.0f} GiB, load {load:.1f} at the start"
