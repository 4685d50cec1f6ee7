"""Commands in one folder share its servers: the first has them started, the last has them stopped.

Three file locks in the state folder: `servers.lock` is held by the owner of the servers (`up`, or
the keeper below), `users.lock` is shared by every command at work, and `start.lock` is held while
somebody looks at who owns them.
"""

import fcntl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from recovery import local
from recovery.children import Failed
from recovery.places import BASE, make_state
from recovery.servers import Servers, given

_held: list[IO[str]] = []


def all_given() -> bool:
    """Whether the environment names both servers, so that none is to be started."""
    return all(given(name) for name in ("DATABASE_URL", "REDIS_URL"))


def join(state: Path) -> dict[str, str]:
    """The addresses of the servers of this folder, which now stay until this process ends."""
    users = (state / "users.lock").open("a")
    fcntl.flock(users, fcntl.LOCK_SH)
    _held.append(users)
    keeper = None
    while not (addresses := _look(state)):
        if keeper is None and not _owned(state):
            keeper = _spawn_keeper(state)
        if keeper is not None and keeper.poll():
            sys.exit((state / "servers.log").read_text())
        time.sleep(0.05)
    return addresses


def own(state: Path) -> bool:
    """Take the servers of this folder until this process ends; false if somebody has them."""
    with _whole_look(state):
        lock = (state / "servers.lock").open("a")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            return False
        (state / local.SERVICES_FILE).unlink(missing_ok=True)
        _held.append(lock)
        return True


@contextmanager
def _whole_look(state: Path) -> Iterator[None]:
    with (state / "start.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _owned(state: Path) -> bool:
    with _whole_look(state), (state / "servers.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def _look(state: Path) -> dict[str, str]:
    """The addresses, if an owner has published them; what a dead owner left does not count."""
    return local.services(state) if _owned(state) else {}


def _spawn_keeper(state: Path) -> subprocess.Popen[bytes]:
    """A keeper in a session of its own: neither Ctrl-C nor the end of this command ends it."""
    with (state / "servers.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "recovery.sharing"],
            cwd=BASE,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def keep(state: Path) -> None:
    """Run the servers until no command uses them any more."""
    if not own(state):
        return
    try:
        servers = Servers(state)
        servers.start()
    except Failed as failure:
        sys.exit(str(failure))
    with (state / "users.lock").open("a") as users:
        while servers.alive() and not _nobody_left(users):
            time.sleep(0.2)
        servers.stop()


def _nobody_left(users: IO[str]) -> bool:
    """Whether the last command is gone; newcomers then wait until this process has ended."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


if __name__ == "__main__":
    keep(make_state())
