"""A `manage.py up` of its own for a test: its lines, its processes, its end."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from recovery.children import die_with_parent, free_port
from recovery.places import BASE

PATIENCE = 120.0
OURS = (
    "DATABASE_URL", "REDIS_URL", "SECRET_KEY", "RECOVERY_STATE", "PYTEST_XDIST_WORKER",
    "STATEMENT_TIMEOUT", "TRUST_HOST_CLOCK",
)  # fmt: skip


def environment(state: Path, **more: str) -> dict[str, str]:
    """The environment of somebody who never ran a test: no servers named, a state folder apart."""
    kept = {name: value for name, value in os.environ.items() if name not in OURS}
    return {**kept, "RECOVERY_STATE": str(state), **more}


def manage(state: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """One whole `manage.py` command."""
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=BASE,
        env=environment(state, **more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


def until(holds: Callable[[], object], what: str) -> None:
    """Wait until it holds; fails with the words given."""
    give_up = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < give_up, what
        time.sleep(0.1)


def processes_of(state: Path) -> list[str]:
    """The command lines of all processes that know of this state folder."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().replace(b"\0", b" ")
            if str(state).encode() in words + (folder / "environ").read_bytes():
                found.append(words.decode())
        except OSError:
            continue
    return found


class Up:
    """A running `manage.py up`."""

    def __init__(self, state: Path, *options: str, **more: str) -> None:
        self.state = state
        self.port = free_port()
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "up", *options],
            cwd=BASE,
            env=environment(state, PORT=str(self.port), **more),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            preexec_fn=die_with_parent(signal.SIGTERM),
        )
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        with self.process.stdout as said:
            for line in said:
                self.lines.append(line.rstrip("\n"))

    @property
    def said(self) -> str:
        return "\n".join(self.lines)

    def wait_for(self, words: str, *, after: int = 0) -> None:
        """Wait for a line with these words, after that many lines."""

        def heard() -> bool:
            if any(words in line for line in self.lines[after:]):
                return True
            assert self.process.poll() is None, f"ended before it said {words!r}:\n{self.said}"
            return False

        until(heard, f"never said {words!r}:\n{self.said}")

    def pid_of(self, name: str) -> int:
        note = json.loads((self.state / "pids" / f"{name}.json").read_text())
        return int(note["pid"])

    def kill(self, name: str) -> None:
        """Kill a child the hard way and wait for the line that says it runs again."""
        heard = len(self.lines)
        os.kill(self.pid_of(name), signal.SIGKILL)
        self.wait_for(f"{name} was ended by SIGKILL", after=heard)
        self.wait_for(f"{name} restarted", after=heard)

    def status(self, path: str) -> int:
        """The HTTP status of a page; 0 if nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as page:
                return int(page.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def swept_since(self, moment: float) -> bool:
        """Whether a sweep came round after this monotonic moment: beat, broker and worker work."""
        try:
            address = f"http://127.0.0.1:{self.port}/healthz"
            with urllib.request.urlopen(address, timeout=5) as page:
                age = json.load(page)["last_sweep_seconds"]
        except (OSError, KeyError):
            return False
        return age is not None and age < time.monotonic() - moment

    def is_well(self, name: str) -> bool:
        """What the health check of docker-compose.yml says about this process."""
        probe = [sys.executable, "-m", "recovery.probe", name]
        env = environment(self.state, PORT=str(self.port))
        return subprocess.run(probe, cwd=BASE, env=env, capture_output=True).returncode == 0

    def __enter__(self) -> "Up":
        return self

    def __exit__(self, *args: object) -> None:
        self.end(signal.SIGKILL)

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        """Send the signal to it alone and wait; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(PATIENCE)
        self.reader.join(PATIENCE)
        return code
