"""The pytest plugin (-p recovery.testing): throw-away real servers, before settings are read."""

import atexit
import fcntl
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from django.conf import settings

from recovery import unroot
from recovery.ground import sweep
from recovery.local import make_key
from recovery.servers import Servers

PREFIX = "recovery-test-"
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")


def _start() -> None:
    """Start the servers and point the environment at them; they end with this process."""
    sweep(PREFIX)
    state = Path(tempfile.mkdtemp(prefix=PREFIX))
    lock = (state / "lock").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    owner = os.getpid()
    servers = Servers(state, durable=False)

    def stop() -> None:
        if os.getpid() == owner:
            servers.stop()
            shutil.rmtree(state, ignore_errors=True)
            unroot.sweep()
            lock.close()

    atexit.register(stop)
    os.environ.update(servers.start(), RECOVERY_STATE=str(state), SECRET_KEY=make_key(state))
    os.environ["TRUST_HOST_CLOCK"] = "1"  # tests travel in time
    for name in ("static", "media"):
        (state / name).mkdir()


def _own_broker_number() -> None:
    """Each xdist worker gets a Redis database of its own: gw0 takes 1, gw1 takes 2."""
    address, _, _ = os.environ["REDIS_URL"].rpartition("/")
    os.environ["REDIS_URL"] = f"{address}/{int(WORKER.removeprefix('gw')) + 1}"


if WORKER:
    _own_broker_number()
else:
    _start()


@pytest.hookimpl(trylast=True)
def pytest_configure() -> None:
    """What only tests do otherwise: fast password hashes, static files from where they lie."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
