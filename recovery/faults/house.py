"""A whole house in a folder of its own: servers behind proxies, every process kept running."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from recovery import servers
from recovery.children import Child, Failed, free_port
from recovery.faults.keeper import Kept
from recovery.faults.loop import Loop
from recovery.faults.proxy import Proxy, tcp, unix
from recovery.faults.receipts import Receipts
from recovery.faults.sinks import MailSink, WebSink
from recovery.places import BASE
from recovery.postgres import Postgres
from recovery.processes import BEAT, SWEEPER, WEB, WORKER, here
from recovery.valkey import Valkey

PATIENCE = 60.0
#: Below the ports that systems give to connections going out.
QUIET_PORTS = (20_000, 32_000)
WORKING = ("web", "worker", "beat", "sweeper1", "sweeper2")
#: Processes that send messages out; a kill may repeat one of each.
DELIVERERS = ("worker", "sweeper1", "sweeper2")
_SERVERS = ("postgres", "valkey")
_WORDS: Mapping[str, Sequence[str]] = {
    "web": WEB.command,
    "worker": WORKER.command,
    "beat": BEAT.command,
    "sweeper1": SWEEPER.command,
    "sweeper2": SWEEPER.command,
}


class House:
    """Started by `start`, ended by `stop`; in between every process can be killed by its name."""

    def __init__(self, state: Path, *, seed: int) -> None:
        self.state = state
        self.loop = Loop()
        self.postgres = Postgres(state, durable=True)
        self.valkey = Valkey(state, durable=True)
        self.valkey.port = quiet_port()
        socket = str(self.postgres.sockets / ".s.PGSQL.5432")
        self.database = Proxy(self.loop, unix(socket), seed=seed)
        self.broker = Proxy(self.loop, tcp(self.valkey.port), seed=seed)
        self.receipts = Receipts(state / "receipts.jsonl")
        self.mail = MailSink(self.loop, self.receipts)
        self.web_sink = WebSink(self.loop, self.receipts)
        self.port = quiet_port()
        self.environment = self._environment()
        self.kept: dict[str, Kept] = {}

    @property
    def address(self) -> str:
        """Where the web server answers."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Servers, tables, a firm, and all that works in it. Raises Failed."""
        servers.prepare(self.state, {"DATABASE_URL": self.postgres, "REDIS_URL": self.valkey})
        for server in (self.postgres, self.valkey):
            self._keep(server.child())
        for server in (self.postgres, self.valkey):
            until(server.is_ready, f"{server.name} did not start")
            server.settle()
        self._prepare()
        for name in WORKING:
            self._keep(self._child(name, _WORDS[name]))
        until(self.web_answers, "the web server did not start")

    def stop(self) -> None:
        """End all processes, the servers last, then the world outside."""
        self.down([name for name in self.kept if name not in _SERVERS])
        for name in reversed(self.kept):
            self.kept[name].stop()
        for line in (self.database, self.broker, self.mail, self.web_sink):
            line.close()
        self.receipts.close()
        self.loop.stop()

    def down(self, names: Sequence[str]) -> None:
        """End these processes together, until each is told `up` again."""
        for name in names:
            self.kept[name].ask_down()
        for name in names:
            self.kept[name].down()

    def manage(self, *words: str) -> subprocess.CompletedProcess[str]:
        """One Python command in this house, to its end, whatever its exit code."""
        return subprocess.run(
            [sys.executable, *words],
            cwd=BASE,
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )

    def add(self, name: str, words: Sequence[str], **environment: str) -> Kept:
        """One more process of this house."""
        child = self._child(name, words)
        return self._keep(replace(child, environment={**child.environment, **environment}))

    def remove(self, name: str) -> None:
        """End a process that was added."""
        self.kept.pop(name).stop()

    def web_answers(self) -> bool:
        """Whether the web server and its database are there."""
        return self.status("/healthz") == 200

    def status(self, path: str) -> int:
        """The HTTP status of an address; 0 if nobody answers."""
        try:
            with urllib.request.urlopen(f"{self.address}{path}", timeout=10) as page:
                return int(page.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def _prepare(self) -> None:
        done = self.manage("-m", "recovery.prepare")
        if done.returncode:
            raise Failed(f"the first step failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")

    def host(self, name: str) -> Path:
        """The state folder of the machine that this process runs on."""
        if name != "sweeper2":
            return self.state
        other = self.state / "other-host"
        other.mkdir(exist_ok=True)
        return other

    def _environment(self) -> dict[str, str]:
        """What the processes of the house are told; all they reach, they reach by proxies."""
        _, _, broker = self.valkey.url.rpartition("@")
        _, _, number = broker.partition("/")
        return {
            "DATABASE_URL": f"postgres://recovery@127.0.0.1:{self.database.port}/recovery",
            "REDIS_URL": (f"redis://:{self.valkey.password}@127.0.0.1:{self.broker.port}/{number}"),
            "EMAIL_URL": f"smtp://127.0.0.1:{self.mail.port}",
            "SITE_URL": self.address,
            "PORT": str(self.port),
            "PYTHONUNBUFFERED": "1",
        }

    def _child(self, name: str, words: Sequence[str]) -> Child:
        """A process of this machine; the second sweeper counts as one of another."""
        log = self.state / f"{name}.log"
        environment = {**self.environment, "RECOVERY_STATE": str(self.host(name))}
        return Child(name, here(words), environment=environment, folder=BASE, log=log)

    def _keep(self, child: Child) -> Kept:
        kept = self.kept[child.name] = Kept(child, self.state / "pids")
        kept.up()
        return kept


def quiet_port() -> int:
    """A free port from which no connection leaves, so that whoever listens there and is killed
    finds it free again."""
    return free_port(random.randrange(*QUIET_PORTS))


def until(holds: Callable[[], object], what: str, patience: float = PATIENCE) -> float:
    """Wait until it holds; the seconds it took. Raises Failed with the words given."""
    begun = time.monotonic()
    while not holds():
        if time.monotonic() > begun + patience:
            raise Failed(f"{what} within {patience:.0f} s")
        time.sleep(0.1)
    return time.monotonic() - begun
