"""Whether a run has written each step that was due, once, and nothing else."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from recovery.bench import sql
from recovery.bench.state import State

_ENDLESS = 2**62
_WITHIN = "complaint_id BETWEEN %(first)s AND %(last)s AND rang_at <= %(until)s"

_STEPS_EXPECTED = f"SELECT clock_id, step, level, rang_at FROM bench_expected WHERE {_WITHIN}"
_STEPS_TAKEN = """
SELECT clock_id, step, level, rang_at FROM complaints_escalation WHERE id > %(escalation)s
"""
_STORY_EXPECTED = f"""
SELECT complaint_id, CASE WHEN level > 0 THEN 'escalate' ELSE 'warn' END, kind, level
FROM bench_expected WHERE {_WITHIN}
"""
_STORY_WRITTEN = """
SELECT complaint_id, kind, data ->> 'clock', (data ->> 'level')::int FROM complaints_event
WHERE id > %(event)s AND kind IN ('warn', 'escalate')
"""
_HEARD = """
SELECT unnest(recipient_ids) AS recipient_id, clock_id, step
FROM complaints_escalation WHERE id > %(escalation)s
"""
_MESSAGES = "SELECT * FROM notify_message WHERE id > %(message)s"

_PAIRS = {
    "escalations": (_STEPS_EXPECTED, _STEPS_TAKEN),
    "events": (_STORY_EXPECTED, _STORY_WRITTEN),
}
_STRANGE_MESSAGES = f"""
SELECT count(*) FROM (
    SELECT key, recipient_id FROM ({_MESSAGES}) AS told WHERE key LIKE 'clock:%%'
    EXCEPT ALL
    SELECT 'clock:' || clock_id || ':' || step, recipient_id FROM ({_HEARD}) AS heard
) AS strange
"""
_UNEVEN_PEOPLE = f"""
SELECT count(*) FROM (
    SELECT recipient_id, count(*) AS steps FROM ({_HEARD}) AS each_ GROUP BY 1
) AS heard FULL JOIN (
    SELECT recipient_id, sum(CASE WHEN folded > 0 THEN folded ELSE 1 END) AS notes
    FROM ({_MESSAGES}) AS each_ GROUP BY 1
) AS told USING (recipient_id) WHERE steps IS DISTINCT FROM notes
"""
_UNTOLD = """
SELECT count(*) FROM complaints_escalation WHERE id > %(escalation)s AND recipient_ids = '{}'
"""
_STILL_DUE = """
SELECT count(*) FROM complaints_clock
JOIN (SELECT clock_id FROM bench_expected WHERE rang_at <= %(until)s) AS due ON due.clock_id = id
WHERE next_at <= %(until)s
"""
_FAULTS = {
    "single messages that belong to no step": _STRANGE_MESSAGES,
    "people whose messages and digests do not add up to their steps": _UNEVEN_PEOPLE,
    "steps that tell nobody": _UNTOLD,
    "clocks that are still due": _STILL_DUE,
}


def steps(before: State, *, until: datetime, first: int = 0, last: int = _ENDLESS) -> list[str]:
    """What is wrong with the escalations and events since `before`, when the steps due by `until`
    of the cases from `first` to `last` had to be taken; empty when each is there once and there
    is nothing else."""
    return _differences({**vars(before), "until": until, "first": first, "last": last})


def everything(before: State, *, until: datetime) -> list[str]:
    """The same of all cases, and whether clocks and messages agree with them."""
    values = {**vars(before), "until": until}
    counted = ((name, sql.value(query, values)) for name, query in _FAULTS.items())
    strange = [f"{count} {name}" for name, count in counted if count]
    return steps(before, until=until) + strange


def _differences(values: dict[str, Any]) -> list[str]:
    found = []
    for name, (expected, written) in _PAIRS.items():
        for sort, one, other in (
            ("missing", expected, written),
            ("too many", written, expected),
        ):
            count = sql.value(
                f"SELECT count(*) FROM ({one} EXCEPT ALL {other}) AS different",
                values,
            )
            if count:
                found.append(f"{count} {name} {sort}")
    return found
