"""The raw limit: the plainest single statement that writes the same rows as a sweep.

What it need not do: choose batches, lock cases, look who holds a post, see what was taken before,
or decide who gets a digest. The recipients of each step and the digests stand in tables that are
prepared from what a sweep has written.
"""

from __future__ import annotations

import json
from datetime import datetime

from django.conf import settings

from complaints.ladder import ACKNOWLEDGE_WITHIN
from complaints.models import ClockKind
from recovery.bench import sql
from recovery.bench.state import State

_PREPARE = """
DROP TABLE IF EXISTS bench_told, bench_single, bench_digest;
CREATE TABLE bench_told AS
SELECT clock_id, step, recipient_ids AS people FROM complaints_escalation
WHERE id > %(escalation)s;
CREATE TABLE bench_single AS
SELECT split_part(key, ':', 2)::bigint AS clock_id, recipient_id, text FROM notify_message
WHERE id > %(message)s AND folded = 0;
CREATE TABLE bench_digest AS SELECT * FROM notify_message WHERE id > %(message)s AND folded > 0;
ALTER TABLE bench_told ADD PRIMARY KEY (clock_id);
CREATE INDEX ON bench_single (clock_id);
"""

_SWEEP = """
WITH due AS (
    SELECT clock.id AS clock_id, clock.complaint_id, clock.kind, clock.round, clock.due_at,
           clock.next_at AS rang_at, kase.no, step.number, step.level, step.roles, told.people,
           GREATEST(clock.level, step.level) AS level_now,
           CASE WHEN step.level > 0 AND higher.id IS NOT NULL THEN %(rises_at)s END AS rise_at,
           clock.due_at + make_interval(mins => higher.offset_minutes) AS next_moment
    FROM complaints_clock AS clock
    JOIN complaints_complaint AS kase ON kase.id = clock.complaint_id
    JOIN bench_told AS told ON told.clock_id = clock.id
    JOIN complaints_policystep AS step
        ON step.clock_id = clock.policy_clock_id AND step.number = told.step
    LEFT JOIN complaints_policystep AS higher
        ON higher.clock_id = clock.policy_clock_id AND higher.number = step.number + 1
    WHERE (clock.kind = 'apology' AND clock.next_at <= %(until)s)
       OR (clock.kind <> 'apology' AND clock.next_at <= %(until)s)
),
moved AS (
    UPDATE complaints_clock AS clock
    SET next_at = LEAST(due.next_moment, due.rise_at), level = level_now, rise_at = due.rise_at,
        failures = 0
    FROM due WHERE due.clock_id = clock.id
),
raised AS (
    INSERT INTO complaints_escalation
        (clock_id, complaint_id, step, level, roles, recipient_ids, rang_at, fired_at)
    SELECT clock_id, complaint_id, number, level, roles, people, rang_at, %(until)s FROM due
),
written AS (
    INSERT INTO complaints_event (complaint_id, kind, at, data)
    SELECT complaint_id, CASE WHEN level > 0 THEN 'escalate' ELSE 'warn' END, %(until)s,
           jsonb_build_object(
               'clock', kind, 'round', round, 'level', level, 'told', people,
               'rang_at', to_char(rang_at AT TIME ZONE 'UTC',
                                  'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'))
    FROM due
),
posted AS (
    INSERT INTO notify_message (key, recipient_id, text, params, url, urgent, created_at)
    SELECT 'clock:' || clock_id || ':' || number, recipient_id, text,
           jsonb_build_object(
               'no', no, 'clock', %(labels)s::jsonb ->> kind,
               'due', to_char(due_at AT TIME ZONE %(zone)s, 'MM-DD HH24:MI')),
           '/complaints/' || no || '/', level > 0, %(until)s
    FROM due JOIN bench_single USING (clock_id)
),
folded AS (
    INSERT INTO notify_message (key, recipient_id, text, params, url, urgent, created_at,
                                hold_until, folded)
    SELECT key, recipient_id, text, params, url, urgent, created_at, hold_until, folded
    FROM bench_digest
)
SELECT count(*) FROM due
"""


def prepare(before: State) -> None:
    """Keep who was told what by the sweep that has run since `before`, quick to read."""
    keep_told(before)
    sql.run("VACUUM (ANALYZE) bench_told, bench_single, bench_digest")


def keep_told(before: State) -> None:
    """Keep who was told what by the sweep that has run since `before`."""
    sql.run(_PREPARE, vars(before))


def sweep(until: datetime) -> int:
    """Take all steps due by `until`; the number of them. All that a sweep of ours has written
    must have been prepared, by the same moment."""
    values = {
        "until": until,
        "rises_at": until + ACKNOWLEDGE_WITHIN,
        "labels": json.dumps({kind.value: str(kind.label) for kind in ClockKind}),
        "zone": settings.TIME_ZONE,
    }
    return int(sql.value(_SWEEP, values))
