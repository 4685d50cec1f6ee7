"""Where the house of the faults stands: a throw-away folder, known before anything runs in it."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from pathlib import Path
from typing import IO

from recovery import unroot
from recovery.children import end_leftovers
from recovery.local import make_key
from recovery.places import state_folder
from recovery.postgres import Postgres

PREFIX = "recovery-faults-"


def is_laid() -> bool:
    """Whether this process already has its folder and the addresses in it."""
    return state_folder().name.startswith(PREFIX)


def lay() -> dict[str, str]:
    """Make the folder; the environment that points a command at it, and at nothing else.

    Settings are read once, at the start of a process: so the command begins again in this
    environment. It reaches PostgreSQL directly; the house goes through the proxy."""
    _sweep()
    state = Path(tempfile.mkdtemp(prefix=PREFIX))
    return {
        "RECOVERY_STATE": str(state),
        "SECRET_KEY": make_key(state),
        "DATABASE_URL": Postgres(state).url,
        "REDIS_URL": "redis://127.0.0.1:1/0",
    }


def hold() -> IO[str]:
    """The lock that says this folder is in use, for as long as the file stays open."""
    lock = (state_folder() / "lock").open("a")
    fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def clear() -> None:
    """Throw the folder away."""
    shutil.rmtree(state_folder(), ignore_errors=True)
    unroot.sweep()


def _sweep() -> None:
    """Throw away what runs have left that were killed, or that failed and kept their logs."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            with (folder / "lock").open() as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                end_leftovers(folder / "pids")
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            continue
    os.environ.pop("RECOVERY_STATE", None)
