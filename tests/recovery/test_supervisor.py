"""The supervisor passes on every byte, restarts what ends, and gives up with the reason."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from recovery.children import Child
from recovery.supervisor import Supervisor

Heard = list[tuple[str, str]]


def child(code: str, *, lasting: bool = True, log: Path | None = None) -> Child:
    return Child("child", [sys.executable, "-uc", code], lasting=lasting, log=log)


def supervise(
    what: Child, then: Callable[[Supervisor, Heard], Awaitable[None]]
) -> tuple[Heard, str]:
    """Watch one child, do something, stop; what was said, and the reason if it gave up."""
    heard: Heard = []

    async def whole() -> str:
        failed: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        supervisor = Supervisor(lambda *line: heard.append(line), failed, lambda *_: None)
        supervisor.watch(what)
        await then(supervisor, heard)
        await supervisor.stop()
        return failed.result() if failed.done() else ""

    return heard, asyncio.run(whole())


def by(name: str, heard: Heard) -> list[str]:
    return [text for speaker, text in heard if speaker == name]


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(0.02)


async def heard_something(supervisor: Supervisor, heard: Heard) -> None:
    await until(lambda: by("child", heard))


async def watched_to_the_end(supervisor: Supervisor, heard: Heard) -> None:
    await until(lambda: all(watch.done() for watch in supervisor.watches))


def test_the_last_words_after_the_signal_arrive_even_without_a_line_end() -> None:
    code = """
import signal, sys, time
def stop(*_):
    sys.stdout.write("x" * 200_000 + "\\nlast words")
    sys.exit()
signal.signal(signal.SIGTERM, stop)
print("begun")
time.sleep(60)
"""
    heard, reason = supervise(child(code), heard_something)
    assert by("child", heard) == ["begun", "x" * 200_000, "last words"]
    assert reason == ""


def test_five_quick_deaths_end_in_the_reason_with_the_last_words(tmp_path: Path) -> None:
    log = tmp_path / "log"
    heard, reason = supervise(child("raise SystemExit('no luck')", log=log), watched_to_the_end)
    assert "child ended 5 times within a minute (ended with exit code 1)" in reason
    assert "no luck" in reason
    assert sum("restarted (pid" in line for line in by("up", heard)) == 4


def test_what_can_not_even_be_started_is_a_reason_to_stop() -> None:
    missing = Child("child", ["/nowhere/at-all"])
    _, reason = supervise(missing, watched_to_the_end)
    assert reason.startswith("child could not be started")
    assert "/nowhere/at-all" in reason


def test_work_that_is_done_is_not_begun_again() -> None:
    heard, reason = supervise(child("print('done')", lasting=False), watched_to_the_end)
    assert by("child", heard) == ["done"]
    assert reason == ""


def test_work_that_was_broken_off_is_begun_again(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    code = f"""
import os, pathlib, signal
mark = pathlib.Path({str(mark)!r})
if mark.exists():
    print("second time")
else:
    mark.touch()
    os.kill(os.getpid(), signal.SIGKILL)
"""
    heard, _ = supervise(child(code, lasting=False), watched_to_the_end)
    assert by("child", heard) == ["second time"]
    assert "child was ended by SIGKILL; it will be restarted" in by("up", heard)


def test_a_grandchild_that_keeps_the_pipe_open_does_not_hold_up_the_restart() -> None:
    code = """
import subprocess, sys
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print("begun")
"""
    begun = time.monotonic()

    async def twice(supervisor: Supervisor, heard: Heard) -> None:
        await until(lambda: len(by("child", heard)) >= 2)

    supervise(child(code), twice)
    assert time.monotonic() - begun < 20


def test_a_second_ctrl_c_ends_what_does_not_listen() -> None:
    code = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("deaf")
time.sleep(60)
"""
    begun = time.monotonic()

    async def twice(supervisor: Supervisor, heard: Heard) -> None:
        await heard_something(supervisor, heard)
        asyncio.get_running_loop().call_later(0.2, supervisor.kill)

    supervise(child(code), twice)
    assert time.monotonic() - begun < 15


def test_a_child_ends_with_its_supervisor() -> None:
    """Asked of the kernel, so that it holds even when the supervisor is killed the hard way."""
    code = f"""
import asyncio
from recovery.children import Child
from recovery.supervisor import Supervisor
async def main():
    failed = asyncio.get_running_loop().create_future()
    watching = Supervisor(lambda *_: None, failed, lambda _, pid: print(pid, flush=True))
    watching.watch(Child("child", [{sys.executable!r}, "-c", "import time; time.sleep(60)"]))
    await failed
asyncio.run(main())
"""
    pid = asyncio.run(_killed_after_the_first_line(code))
    asyncio.run(until(lambda: not _alive(pid)))


async def _killed_after_the_first_line(code: str) -> int:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    pid = int(await process.stdout.readline())
    process.send_signal(signal.SIGKILL)
    await process.wait()
    return pid


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
