"""Child processes that never outlive us: a session of their own, an end with their parent."""

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1


class Failed(Exception):
    """A server or a step can't go on; the text says why."""


@dataclass(frozen=True)
class Child:
    """How to start, ask and stop one process.

    `identity` is who it runs as (arguments of Popen). One that is not `lasting` has done its work
    when it ends with exit code 0.
    """

    name: str
    command: Sequence[str]
    stop_signal: signal.Signals = signal.SIGTERM
    identity: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path = Path("/")
    log: Path | None = None
    is_ready: Callable[[], bool] | None = None
    lasting: bool = True

    def last_words(self) -> str:
        """The end of its log, for a message that says why it failed."""
        if self.log is None or not self.log.exists():
            return ""
        return self.log.read_text(errors="replace")[-1500:]


def die_with_parent(stop_signal: signal.Signals) -> Callable[[], None] | None:
    """What a new child runs first: it asks for this signal when its parent dies (Linux only)."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)
    parent = os.getpid()

    def ask() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(stop_signal))
        if os.getppid() != parent:
            os._exit(1)

    return ask


def spawn(child: Child) -> subprocess.Popen[bytes]:
    """Start a child that writes to its own log."""
    with open(child.log or os.devnull, "ab") as log:
        return subprocess.Popen(
            child.command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            **popen_arguments(child),
        )


def popen_arguments(child: Child) -> dict[str, Any]:
    """What every way of starting a child has in common."""
    return {
        "cwd": child.folder,
        "env": {**os.environ, **child.environment},
        "start_new_session": True,
        "preexec_fn": die_with_parent(child.stop_signal),
        **child.identity,
    }


def free_port(wanted: int = 0) -> int:
    """The wanted port on 127.0.0.1 if it is free, else any free one."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise Failed("No port is free on 127.0.0.1.")


def remember(folder: Path, child: Child, pid: int) -> None:
    """Write down a child's pid, so that the next start can end it if we could not."""
    folder.mkdir(exist_ok=True)
    note = {"pid": pid, "command": " ".join(child.command), "signal": int(child.stop_signal)}
    (folder / f"{child.name}.json").write_text(json.dumps(note))


def end_leftovers(folder: Path) -> None:
    """End the children that an earlier run wrote down and, when it was killed, left behind."""
    for path in sorted(folder.glob("*.json")):
        note = json.loads(path.read_text())
        # the words that put PostgreSQL into a namespace are gone once it runs
        runs = _command_line(note["pid"])
        if runs and note["command"].endswith(runs):
            _end(note["pid"], note["signal"])
        path.unlink()


def _command_line(pid: int) -> str:
    """The command line of a process; empty if there is none."""
    proc = Path(f"/proc/{pid}/cmdline")
    if sys.platform.startswith("linux"):
        try:
            return proc.read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:
            return ""
    asked = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True)
    return asked.stdout.strip()


def _end(pid: int, stop_signal: int, patience: float = 10) -> None:
    give_up = time.monotonic() + patience
    try:
        os.kill(pid, stop_signal)
        while time.monotonic() < give_up:
            os.kill(pid, 0)
            time.sleep(0.05)
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
