"""What runs: one table for the supervisor of `manage.py up` and for docker-compose.yml."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

MANAGE = ("python", "manage.py")
PROBE = ("python", "-m", "recovery.probe")
CELERY = ("python", "-m", "celery", "-q", "-A", "recovery")


@dataclass(frozen=True)
class Process:
    """The words that start it, and the words that exit with 0 while it is well."""

    command: tuple[str, ...]
    health: tuple[str, ...]


MIGRATE = Process((*MANAGE, "settle"), (*MANAGE, "migrate", "--check"))
WEB = Process(
    ("python", "-m", "gunicorn", "-c", "python:recovery.web", "recovery.wsgi"), (*PROBE, "web")
)
WORKER = Process(
    (*CELERY, "worker", "-n", "worker@%h", "-c", "2", "-Q", "celery,sweep", "--without-mingle"),
    (*PROBE, "worker"),
)
SWEEPER = Process((*MANAGE, "sweeper"), (*PROBE, "sweeper"))
BEAT = Process((*CELERY, "beat", "--pidfile="), (*PROBE, "beat"))
# what is left of the demo's cases; it may be broken off and run again
DEMO = (*MANAGE, "demo")

SERVICES = {"migrate": MIGRATE, "web": WEB, "worker": WORKER, "beat": BEAT, "sweeper": SWEEPER}
LASTING = {"web": WEB, "worker": WORKER, "beat": BEAT, "sweeper": SWEEPER}


def here(words: Sequence[str]) -> list[str]:
    """The same words with the Python that runs now."""
    return [sys.executable if word == "python" else word for word in words]
