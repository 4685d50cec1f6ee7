"""The raw limit of registering: pgbench writes the same rows with one prepared statement, whose
values all stand ready; nothing is checked, looked up or read back."""

from __future__ import annotations

import os
import re
import resource
import subprocess
from datetime import timedelta
from pathlib import Path

from django.db import connection

from complaints.models import Clock, Complaint
from recovery.bench import sql
from recovery.bench.house import House
from recovery.children import Failed

_OWN = {
    "no": "'R' || nextval('complaints_number')",
    "submission_key": "'raw:' || currval('complaints_number')",
    "received_at": "now()",
    "entered_at": "now()",
}
_STATEMENT = """
WITH kase AS (
    INSERT INTO complaints_complaint ({columns}) VALUES ({values}) RETURNING id
),
owned AS (
    INSERT INTO complaints_ownership (complaint_id, person_id, branch_id, since)
    SELECT id, {owner}, {branch}, now() FROM kase
),
told AS (
    INSERT INTO complaints_event (complaint_id, kind, actor_id, at, data)
    SELECT id, 'register', {owner}, now(), jsonb_build_object('received_at', now()) FROM kase
)
INSERT INTO complaints_clock
    (complaint_id, round, kind, policy_clock_id, started_at, due_at, original_due_at, next_at)
SELECT id, 1, kind, length, now(), now() + lasts, now() + lasts, now() + rings
FROM kase, (VALUES {clocks}) AS clock (kind, length, lasts, rings);
"""
_COUNT = re.compile(r"^number of transactions actually processed: (\d+)", re.MULTILINE)
_TPS = re.compile(r"^tps = ([\d.]+)", re.MULTILINE)


def run(house: House, clients: int, *, seconds: float) -> tuple[float, int, float]:
    """Cases a second, how many, and the seconds of CPU of pgbench itself. Raises Failed where
    there is no pgbench."""
    script = house.state / "raw_intake.sql"
    if not script.exists():
        script.write_text(_statement())
    words = [str(_pgbench(house)), "-n", "-M", "prepared", "-c", str(clients), "-j", "1"]
    words += ["-T", str(max(1, round(seconds))), "-f", str(script)]
    words += ["-h", str(house.postgres.sockets), "-U", "recovery", "recovery"]
    environment = {**os.environ, "PGOPTIONS": "-c recovery.reach=house"}
    before = _worked()
    done = subprocess.run(words, env=environment, capture_output=True, text=True)
    rate, count = _TPS.search(done.stdout), _COUNT.search(done.stdout)
    if done.returncode or not rate or not count:
        raise Failed(f"pgbench failed:\n{done.stderr[-1500:]}")
    return float(rate[1]), int(count[1]), _worked() - before


def _worked() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _pgbench(house: House) -> Path:
    program = house.postgres.runner.programs / "pgbench"
    if not program.exists():
        raise Failed(f"There is no pgbench beside {program.parent}.")
    return program


def _statement() -> str:
    """With the values of the last case that was registered through a door."""
    model = Complaint.objects.filter(submission_key__startswith="api:").latest("pk")
    columns = [str(field.column) for field in Complaint._meta.concrete_fields if field.name != "id"]
    row = sql.rows(f"SELECT {', '.join(columns)} FROM complaints_complaint WHERE id = {model.pk}")
    given = {name: _literal(value) for name, value in zip(columns, row[0], strict=True)}
    clocks = Clock.objects.filter(complaint=model).order_by("pk")
    lines = [
        f"('{clock.kind}', {clock.policy_clock_id}, {_span(clock.due_at - clock.started_at)},"
        f" {_span((clock.next_at or clock.due_at) - clock.started_at)})"
        for clock in clocks
    ]
    text = _STATEMENT.format(
        columns=", ".join(columns),
        values=", ".join({**given, **_OWN}.values()),
        owner=model.owner_id,
        branch=model.owner_branch_id,
        clocks=", ".join(lines),
    )
    return " ".join(text.split()) + "\n"


def _literal(value: object) -> str:
    with connection.cursor() as cursor:
        return str(cursor.mogrify("%s", [value]), "utf-8")


def _span(span: timedelta) -> str:
    return f"interval '{int(span.total_seconds())} seconds'"
