"""Processes that are started again whenever they end, as a service manager does it."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from recovery import children
from recovery.children import Child

PAUSE = 0.3
PATIENCE = 20.0


class Kept:
    """One process with its session. `down` keeps it from being started again, until `up`."""

    def __init__(self, child: Child, pids: Path) -> None:
        self.child = child
        self.starts = 0
        self._since = 0.0
        self._pids = pids
        self._process: subprocess.Popen[bytes] | None = None
        self._wanted = threading.Event()
        self._over = False
        self._starting = threading.Lock()
        # this thread starts and outlives the child: a child dies with the thread that made it
        self._thread = threading.Thread(target=self._keep, name=child.name, daemon=True)
        self._thread.start()

    @property
    def name(self) -> str:
        return self.child.name

    @property
    def pid(self) -> int | None:
        """Of the process that runs now; None between two."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    @property
    def age(self) -> float:
        """Seconds since the process that runs now was started; 0 between two."""
        return time.time() - self._since if self.pid is not None else 0.0

    def up(self, **environment: str) -> None:
        """Run it, from its next start on with these words added to its environment."""
        if environment:
            self.child = replace(self.child, environment={**self.child.environment, **environment})
        self._wanted.set()

    def ask_down(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Tell it to end, and do not start it again."""
        with self._starting:
            self._wanted.clear()
        self.signal(signal.SIGCONT)
        process = self._process
        if process is not None and process.poll() is None:
            process.send_signal(number)  # it tells its children in its own way

    def down(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End it, with force if it does not go by itself, and leave it ended."""
        self.ask_down(number)
        if not self._ended_within(PATIENCE):
            self.kill()
            self._ended_within(PATIENCE)

    def kill(self) -> bool:
        """SIGKILL to the process and all it has started; whether there was one."""
        return self.signal(signal.SIGKILL)

    def signal(self, number: signal.Signals) -> bool:
        """A signal to the process and its session; whether there was one."""
        pid = self.pid
        return pid is not None and _to_session(pid, number)

    def members(self) -> list[int]:
        """The process and those of its session, the process itself first."""
        pid = self.pid
        return [] if pid is None else [pid, *(p for p in _session(pid) if p != pid)]

    def restart_with(self, environment: Mapping[str, str]) -> None:
        """End it and run it with exactly these words in its environment."""
        self.down()
        self.child = replace(self.child, environment=dict(environment))
        self.up()

    def stop(self) -> None:
        """End it for good."""
        self._over = True
        self.down(self.child.stop_signal)
        self._wanted.set()
        self._thread.join(PATIENCE)

    def _keep(self) -> None:
        while self._wanted.wait() and not self._over:
            with self._starting:
                if not self._wanted.is_set():
                    continue
                process = self._process = children.spawn(self.child)
            self.starts += 1
            self._since = time.time()
            children.remember(self._pids, self.child, process.pid)
            process.wait()
            _to_session(process.pid, signal.SIGKILL)
            if not self._over:
                time.sleep(PAUSE)

    def _ended_within(self, seconds: float) -> bool:
        give_up = time.monotonic() + seconds
        while self.pid is not None:
            if time.monotonic() > give_up:
                return False
            time.sleep(0.05)
        return True


def _to_session(pid: int, number: signal.Signals) -> bool:
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _session(leader: int) -> list[int]:
    """The processes of this session."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == leader:
            found.append(int(path.parent.name))
    return sorted(found)


def children_of(pid: int) -> list[int]:
    """The direct children of a process, of whatever session."""
    try:
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [int(word) for word in listed.split()]


def holder_of_port(port: int, to: int, among: list[int]) -> int | None:
    """Which of these processes has the connection from this port of 127.0.0.1 to that one; others
    may leave by the same port to elsewhere."""
    socket = f"socket:[{_inode_of(port, to)}]"
    return next((pid for pid in among if socket in _open_files(pid)), None)


def _open_files(pid: int) -> list[str]:
    """What the process has open, as the kernel says it; it goes on opening and closing."""
    found: list[str] = []
    with suppress(OSError):
        for link in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                found.append(os.readlink(link))
    return found


def _inode_of(port: int, to: int) -> str:
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[1:3] == [f"0100007F:{port:04X}", f"0100007F:{to:04X}"]:
            return fields[9]
    return "none"
