"""Cases and their clocks, written in sets as copies of one that was registered.

Case n has the clocks 8n to 8n + 3, in the order of the node table. A plan says for each open case
which of its clocks rings when, and at which step of its ladder; the steps before it are taken and
acknowledged. The other clocks have their first step before them, after the horizon.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from complaints.models import Complaint
from recovery.bench import sql, words

#: The number of the first case; below it are those that were registered one by one.
FIRST = 10_000
#: What is due at once has come due within so much time.
WITHIN = timedelta(minutes=10)

_TABLES = """
CREATE TABLE bench_ladder AS
SELECT clock.kind, clock.policy_clock_id, length.minutes,
       array_position('{apology,result,sheet,callback}', clock.kind::text) - 1 AS place,
       (SELECT count(*) FROM complaints_policystep step
        WHERE step.clock_id = length.id) AS steps
FROM complaints_clock clock JOIN complaints_policyclock length ON length.id = policy_clock_id
WHERE clock.complaint_id = %(model)s;

CREATE TABLE bench_step AS
SELECT ladder.kind, step.number, step.level, step.roles,
       make_interval(mins => step.offset_minutes) AS after_due,
       COALESCE((SELECT max(lower.level) FROM complaints_policystep lower
                 WHERE lower.clock_id = step.clock_id AND lower.number < step.number), 0) AS told
FROM bench_ladder ladder JOIN complaints_policystep step ON step.clock_id = policy_clock_id;

CREATE TABLE bench_plan (n bigint, kind text, step int, moment timestamptz);
CREATE TABLE bench_expected (
    clock_id bigint, complaint_id bigint, kind text, step int, level int, rang_at timestamptz
);
"""

#: A number that looks drawn by lot, the same in every run.
_LOT = "(hashint8({}) & 2147483647)"

# rank: in which order they ring, so that neighbours in the table do not ring one after the other
_PLAN = f"""
INSERT INTO bench_plan (n, kind, step, moment)
SELECT n, kind, step, CASE WHEN kind IS NOT NULL
           THEN %(horizon)s - %(within)s::interval * (1 - rank::float8 / %(due)s) END
FROM (SELECT n, CASE WHEN n %% 5 < 2
                THEN ((n - %(base)s) / 5 * 2 + n %% 5) * 48271 %% %(due)s END AS rank
      FROM generate_series(%(first)s::bigint, %(last)s) AS n) AS ranked
LEFT JOIN LATERAL (
    SELECT kind, {_LOT.format("n * 7 + 3")} %% steps AS step FROM bench_ladder
    WHERE place = CASE WHEN rank %% 100 = 0 THEN 0 ELSE 1 + rank %% 3 END
) AS rings ON true
"""

_COMPLAINT_OWN = {
    "id": "given.n",
    "no": "'B' || given.n",
    "submission_key": "NULL",
    "owner_id": "owner.person_id",
    "entered_by_id": "owner.person_id",
    "first_receiver_id": "owner.person_id",
    "owner_branch_id": "owner.branch_id",
    "responsible_branch_id": "CASE WHEN given.n %% 2 = 0 THEN other.branch_id END",
    "rectifier_id": "CASE WHEN given.n %% 2 = 0 THEN other.person_id END",
    "complainant_phone": "'139' || lpad(given.n::text, 8, '0')",
    "phone_key": "'139' || lpad(given.n::text, 8, '0')",
}
_CLOSED_OWN = {
    "received_at": "closed.at - interval '100 hours'",
    "entered_at": "closed.at - interval '100 hours'",
    "status": "'closed'",
    "closed_at": "closed.at",
    "closed_inside_at": "closed.at",
}
# spread over the year before the model
_CLOSED_AT = f"""
CROSS JOIN LATERAL (SELECT model.received_at
    - interval '1 second' * ({_LOT.format("given.n")} %% 31536000)) AS closed (at)
"""

_STOPPED = f"""
INSERT INTO complaints_clock (id, complaint_id, round, kind, policy_clock_id, started_at, due_at,
                              original_due_at, met_at, met_as)
SELECT 8 * n + place, n, 1, kind, policy_clock_id, began.at, due.at, due.at,
       began.at + (due.at - began.at) * 0.5, 'met'
FROM generate_series(%(first)s::bigint, %(last)s) AS n
CROSS JOIN bench_ladder
CROSS JOIN LATERAL (SELECT %(at)s::timestamptz - interval '100 hours'
    - interval '1 second' * ({_LOT.format("n")} %% 31536000)) AS began (at)
CROSS JOIN LATERAL (SELECT began.at + make_interval(mins => minutes)) AS due (at)
ORDER BY n, place
"""

# one that does not ring within the plan has its first step before it
_RUNNING = f"""
INSERT INTO complaints_clock (id, complaint_id, round, kind, policy_clock_id, started_at, due_at,
                              original_due_at, level, next_at)
SELECT 8 * n + place + %(id_offset)s, n, %(round)s, ladder.kind, policy_clock_id,
       due.at - make_interval(mins => minutes), due.at, due.at,
       CASE WHEN rings THEN step.told ELSE 0 END, next.at
FROM bench_plan AS given
CROSS JOIN bench_ladder AS ladder
CROSS JOIN LATERAL (SELECT given.kind IS NOT DISTINCT FROM ladder.kind) AS own (rings)
JOIN bench_step AS step
    ON step.kind = ladder.kind AND step.number = CASE WHEN rings THEN given.step ELSE 0 END
CROSS JOIN LATERAL (SELECT CASE WHEN rings THEN given.moment ELSE %(horizon)s
    + interval '1 hour' + interval '1 millisecond' * {_LOT.format("n * 4 + place")} / 8
    END) AS next (at)
CROSS JOIN LATERAL (SELECT next.at - after_due) AS due (at)
ORDER BY n, place
"""

_RINGING = """
FROM bench_plan AS given
JOIN complaints_clock AS clock ON clock.complaint_id = given.n AND clock.kind = given.kind
JOIN bench_step AS now ON now.kind = given.kind AND now.number = given.step
"""
_HISTORY = f"""
INSERT INTO complaints_escalation (clock_id, complaint_id, step, level, roles, recipient_ids,
                                   rang_at, fired_at, acknowledged_at)
SELECT clock.id, given.n, prior.number, prior.level, prior.roles, ARRAY[kase.owner_id],
       clock.due_at + prior.after_due, clock.due_at + prior.after_due,
       clock.due_at + prior.after_due
{_RINGING}
JOIN complaints_complaint AS kase ON kase.id = given.n
JOIN bench_step AS prior ON prior.kind = given.kind AND prior.number < given.step
"""
_EXPECT = f"""
INSERT INTO bench_expected (clock_id, complaint_id, kind, step, level, rang_at)
SELECT clock.id, given.n, given.kind, given.step, now.level, given.moment {_RINGING}
"""

_SEQUENCES = """
SELECT setval(pg_get_serial_sequence(name, 'id'), highest + 1)
FROM (SELECT 'complaints_complaint' AS name, max(id) AS highest FROM complaints_complaint
      UNION ALL SELECT 'complaints_clock', max(id) FROM complaints_clock) AS both_
"""


class Cases:
    """Writes cases, each batch after those before it. `horizon`: what is due at once is due by
    then, and nothing else rings before."""

    def __init__(self, model: Complaint, *, horizon: datetime) -> None:
        self.model = model
        self.horizon = horizon
        sql.run(_TABLES, {"model": model.pk})

    def write_closed(self, count: int) -> None:
        """Cases with four stopped clocks each."""
        values = self._take(count)
        source = "generate_series(%(first)s::bigint, %(last)s) AS given (n)"
        sql.run(_complaints(source, _CLOSED_OWN, _CLOSED_AT), values)
        sql.run(_STOPPED, values)
        sql.run(_events(), values)

    def write_told(self, count: int) -> None:
        """Closed cases without clocks, each with words of its own (`words.py`)."""
        values = self._take(count)
        source = "generate_series(%(first)s::bigint, %(last)s) AS given (n)"
        own = {**_CLOSED_OWN, "what": words.WHAT, "order_no": words.ORDER_NO}
        sql.run(_complaints(source, own, _CLOSED_AT), values)
        sql.run(_SEQUENCES)

    def write_due(self, count: int, *, of: int, base: int) -> None:
        """`count` of the `of` open cases whose first is case `base`: in two of five one clock
        rings, all of those within `WITHIN` before the horizon, every hundredth an apology."""
        values = {**self._take(count), "due": of // 5 * 2, "base": base, "within": WITHIN}
        sql.run("TRUNCATE bench_plan")
        sql.run(_PLAN, values)
        self._write_open(values)

    def write_at(self, moments: list[datetime]) -> tuple[int, int]:
        """An open case for each moment, of which one clock rings then; first and last number."""
        values = self._take(len(moments))
        sql.run("TRUNCATE bench_plan")
        sql.run(_PLAN_AT, {**values, "moments": moments})
        self._write_open(values)
        return values["first"], values["last"]

    def reopen(self, first: int, count: int) -> None:
        """Four running clocks, none of them due, in a second round of these closed cases."""
        values = {"first": first, "last": first + count - 1, **self._of_round(2)}
        sql.run("TRUNCATE bench_plan")
        sql.run(
            "INSERT INTO bench_plan (n) SELECT generate_series(%(first)s::bigint, %(last)s)", values
        )
        sql.run(_RUNNING, values)

    def _write_open(self, values: dict[str, Any]) -> None:
        sql.run("ANALYZE bench_plan")
        sql.run(_complaints("bench_plan AS given", {}), values)
        sql.run(_RUNNING, {**values, **self._of_round(1)})
        sql.run(_HISTORY)
        sql.run(_EXPECT)
        sql.run(_events(), values)
        sql.run(_SEQUENCES)

    def _of_round(self, number: int) -> dict[str, Any]:
        return {"round": number, "id_offset": 4 * (number - 1), "horizon": self.horizon}

    def _take(self, count: int) -> dict[str, Any]:
        first = max(FIRST, sql.value("SELECT max(id) + 1 FROM complaints_complaint"))
        return {
            "first": first,
            "last": first + count - 1,
            "model": self.model.pk,
            "at": self.model.received_at,
            "horizon": self.horizon,
        }


_PLAN_AT = f"""
INSERT INTO bench_plan (n, kind, step, moment)
SELECT n, kind, {_LOT.format("n * 7 + 3")} %% steps, moment
FROM unnest(%(moments)s::timestamptz[]) WITH ORDINALITY AS given (moment, number)
CROSS JOIN LATERAL (SELECT %(first)s::bigint + number - 1) AS numbered (n)
JOIN bench_ladder ON place = n %% 4
"""


def _complaints(source: str, own: dict[str, str], joined: str = "") -> str:
    """Copies of the model, each owned by its owner; the names of columns are the model's own."""
    own = {**_COMPLAINT_OWN, **own}
    columns = [str(field.column) for field in Complaint._meta.concrete_fields]
    chosen = ", ".join(own.get(column, f"model.{column}") for column in columns)
    owners = "(SELECT count(*) FROM bench_owner)"
    return f"""
        WITH made AS (
        INSERT INTO complaints_complaint ({", ".join(columns)})
        SELECT {chosen} FROM {source}
        JOIN complaints_complaint AS model ON model.id = %(model)s
        JOIN bench_owner AS owner ON owner.slot = {_LOT.format("given.n")} %% {owners}
        JOIN bench_owner AS other ON other.slot = {_LOT.format("-given.n")} %% {owners}
        {joined} ORDER BY given.n
        RETURNING id, owner_id, owner_branch_id, received_at)
        INSERT INTO complaints_ownership (complaint_id, person_id, branch_id, since)
        SELECT id, owner_id, owner_branch_id, received_at FROM made
    """


def _events() -> str:
    """That each of these cases was registered."""
    return """
        INSERT INTO complaints_event (complaint_id, kind, actor_id, at, data)
        SELECT id, 'register', owner_id, entered_at, '{}'
        FROM complaints_complaint WHERE id BETWEEN %(first)s AND %(last)s ORDER BY id
    """
