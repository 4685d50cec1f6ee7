"""Turning what has happened to the cases of other systems into calls: each event once a hook,
whatever order the transactions end in.

Events are numbered when they are written and appear when their transaction ends, which may be
much later than that of a higher number. So the scan begins each time at `settled`, below which
nothing can appear any more, and the unique key keeps out what is there already. `settled` moves
on in three steps: the highest number is noted; once the transactions of that time have all got
their own numbers, the next of those is noted; and once every transaction below that has ended,
what was the highest number then is settled.
"""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction
from django.db.models import Max

from complaints.models import Event
from intake.models import EventMark, Hook
from intake.systems.hooks import HEARD


@transaction.atomic
def sweep(*, at: datetime) -> int:
    """Write the rows of what has happened; how many. Of those who sweep at once, one does."""
    if not Hook.objects.exists():
        return 0
    mark = _mark()
    if mark is None:
        return 0
    over = mark.horizon is not None and _oldest_running() >= mark.horizon
    written = _write(mark.settled, at)  # after the look: what has ended is seen
    _move_on(mark, over)
    return written


def _mark() -> EventMark | None:
    """The row, locked; None: another has it. The first ever begins at what is there now: no hook
    hears of what was before it."""
    if not EventMark.objects.exists():
        least = Hook.objects.order_by("since_event").values_list("since_event", flat=True)[0]
        EventMark.objects.bulk_create([EventMark(pk=1, settled=least)], ignore_conflicts=True)
    return EventMark.objects.select_for_update(skip_locked=True).first()


def _move_on(mark: EventMark, over: bool) -> None:
    if over and mark.seen is not None:
        mark.settled, mark.seen, mark.horizon = mark.seen, None, None
    elif mark.seen is None:
        mark.seen = max(mark.settled, Event.objects.aggregate(top=Max("pk"))["top"] or 0)
    elif mark.horizon is None:
        mark.horizon = _next_transaction()
    mark.save()


def _oldest_running() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        return int(cursor.fetchone()[0])


def _next_transaction() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
        return int(cursor.fetchone()[0])


_WRITE = """
INSERT INTO intake_hookcall
    (hook_id, event_id, kind, payload, created_at, state, attempts, next_try_at, error)
SELECT hook.id, event.id, event.kind,
       jsonb_build_object('kind', event.kind, 'at', event.at, 'no', kase.no,
                          'outside_id', item.outside_id, 'status', kase.status),
       %(at)s, 'pending', 0, %(at)s, ''
FROM complaints_event AS event
JOIN complaints_complaint AS kase ON kase.id = event.complaint_id
JOIN intake_item AS item ON item.complaint_id = kase.id AND item.state = 'registered'
JOIN intake_hook AS hook ON hook.inlet_id = item.inlet_id AND hook.is_active
    AND event.kind = ANY(hook.events) AND event.id > hook.since_event
WHERE event.id > %(settled)s AND event.kind = ANY(%(heard)s)
ORDER BY event.id
ON CONFLICT (hook_id, event_id) DO NOTHING
"""


def _write(settled: int, at: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, {"settled": settled, "at": at, "heard": list(HEARD)})
        return int(cursor.rowcount)
