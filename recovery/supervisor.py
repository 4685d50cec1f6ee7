"""Keeps children running: restarts one that ends, gives up after five quick deaths."""

import asyncio
import os
import signal
import time
from collections import deque
from collections.abc import Callable

from recovery.children import Child, popen_arguments

QUICK_DEATHS = 5
QUICK = 60.0
PAUSE = 0.3
PATIENCE = 20.0

Say = Callable[[str, str], None]
Remember = Callable[[Child, int], None]


class Supervisor:
    """Watches children until `stop`. `failed` gets the reason when it gives up on one of them."""

    def __init__(self, say: Say, failed: asyncio.Future[str], remember: Remember) -> None:
        self.say = say
        self.failed = failed
        self.remember = remember
        self.stopping = False
        self.running: dict[str, tuple[Child, asyncio.subprocess.Process]] = {}
        self.watches: list[asyncio.Task[None]] = []

    def watch(self, child: Child) -> None:
        """Start a child and keep it running."""
        self.watches.append(asyncio.create_task(self._watch(child)))

    async def stop(self) -> None:
        """End all children, with force those that do not go by themselves."""
        self.stopping = True
        for child, process in self.running.values():
            _signal(process, child.stop_signal)
        _, late = await asyncio.wait(self.watches, timeout=PATIENCE) if self.watches else ((), ())
        if late:
            self.say("up", f"{', '.join(self.running)} did not stop in time")
            self.kill()
            await asyncio.wait(late)

    def kill(self) -> None:
        """End all children at once."""
        self.stopping = True
        for _, process in self.running.values():
            _kill_session(process.pid)

    async def _watch(self, child: Child) -> None:
        try:
            await self._keep_running(child)
        except OSError as error:
            self._fail(f"{child.name} could not be started: {error}")

    async def _keep_running(self, child: Child) -> None:
        deaths: deque[float] = deque(maxlen=QUICK_DEATHS)
        while not self.stopping:
            code = await self._run_once(child, is_restart=bool(deaths))
            if self.stopping:
                return
            if code == 0 and not child.lasting:
                return
            ending = _ending(code)
            deaths.append(time.monotonic())
            if len(deaths) == QUICK_DEATHS and deaths[-1] - deaths[0] < QUICK:
                self._give_up(child, ending)
                return
            self.say("up", f"{child.name} {ending}; it will be restarted")
            await asyncio.sleep(PAUSE * 2 ** (_recent(deaths) - 1))

    async def _run_once(self, child: Child, *, is_restart: bool) -> int:
        """Run the child to its end; its exit code."""
        process, pump = await self._spawn(child)
        self.remember(child, process.pid)
        self.running[child.name] = (child, process)
        if self.stopping:
            _signal(process, child.stop_signal)
        if is_restart:
            self.say("up", f"{child.name} restarted (pid {process.pid})")
        code = await process.wait()
        _kill_session(process.pid)
        await pump
        del self.running[child.name]
        return code

    async def _spawn(self, child: Child) -> tuple[asyncio.subprocess.Process, asyncio.Task[None]]:
        """Start it; its output goes to its log, or to us, and then the task passes it on."""
        # a pipe of our own: asyncio's would make wait() wait for grandchildren that hold it, too
        reading, writing = os.pipe()
        with open(child.log or os.devnull, "ab") as log, open(writing, "wb") as ours:
            process = await asyncio.create_subprocess_exec(
                *child.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log if child.log else ours,
                stderr=asyncio.subprocess.STDOUT,
                **popen_arguments(child),
            )
        return process, asyncio.create_task(self._pump(child.name, reading))

    async def _pump(self, name: str, descriptor: int) -> None:
        """Pass on every byte the child writes, line by line, to the last one."""
        stream = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(stream)
        source = open(descriptor, "rb", buffering=0)  # noqa: SIM115  (the transport closes it)
        await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, source)
        rest = b""
        while part := await stream.read(65536):
            *lines, rest = (rest + part).split(b"\n")
            for line in lines:
                self.say(name, line.decode(errors="replace"))
        if rest:
            self.say(name, rest.decode(errors="replace"))

    def _give_up(self, child: Child, ending: str) -> None:
        reason = f"{child.name} ended {QUICK_DEATHS} times within a minute ({ending})"
        if words := child.last_words():
            reason += f"; its last words:\n{words}"
        self._fail(reason)

    def _fail(self, reason: str) -> None:
        if not self.failed.done():
            self.failed.set_result(reason)


def _recent(deaths: deque[float]) -> int:
    return sum(1 for at in deaths if deaths[-1] - at < QUICK)


def _ending(code: int) -> str:
    if code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"


def _signal(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    if process.returncode is None:
        process.send_signal(number)


def _kill_session(pid: int) -> None:
    """End what a child leaves behind in its session, so that nothing holds its port or its pipe."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return
