"""The condition of the house, as the system page and its API show it."""

from __future__ import annotations

import platform
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

import django
from django.db import connection

from common import walls
from common.models import Heartbeat
from complaints import pulse
from complaints.models import Clock
from complaints.pulse import Pulse
from notify import selectors
from notify.models import Delivery
from recovery.places import BASE
from staff.calendars import missing_years
from staff.models import Person

#: So many rows of a list are shown, and so far deliveries that did not get out are counted.
ROWS = 20
SOME = 99


@dataclass(frozen=True)
class Versions:
    app: str
    python: str
    django: str
    database: str


@dataclass(frozen=True)
class Condition:
    """`running`, `set_aside_count` and `undelivered_count` are counted no further than one beyond
    `pulse.MANY`, `pulse.SOME` and `SOME`. `set_aside` has only what the reader may see."""

    at: datetime
    pulse: Pulse
    running: int
    set_aside_count: int
    set_aside: Sequence[Clock]
    oldest_waiting: timedelta | None
    undelivered_count: int
    undelivered: Sequence[Delivery]
    heartbeats: Sequence[Heartbeat]
    missing_years: Sequence[tuple[str, int]]
    versions: Versions

    @property
    def is_watched(self) -> bool:
        """Whether sweeps come round and nothing is late: what `/readyz` says."""
        return not (self.pulse.is_silent(self.at) or self.pulse.is_late(self.at))


def read(person: Person, *, at: datetime) -> Condition:
    """The condition at `at`, for this person's eyes; no query grows with the number of cases."""
    with walls.lifted():
        undelivered = selectors.undelivered()
        undelivered_count = undelivered.order_by()[: SOME + 1].count()
        undelivered_rows = list(undelivered[:ROWS])
    return Condition(
        at=at,
        pulse=pulse.read(),
        running=pulse.running_count(),
        set_aside_count=pulse.set_aside_count(),
        set_aside=list(pulse.set_aside(person)[:ROWS]),
        oldest_waiting=selectors.oldest_waiting(at),
        undelivered_count=undelivered_count,
        undelivered=undelivered_rows,
        heartbeats=list(Heartbeat.objects.order_by("-at", "name")[:ROWS]),
        missing_years=missing_years(at),
        versions=_versions(),
    )


def _versions() -> Versions:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        (database,) = cursor.fetchone()
    return Versions(
        _app_version(), platform.python_version(), django.get_version(), f"PostgreSQL {database}"
    )


@cache
def _app_version() -> str:
    version: str = tomllib.loads((BASE / "pyproject.toml").read_text())["project"]["version"]
    return version
