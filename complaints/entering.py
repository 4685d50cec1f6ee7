"""Writing a new case in two round trips: what it stands on is read by one prepared statement, and
another writes the case, its owner, its first event and its clocks, all or nothing
(`docs/decisions/0014-one-statement-registers.md`)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from typing import Any

from django.db import connection

from common.prepared import Prepared
from complaints import clocks, policies
from complaints.models import Clock, Complaint, Policy, PolicyClock, PolicyStep
from complaints.rules import Action
from staff import calendars
from staff.models import Branch


@dataclass(frozen=True)
class Ground:
    """What a new case stands on: the case that has the key already (its id, if it is in sight),
    the id and the running number drawn for this one, its policy with the lengths that fit it, and
    whether the branch publishes hours."""

    first_id: int | None
    id: int
    number: int
    policy_id: int
    lengths: clocks.Lengths
    has_hours: bool


# The id is held at once: what hangs on the case is written by the same statement as the case, and
# a statement does not see what it writes itself.
_LOOK = Prepared(
    "look_before_entering",
    """
    WITH drawn AS MATERIALIZED (
        SELECT nextval('complaints_complaint_id_seq') AS id, nextval('complaints_number') AS number
    ),
    held AS MATERIALIZED (
        SELECT drawn.*, set_config('recovery.held', (COALESCE(
            NULLIF(current_setting('recovery.held', true), ''), '{}')::bigint[] || id)::text, true)
        FROM drawn
    ),
    approved AS (
        SELECT id, effective_from, version FROM complaints_policy WHERE state = 'approved'
    )
    SELECT (SELECT id FROM complaints_complaint WHERE submission_key = $1),
           held.id, held.number,
           EXISTS (SELECT FROM staff_branch WHERE id = ANY($2) AND calendar_id IS NOT NULL),
           length.policy_id, length.id, length.kind, length.severity, length.channel,
           length.minutes, (
               SELECT json_agg(json_build_array(number, level, offset_minutes) ORDER BY number)
               FROM complaints_policystep WHERE clock_id = length.id)::text
    FROM held, complaints_policyclock AS length
    WHERE length.severity IN ('', $3) AND length.channel IN ('', $4)
        AND length.policy_id = COALESCE(
            (SELECT id FROM approved WHERE effective_from <= $5
             ORDER BY effective_from DESC, version DESC LIMIT 1),
            (SELECT id FROM approved ORDER BY effective_from LIMIT 1))
    """,
    ("text", "bigint[]", "text", "text", "timestamptz"),
)


def look(
    *, key: str | None, branch: Branch, severity: str, channel: str, received_at: datetime
) -> Ground:
    """What a case so reported would stand on. Raises Policy.DoesNotExist on a database without a
    policy for it."""
    with connection.cursor() as cursor:
        _LOOK.run(cursor, [key, branch.ancestor_ids, severity, channel, received_at])
        rows = cursor.fetchall()
    if not rows:
        raise Policy.DoesNotExist
    first_id, own_id, number, has_hours, policy_id = rows[0][:5]
    lengths = _lengths(policy_id, tuple(row[5:] for row in rows))
    return Ground(first_id, own_id, number, policy_id, lengths, has_hours)


_Row = tuple[int, str, str, str, int, str | None]


@lru_cache(maxsize=256)
def _lengths(policy_id: int, rows: tuple[_Row, ...]) -> clocks.Lengths:
    """The closest fit of each kind among the rows; the same objects for the same rows."""
    names = ("id", "kind", "severity", "channel", "minutes")
    steps: dict[int, list[PolicyStep]] = {}
    fitting = []
    for *values, ladder in rows:
        length = PolicyClock(policy_id=policy_id, **dict(zip(names, values, strict=True)))
        steps[length.pk] = [
            PolicyStep(clock_id=length.pk, number=number, level=level, offset_minutes=offset)
            for number, level, offset in json.loads(ladder or "[]")
        ]
        fitting.append(length)
    closest = policies.closest(fitting)
    return {kind: (length, steps[length.pk]) for kind, length in closest.items()}


def enter(
    complaint: Complaint, ground: Ground, *, at: datetime, data: Mapping[str, Any]
) -> list[Clock]:
    """Write the case with the id that was drawn, its owner since its receipt, the event that says
    so with this data, and the clocks of its first round, which come back; none, and nothing is
    written, where another case has its submission key."""
    opens = complaint.received_at
    if ground.has_hours:
        opens = calendars.service_start(complaint.owner_branch, complaint.received_at)
    started = clocks.round_by(complaint, complaint.received_at, ground.lengths, opens=opens)
    statement = _statement()
    with connection.cursor() as cursor:
        statement.run(
            cursor,
            [
                *(
                    field.get_db_prep_save(getattr(complaint, field.attname), connection)
                    for field in _columns()
                ),
                at,
                json.dumps(data, ensure_ascii=False),
                *([getattr(clock, name) for clock in started] for name in _OF_A_CLOCK),
            ],
        )
        entered = cursor.fetchone() is not None
    complaint._state.adding = not entered
    return started if entered else []


#: What is said of a clock that begins; the rest of it is the database's default.
_OF_A_CLOCK = {
    "kind": "text",
    "policy_clock_id": "bigint",
    "started_at": "timestamptz",
    "due_at": "timestamptz",
    "voided_at": "timestamptz",
    "rises": "boolean",
    "next_at": "timestamptz",
}


@cache
def _columns() -> list[Any]:
    return list(Complaint._meta.concrete_fields)


@cache
def _statement() -> Prepared:
    """Its parameters are the columns of a case, the moment, the event's data, and the clocks, a
    list for each column."""
    columns = [str(field.column) for field in _columns()]
    types = [str(field.rel_db_type(connection)) for field in _columns()]
    at = len(columns) + 1
    lists = [f"${n}" for n, _name in enumerate(_OF_A_CLOCK, start=at + 2)]
    names = ", ".join(_OF_A_CLOCK)
    return Prepared(
        "enter_a_complaint",
        # only the names of columns are put in
        f"""
        WITH kase AS (
            INSERT INTO complaints_complaint ({", ".join(columns)})
            VALUES ({", ".join(f"${n}" for n in range(1, at))})
            ON CONFLICT (submission_key) DO NOTHING
            RETURNING id, round, owner_id, owner_branch_id, entered_by_id, received_at
        ),
        owned AS (
            INSERT INTO complaints_ownership (complaint_id, person_id, branch_id, since)
            SELECT id, owner_id, owner_branch_id, received_at FROM kase
        ),
        told AS (
            INSERT INTO complaints_event (complaint_id, kind, actor_id, at, data)
            SELECT id, '{Action.REGISTER.value}', entered_by_id, ${at}, ${at + 1} FROM kase
        ),
        running AS (
            INSERT INTO complaints_clock (complaint_id, round, original_due_at, {names})
            SELECT kase.id, kase.round, clock.due_at, clock.*
            FROM kase, unnest({", ".join(lists)}) AS clock ({names})
        )
        SELECT id FROM kase
        """,  # noqa: S608  (our own columns; values are parameters)
        [*types, "timestamptz", "jsonb", *(f"{type_}[]" for type_ in _OF_A_CLOCK.values())],
    )
