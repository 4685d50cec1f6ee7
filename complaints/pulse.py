"""The pulse of the clocks: when they were last swept, what rings next, what was set aside."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import QuerySet

from common import walls
from complaints.access import visible_to
from complaints.models import Clock
from staff.models import Person

#: Longer than this without a sweep, or with a clock that should have rung, is an alarm.
PATIENCE = timedelta(seconds=60)
#: So far running clocks are counted, and so far those set aside.
MANY = 10_000
SOME = 99

# each minimum is the first entry of a partial index, however many clocks there are
_NEXT_RING = """
LEAST((SELECT min(next_at) FROM complaints_clock WHERE kind = 'apology' AND next_at IS NOT NULL),
      (SELECT min(next_at) FROM complaints_clock WHERE kind <> 'apology' AND next_at IS NOT NULL))
"""
_READ = f"SELECT (SELECT at FROM common_heartbeat WHERE name = 'sweep'), {_NEXT_RING}"  # noqa: S608  (our own words)
_UNTIL_NEXT_RING = f"SELECT {_NEXT_RING} - clock_timestamp()"


@dataclass(frozen=True)
class Pulse:
    """When a sweep last came round (None: never), and when the next clock rings (None: none)."""

    swept_at: datetime | None
    next_ring: datetime | None

    def age(self, at: datetime) -> timedelta | None:
        """How long ago the newest sweep was; None: there was none."""
        return None if self.swept_at is None else max(at - self.swept_at, timedelta())

    def lag(self, at: datetime) -> timedelta:
        """How long the oldest clock that has come due has been waiting; nothing when none is."""
        return timedelta() if self.next_ring is None else max(at - self.next_ring, timedelta())

    def is_silent(self, at: datetime) -> bool:
        """Whether no sweep has come round for too long, or ever."""
        age = self.age(at)
        return age is None or age > PATIENCE

    def is_late(self, at: datetime) -> bool:
        """Whether a clock that should have rung has waited too long."""
        return self.lag(at) > PATIENCE


def read() -> Pulse:
    """The pulse now; one query that costs the same however many clocks there are."""
    with walls.lifted(), connection.cursor() as cursor:
        cursor.execute(_READ)
        swept_at, next_ring = cursor.fetchone()
    return Pulse(swept_at, next_ring)


def until_next_ring() -> timedelta | None:
    """How long until the next clock rings, by the database's clock; negative when one is due,
    None when none ever will."""
    with connection.cursor() as cursor:
        cursor.execute(_UNTIL_NEXT_RING)
        span: timedelta | None = cursor.fetchone()[0]
    return span


def running_count(*, at_most: int = MANY) -> int:
    """How many clocks run, counted no further than `at_most` + 1."""
    with walls.lifted():
        return Clock.objects.running().order_by("due_at")[: at_most + 1].count()


def set_aside_count(*, at_most: int = SOME) -> int:
    """How many clocks could not take their steps when last swept, counted no further than
    `at_most` + 1; of whatever case, for it names none."""
    with walls.lifted():
        return Clock.objects.filter(failures__gt=0).order_by("failures")[: at_most + 1].count()


def set_aside(person: Person) -> QuerySet[Clock]:
    """Those of them whose cases the person may see, the worst first."""
    return (
        Clock.objects.filter(failures__gt=0, complaint__in=visible_to(person).values("pk"))
        .select_related("complaint")
        .order_by("-failures", "next_at", "pk")
    )
