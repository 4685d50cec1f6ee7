"""PostgreSQL and Valkey together, started and stopped by one owner in a state folder."""

import os
import subprocess
import time
from pathlib import Path

from recovery import children, unroot
from recovery.children import Child, Failed
from recovery.local import SERVICES_FILE, make_key
from recovery.places import write_private
from recovery.postgres import Postgres
from recovery.valkey import Valkey

PATIENCE = 30.0
LONGEST_LOG = 10_000_000
Server = Postgres | Valkey


def wanted(state: Path, *, durable: bool = True) -> dict[str, Server]:
    """The servers to start, by the variable of their address; none that the environment names."""
    servers: dict[str, Server] = {}
    if not given("DATABASE_URL"):
        servers["DATABASE_URL"] = Postgres(state, durable=durable)
    if not given("REDIS_URL"):
        servers["REDIS_URL"] = Valkey(state, durable=durable)
    return servers


def given(name: str) -> bool:
    """Whether the environment names this server."""
    return bool(os.environ.get(name) or os.environ.get(f"{name}_FILE"))


def prepare(state: Path, servers: dict[str, Server]) -> None:
    """Clear away what earlier runs left, make the key and the folders."""
    make_key(state)
    (state / SERVICES_FILE).unlink(missing_ok=True)
    children.end_leftovers(state / "pids")
    unroot.sweep()
    for log in state.glob("*.log"):
        if log.stat().st_size > LONGEST_LOG:
            log.replace(log.with_suffix(".log.old"))
    for server in servers.values():
        server.prepare()


def publish(state: Path, servers: dict[str, Server]) -> dict[str, str]:
    """Write down where the servers answer, for commands in this folder; the same as a mapping."""
    addresses = {name: server.url for name, server in servers.items()}
    lines = "".join(f"{name}={address}\n" for name, address in addresses.items())
    write_private(state / SERVICES_FILE, lines)
    return addresses


class Servers:
    """Servers without a supervisor, for as long as a test run or a command needs them."""

    def __init__(self, state: Path, *, durable: bool = True) -> None:
        self.state = state
        self.servers = wanted(state, durable=durable)
        self.running: list[tuple[Child, subprocess.Popen[bytes]]] = []

    def start(self) -> dict[str, str]:
        """Start them and wait; gives their addresses. Raises Failed if one does not start."""
        prepare(self.state, self.servers)
        try:
            for server in self.servers.values():
                self._spawn(server.child())
            for child, process in self.running:
                wait_until_ready(child, process)
            for server in self.servers.values():
                server.settle()
        except BaseException:
            self.stop()
            raise
        return publish(self.state, self.servers)

    def alive(self) -> bool:
        """Whether all of them still run."""
        return all(process.poll() is None for _, process in self.running)

    def stop(self) -> None:
        """End them, without force where that is enough."""
        (self.state / SERVICES_FILE).unlink(missing_ok=True)
        for child, process in self.running:
            if process.poll() is None:
                process.send_signal(child.stop_signal)
        for _, process in self.running:
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
        self.running.clear()

    def _spawn(self, child: Child) -> None:
        process = children.spawn(child)
        children.remember(self.state / "pids", child, process.pid)
        self.running.append((child, process))


def wait_until_ready(child: Child, process: subprocess.Popen[bytes]) -> None:
    """Return when the child answers; raises Failed with its last words if it does not."""
    give_up = time.monotonic() + PATIENCE
    while child.is_ready is not None and not child.is_ready():
        if process.poll() is not None or time.monotonic() > give_up:
            raise Failed(f"{child.name} did not start:\n{child.last_words()}")
        time.sleep(0.03)
