"""`manage.py up`: servers, tables, demo firm and all processes, until Ctrl-C stops all."""

import argparse
import asyncio
import fcntl
import os
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import IO, Any

from recovery import children, local, servers, sharing
from recovery.children import Child
from recovery.places import BASE, make_state
from recovery.processes import DEMO, LASTING, here
from recovery.supervisor import Supervisor
from recovery.terminal import Terminal

DEFAULT_PORT = 8000
Wanted = dict[str, servers.Server]
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Run:
    """One `up` from its first server to its last."""

    def __init__(self, state: Path, wanted: Wanted, options: argparse.Namespace) -> None:
        self.begun = time.monotonic()
        self.state = state
        self.wanted = wanted
        self.options = options
        self.terminal = Terminal()
        self.asked_to_stop = False
        self.end: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        remember = partial(children.remember, state / "pids")
        self.servers = Supervisor(self.terminal.line, self.end, remember)
        self.processes = Supervisor(self.terminal.line, self.end, remember)

    async def whole(self) -> int:
        """Start, serve, stop; the exit code is 0 when we were asked to stop."""
        for number in STOP_SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, self._ask_to_stop)
        flow = asyncio.create_task(self._serve())
        waits: set[asyncio.Future[Any]] = {flow, self.end}
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        flow.cancel()
        result = await asyncio.gather(flow, return_exceptions=True)
        await self._stop()
        return self._verdict(result[0])

    async def _serve(self) -> None:
        """Everything in its order; returns never, but may raise."""
        for server in self.wanted.values():
            self.servers.watch(server.child())
        for server in self.wanted.values():
            await _until(server.is_ready)
            server.settle()
        os.environ.update(servers.publish(self.state, self.wanted))
        await self._prepare()
        for name, process in LASTING.items():
            self.processes.watch(_child(name, process.command))
        await _until(partial(_answers, os.environ["PORT"]))
        self._greet(sign_ins := self._sign_ins())
        if sign_ins:
            self.processes.watch(_child("demo", DEMO, lasting=False))
        await self.end

    async def _prepare(self) -> None:
        """Tables, static files, first data; in the foreground, for it may ask for a name."""
        words = [sys.executable, "-m", "recovery.prepare", *self.options.prepare]
        dying = children.die_with_parent(signal.SIGTERM)
        step = await asyncio.create_subprocess_exec(*words, cwd=BASE, preexec_fn=dying)
        try:
            code = await step.wait()
        except asyncio.CancelledError:
            if step.returncode is None:
                step.send_signal(signal.SIGINT)  # a question for a password restores the terminal
                await step.wait()
            raise
        if code:
            raise children.Failed(f"the first step failed with exit code {code}")

    def _sign_ins(self) -> str:
        """Who may sign in to the demo firm; empty where there is none."""
        path = self.state / local.SIGN_INS_FILE
        return path.read_text().rstrip() if path.exists() else ""

    def _greet(self, sign_ins: str) -> None:
        seconds = time.monotonic() - self.begun
        if sign_ins:
            self.terminal.line("up", f"Demo sign-ins (name, password, person):\n{sign_ins}")
        address = f"http://127.0.0.1:{os.environ['PORT']}/"
        self.terminal.line("up", f"Ready after {seconds:.1f} s: {address} (Ctrl-C stops all)")

    def _ask_to_stop(self) -> None:
        if self.asked_to_stop:
            self.processes.kill()
        self.asked_to_stop = True
        if not self.end.done():
            self.end.set_result("asked to stop")

    async def _stop(self) -> None:
        self.terminal.line("up", "Stopping ...")
        (self.state / local.SERVICES_FILE).unlink(missing_ok=True)
        await self.processes.stop()
        await self.servers.stop()

    def _verdict(self, failure: BaseException | None) -> int:
        if self.asked_to_stop:
            self.terminal.line("up", "Everything is stopped.")
            return 0
        reason = self.end.result() if self.end.done() else str(failure)
        self.terminal.line("up", f"Everything is stopped, because {reason}")
        return 1


def _child(name: str, words: Sequence[str], *, lasting: bool = True) -> Child:
    # without this Python holds its lines back when it writes to a pipe
    loud = {"PYTHONUNBUFFERED": "1"}
    return Child(name, here(words), environment=loud, folder=BASE, lasting=lasting)


async def _until(holds: Callable[[], bool]) -> None:
    while not await asyncio.to_thread(holds):
        await asyncio.sleep(0.05)


def _answers(port: str) -> bool:
    """Whether the web server answers anything at all."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def choose_port() -> int:
    """PORT if it is set (it must be free then), else 8000, else any free one."""
    wanted = int(os.environ.get("PORT") or DEFAULT_PORT)
    port = children.free_port(wanted)
    if port != wanted and os.environ.get("PORT"):
        sys.exit(f"Port {wanted} is taken; set PORT to another one.")
    if port != wanted:
        print(f"Port {wanted} is taken; this run uses {port}.")
    return port


def _alone(state: Path) -> IO[str]:
    """The lock that makes this the only `up` in its folder, as long as the file stays open."""
    lock = (state / "up.lock").open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(f"`up` is already running here (its state is in {state}).")
    return lock


def _take_servers(state: Path) -> None:
    if sharing.own(state):
        return
    print("Waiting for another command in this folder to end (a shell, perhaps?) ...", flush=True)
    while not sharing.own(state):
        time.sleep(0.2)


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="manage.py up", description=__doc__)
    parser.add_argument(
        "--no-demo",
        dest="prepare",
        action="store_const",
        const=["--no-demo"],
        default=[],
        help="start empty and ask for the first administrator",
    )
    return parser.parse_args(arguments)


async def _run(state: Path, wanted: Wanted, options: argparse.Namespace) -> int:
    return await Run(state, wanted, options).whole()


def main(arguments: list[str]) -> int:
    """The exit code of one whole run."""
    options = _options(arguments)
    state = make_state()
    with _alone(state):
        try:
            os.environ["PORT"] = str(choose_port())
            _take_servers(state)
            wanted = servers.wanted(state)
            servers.prepare(state, wanted)
        except (children.Failed, KeyboardInterrupt) as stop:
            sys.exit(str(stop) or "Stopped.")
        return asyncio.run(_run(state, wanted, options))


if __name__ == "__main__":
    sys.exit(main(sys.argv[2:] if sys.argv[1:2] == ["up"] else sys.argv[1:]))
