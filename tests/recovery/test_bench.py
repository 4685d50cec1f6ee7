"""The bench: it runs at a small scale, and it notices rows that are missing, doubled or strange."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from common.time import database_now
from complaints.escalation import catch_up
from recovery.bench import check, firm, helpdesk, plain, registering, sql, state
from recovery.bench.cases import FIRST, Cases
from recovery.bench.lines import percentile
from recovery.bench.size import Size
from recovery.bench.state import State
from recovery.places import BASE
from tests.recovery.running import environment

CASES = 50
DUE = 20


def bench(state: Path, *words: str, what: str = "clocks") -> subprocess.CompletedProcess[str]:
    """The whole command, which takes no more of the machine than a folder of its own."""
    return subprocess.run(
        [sys.executable, "manage.py", "bench", what, "--scale", "0.0002", *words],
        cwd=BASE,
        env=environment(state),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=400,
    )


def lines(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    assert done.returncode == 0, done.stdout + done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_each_part_says_what_it_measured(tmp_path: Path) -> None:
    said = lines(bench(tmp_path, "--only", "idle,sweep,helpdesk"))
    parts = [line["part"] for line in said if "part" in line]
    assert parts == ["idle", "load", "idle", *["sweep"] * 5, "helpdesk", "idle", "idle"]
    assert all(line["ours"] > 0 for line in said if "part" in line)
    assert said[-1]["wrong"] == []
    assert not (tmp_path / "pg").exists()  # nobody's data


def test_a_part_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    done = bench(tmp_path, "--only", "speed")
    assert done.returncode == 1
    assert "speed" in done.stderr


@pytest.fixture
def horizon(db: None) -> datetime:
    """A moment by which `DUE` steps of as many cases are due."""
    firm.found()
    now = database_now()
    horizon = now + timedelta(days=2)
    Cases(firm.model_case(now), horizon=horizon).write_due(CASES, of=CASES, base=FIRST)
    return horizon


@pytest.fixture
def swept(horizon: datetime) -> tuple[State, datetime]:
    """The state before a sweep that has taken them all."""
    before = state.keep(horizon)
    assert catch_up(lambda: horizon) == DUE
    sql.run("SET CONSTRAINTS ALL IMMEDIATE")
    sql.run("ALTER TABLE complaints_event DISABLE TRIGGER USER")
    return before, horizon


def test_a_sweep_is_found_right(swept: tuple[State, datetime]) -> None:
    before, horizon = swept
    assert check.everything(before, until=horizon) == []


_LAST_STEP = " WHERE id = (SELECT max(id) FROM complaints_escalation)"
_LAST_EVENT = " WHERE id = (SELECT max(id) FROM complaints_event)"
_LAST_MESSAGE = " WHERE id = (SELECT max(id) FROM notify_message)"
PLANTED = [
    ("DELETE FROM complaints_escalation", _LAST_STEP, "1 escalations missing"),
    ("UPDATE complaints_escalation SET step = step + 7", _LAST_STEP, "1 escalations too many"),
    ("DELETE FROM complaints_event", _LAST_EVENT, "1 events missing"),
    (
        "INSERT INTO complaints_event (complaint_id, kind, at, data)"
        " SELECT complaint_id, kind, at, data FROM complaints_event",
        _LAST_EVENT,
        "1 events too many",
    ),
    (
        "DELETE FROM notify_message",
        _LAST_MESSAGE,
        "1 people whose messages and digests do not add up to their steps",
    ),
    (
        "INSERT INTO notify_message (key, recipient_id, text, params, url, urgent, created_at)"
        " SELECT key || '0', recipient_id, text, params, url, urgent, created_at"
        " FROM notify_message",
        _LAST_MESSAGE,
        "1 single messages that belong to no step",
    ),
    (
        "UPDATE complaints_escalation SET recipient_ids = '{}'",
        _LAST_STEP,
        "1 steps that tell nobody",
    ),
    (
        "UPDATE complaints_clock SET next_at = due_at - interval '9 days'",
        " WHERE id = (SELECT max(clock_id) FROM bench_expected)",
        "1 clocks that are still due",
    ),
]


@pytest.mark.parametrize(("plant", "which", "found"), PLANTED)
def test_a_row_that_is_planted_or_missing_is_found(
    swept: tuple[State, datetime], plant: str, which: str, found: str
) -> None:
    before, horizon = swept
    assert sql.run(plant + which) == 1
    assert found in check.everything(before, until=horizon)


def rows(before: State) -> dict[str, list[tuple[Any, ...]]]:
    """What a run wrote, in an order that does not depend on it."""
    return {
        "escalations": sql.rows(
            "SELECT clock_id, step, level, roles, recipient_ids, rang_at, fired_at"
            " FROM complaints_escalation WHERE id > %s ORDER BY 1, 2",
            [before.escalation],
        ),
        "events": sql.rows(
            "SELECT complaint_id, kind, actor_id, at, data FROM complaints_event"
            " WHERE id > %s ORDER BY 1, data ->> 'clock'",
            [before.event],
        ),
        "messages": sql.rows(
            "SELECT key, recipient_id, text, params, url, urgent, folded, created_at, hold_until"
            " FROM notify_message WHERE id > %s ORDER BY 1, 2",
            [before.message],
        ),
        "clocks": sql.rows("SELECT id, next_at, level, rise_at FROM complaints_clock ORDER BY 1"),
    }


def undone(before: State, work: Callable[[], object]) -> dict[str, list[tuple[Any, ...]]]:
    """What the work wrote, after which it is as before."""
    with connection.cursor() as cursor:
        cursor.execute("SAVEPOINT before_work")
        work()
        written = rows(before)
        cursor.execute("ROLLBACK TO before_work")
    return written


def test_the_plain_statement_writes_the_same_rows(horizon: datetime) -> None:
    before = state.keep(horizon)
    sql.run("SET CONSTRAINTS ALL IMMEDIATE")

    def ours() -> None:
        catch_up(lambda: horizon)

    wanted = undone(before, ours)
    ours()
    plain.keep_told(before)
    before.undo()
    assert undone(before, lambda: plain.sweep(horizon)) == wanted
    assert len(wanted["escalations"]) == DUE


def test_ticket_by_ticket_takes_the_same_steps(horizon: datetime) -> None:
    before = state.keep(horizon)
    assert helpdesk.escalate_tickets(horizon) == DUE
    assert check.everything(before, until=horizon) == []


@pytest.mark.parametrize(
    ("scale", "running", "stopped", "due"),
    [(1.0, 1_000_000, 10_000_000, 100_000), (0.1, 100_000, 1_000_000, 10_000)],
)
def test_the_scale_says_how_much_there_is(
    scale: float, running: int, stopped: int, due: int
) -> None:
    size = Size(scale)
    assert (size.open_cases * 4, size.closed_cases * 4, size.due) == (running, stopped, due)
    assert size.few_cases * 4 == running // 100
    assert (size.open_cases + size.many_cases) * 4 == running * 10


@pytest.mark.parametrize(("share", "value"), [(0.5, 50), (0.99, 99), (1.0, 100), (0.001, 1)])
def test_a_percentile_is_a_value_that_was_measured(share: float, value: int) -> None:
    assert percentile(list(range(100, 0, -1)), share) == value


def test_intake_says_what_it_measured(tmp_path: Path) -> None:
    done = bench(tmp_path, what="intake")
    said = lines(done)
    parts = [line["part"] for line in said if "part" in line]
    search = ["search"] * (1 + 2 * 6)
    assert parts == ["load", *["register"] * 6, *["page"] * 3, *["file"] * 4, *search]
    assert all(line["ours"] > 0 for line in said if "part" in line)
    assert said[-1]["wrong"] == []


def test_a_registration_without_its_rows_is_told(horizon: datetime) -> None:
    wrong: list[str] = []
    with registering.checked(wrong):
        case = firm.model_case(database_now())
        sql.run("SET CONSTRAINTS ALL IMMEDIATE")  # a table with checks waiting is not altered
        sql.run("ALTER TABLE complaints_event DISABLE TRIGGER USER")
        sql.run("DELETE FROM complaints_event WHERE complaint_id = %s", [case.pk])
        sql.run(
            "DELETE FROM complaints_clock WHERE id = (SELECT max(id) FROM complaints_clock"
            " WHERE complaint_id = %s)",
            [case.pk],
        )
    assert wrong == ["1 cases without their four clocks", "1 cases without their event"]
