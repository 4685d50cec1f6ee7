"""The daily count of each way in: what was received is what became of it, or the row is red."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, astuple, dataclass, fields
from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.db import connection
from django.utils import timezone

from common import walls
from intake.files.csv_rows import guarded

#: What waits longer than this is not being settled.
PATIENCE = timedelta(minutes=10)


@dataclass(frozen=True)
class Line:
    """One way in on one day of the firm's zone. `repeats` is how often something came again, and
    `cases` how many complaints the registered ones have become: each one its own."""

    day: date
    inlet: str
    name: str
    channel: str
    received: int
    registered: int
    appended: int
    duplicate: int
    ignored: int
    set_aside: int
    waiting: int
    repeats: int
    overdue: int
    cases: int

    @property
    def settled(self) -> int:
        """What has become something."""
        return self.registered + self.appended + self.duplicate + self.ignored + self.set_aside

    @property
    def difference(self) -> int:
        """What was received and is nowhere, and what was registered and is no case, or a second
        time the same; 0 unless something was lost or counted twice."""
        return abs(self.received - self.settled - self.waiting) + abs(self.registered - self.cases)

    @property
    def is_wrong(self) -> bool:
        """Whether somebody has to look."""
        return bool(self.difference or self.overdue)


#: The columns that are added up.
COUNTS = (
    "received", "registered", "appended", "duplicate", "ignored", "set_aside", "waiting",
    "repeats", "overdue", "cases",
)  # fmt: skip

_COUNTED = """
SELECT (item.received_at AT TIME ZONE %(zone)s)::date AS day, inlet.key, inlet.name, inlet.channel,
    count(*),
    count(*) FILTER (WHERE item.state = 'registered'),
    count(*) FILTER (WHERE item.state = 'appended'),
    count(*) FILTER (WHERE item.state = 'duplicate'),
    count(*) FILTER (WHERE item.state = 'ignored'),
    count(*) FILTER (WHERE item.state = 'set_aside'),
    count(*) FILTER (WHERE item.state = 'waiting'),
    sum(item.repeats),
    count(*) FILTER (WHERE item.state = 'waiting' AND item.received_at < %(patience)s),
    count(DISTINCT item.complaint_id) FILTER (WHERE item.state = 'registered')
FROM intake_item AS item JOIN intake_inlet AS inlet ON inlet.id = item.inlet_id
WHERE item.received_at >= %(start)s AND item.received_at < %(end)s
GROUP BY 1, inlet.id
ORDER BY 1 DESC, inlet.channel, inlet.key
"""


def lines(first: date, last: date, *, at: datetime) -> list[Line]:
    """A line for each way in and day from `first` to `last`, the latest first; none where nothing
    came. Counts of the whole firm: the same for whoever asks, and no more than counts."""
    start, end = _midnight(first), _midnight(last + timedelta(days=1))
    asked = {"zone": settings.TIME_ZONE, "start": start, "end": end, "patience": at - PATIENCE}
    with walls.lifted(), connection.cursor() as cursor:
        cursor.execute(_COUNTED, asked)
        return [Line(*row) for row in cursor.fetchall()]


def total(found: Iterable[Line]) -> dict[str, int]:
    """The sums of the counts, and of the differences."""
    known = list(found)
    sums = {name: sum(getattr(line, name) for line in known) for name in COUNTS}
    return {**sums, "difference": sum(line.difference for line in known)}


def as_csv(found: Sequence[Line]) -> bytes:
    """UTF-8 with a byte order mark; the columns are called as in the JSON of the command."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([*_NAMES, "difference"])
    writer.writerows([*map(_cell, astuple(line)), line.difference] for line in found)
    return out.getvalue().encode("utf-8-sig")


def as_json(line: Line) -> str:
    """One line of JSON."""
    said = {**asdict(line), "day": line.day.isoformat(), "difference": line.difference}
    return json.dumps(said, ensure_ascii=False)


_NAMES = tuple(field.name for field in fields(Line))


def _cell(value: object) -> object:
    return value if isinstance(value, int) else guarded(str(value))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=timezone.get_default_timezone())
