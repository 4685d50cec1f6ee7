"""A throw-away folder for servers of one's own, known before anything runs in it."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from pathlib import Path
from typing import IO

from recovery import unroot
from recovery.children import end_leftovers
from recovery.local import make_key
from recovery.places import state_folder
from recovery.postgres import Postgres


def sweep(prefix: str) -> None:
    """Throw away what runs have left that were killed, or that kept their logs; one that runs
    holds its lock."""
    for folder in Path(tempfile.gettempdir()).glob(f"{prefix}*"):
        try:
            with (folder / "lock").open() as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                end_leftovers(folder / "pids")
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            continue


class Ground:
    """The folder of one kind of run, told apart by its prefix."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix

    def is_laid(self) -> bool:
        """Whether this process already has its folder and the addresses in it."""
        return state_folder().name.startswith(self.prefix)

    def lay(self) -> dict[str, str]:
        """Make the folder; the environment that points a command at it, and at nothing else.
        Settings are read once, at the start of a process: so the command begins again in it."""
        sweep(self.prefix)
        state = Path(tempfile.mkdtemp(prefix=self.prefix))
        return {
            "RECOVERY_STATE": str(state),
            "SECRET_KEY": make_key(state),
            "DATABASE_URL": Postgres(state).url,
            "REDIS_URL": "redis://127.0.0.1:1/0",
        }

    def hold(self) -> IO[str]:
        """The lock that says this folder is in use, for as long as the file stays open."""
        lock = (state_folder() / "lock").open("a")
        fcntl.flock(lock, fcntl.LOCK_EX)
        return lock

    def clear(self) -> None:
        """Throw the folder away."""
        shutil.rmtree(state_folder(), ignore_errors=True)
        unroot.sweep()
