"""Scenarios of working time, replayed: every row of the file, bad rows, and the command."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from complaints.replay import COLUMNS, replay
from recovery.places import BASE
from tests.recovery.running import environment, processes_of
from tests.shared import DATA

FILE = DATA / "sla/sla_scenarios.csv"
SCENARIOS = list(csv.DictReader(StringIO(FILE.read_text("utf-8-sig"), newline="")))
NOT_OFFERED = {"F23"}


@pytest.mark.parametrize("row", SCENARIOS, ids=lambda row: row["id"])
def test_every_scenario_comes_out_as_expected(row: dict[str, str]) -> None:
    hidden = {name: words for name, words in row.items() if name in COLUMNS}
    answer = replay(hidden)
    assert answer.pop("id") == row["id"]
    if row["id"] in NOT_OFFERED:
        assert list(answer) == ["unsupported"]
    else:
        expected = json.loads(row["expected_json"])
        assert {name: answer.get(name) for name in expected} == expected


def told(kind: str, given: Any, **columns: str) -> dict[str, Any]:
    """The answer to a row of office hours in Shanghai, without its id."""
    usual = {
        "id": "X", "kind": kind, "timezone": "Asia/Shanghai",
        "weekly_hours": "mon-fri 10:00-18:00", "holidays": "", "breaks": "", "extra_shifts": "",
        "given_json": given if isinstance(given, str) else json.dumps(given),
    }  # fmt: skip
    answer = replay(usual | columns)
    assert answer.pop("id") == "X"
    json.dumps(answer)
    return answer


START = {"start": "2026-11-16T11:00:00", "add_working_seconds": 60}


@pytest.mark.parametrize(
    ("kind", "given", "columns", "says"),
    [
        ("add", "", {}, "Expecting value"),
        ("add", "[]", {}, "no JSON object"),
        ("add", "[" * 100_000, {}, "recursion"),
        ("add", {}, {}, "add_working_seconds is missing"),
        ("add", {**START, "add_working_seconds": "60"}, {}, "no number of seconds"),
        ("add", {**START, "add_working_seconds": True}, {}, "no number of seconds"),
        ("add", {**START, "add_working_seconds": -1}, {}, "forwards"),
        ("add", '{"start": "2026-11-16T11:00", "add_working_seconds": 1e999}', {}, "infinity"),
        ("add", {**START, "add_working_seconds": 10**30}, {}, "large"),
        ("add", {**START, "start": "yesterday"}, {}, "no time of the form"),
        ("add", {**START, "start": "2026-11-16T24:01"}, {}, "no such time"),
        ("add", {**START, "start": 5}, {}, "expected string"),
        ("add", START, {"timezone": "Asia/Nowhere"}, "no such time zone"),
        ("add", START, {"timezone": ""}, "no such time zone"),
        ("add", START, {"weekly_hours": "someday"}, "days without hours"),
        ("add", START, {"weekly_hours": ""}, "never open"),
        ("add", START, {"holidays": "2026-13-01"}, "month"),
        ("add", START, {"breaks": "[]"}, "no JSON object"),
        ("add", START, {"breaks": '{"2026-11-16": 7}'}, "str"),
        ("add_business_days", {"start": "2026-11-16T11:00", "days": 1.5}, {}, "number of days"),
        ("clock", {"events": []}, {}, "first event"),
        ("clock", {"events": [{"at": "2026-11-16T11:00", "event": "resolved"}]}, {}, "first event"),
        ("clock", {"created": "2026-11-16T11:00", "resolved": "2026-11-16T10:00"}, {}, "in order"),
        ("clock", {"created": "2026-11-16T11:00", "pauses": [["2026-11-16T12:00"]]}, {}, "unpack"),
    ],
)
def test_a_malformed_row_says_what_is_wrong(
    kind: str, given: Any, columns: dict[str, str], says: str
) -> None:
    assert says in told(kind, given, **columns)["error"]


def test_what_is_not_offered_says_so() -> None:
    assert "guess" in told("guess", {})["unsupported"]
    assert "date" in told("clock", {"rules": ["default"]})["unsupported"]
    events = [("2026-11-16T11:00", "created"), ("2026-11-16T12:00", "resolved"),
              ("2026-11-16T13:00", "customer reply -> open")]  # fmt: skip
    assert "new round" in clock(events)["unsupported"]


def clock(events: list[tuple[str, str]], **targets: int) -> dict[str, Any]:
    said = [{"at": at, "event": event} for at, event in events]
    return told("clock", {"targets": targets, "events": said})


DAY = "2026-11-16T"


@pytest.mark.parametrize(
    ("events", "targets", "expected"),
    [
        (
            [("11:00", "created")],
            {"first_response": 3600, "solution": 7200},
            {"hold_seconds": 0, "status_path": ["first response due"]},
        ),
        (
            [("11:00", "created"), ("11:30", "agent replied"), ("13:00", "resolved")],
            {"first_response": 3600, "solution": 7200},
            {
                "resolution_minutes": 120,
                "status_path": ["first response due", "resolution due", "fulfilled"],
            },
        ),
        (
            [("11:00", "created"), ("13:01", "resolved"), ("14:00", "closed")],
            {"solution": 7200},
            {"resolution_seconds": 7260, "status_path": ["resolution due", "failed"]},
        ),
        (
            [("11:00", "created"), ("12:01", "agent replied"), ("12:30", "resolved")],
            {"first_response": 3600},
            {"status_path": ["first response due", "resolution due", "failed"]},
        ),
        (
            [("11:00", "created"), ("12:00", "paused"), ("12:30", "paused"), ("13:00", "open"),
             ("13:30", "customer reply"), ("14:00", "paused"), ("15:00", "resolved")],
            {"solution": 7200},
            {
                "hold_seconds": 7200,
                "resolution_seconds": 7200,
                "solution_due_after_reopen": f"{DAY}15:00:00",
                "status_path": ["resolution due", "paused", "resolution due", "paused",
                                "fulfilled"],
            },
        ),
        (
            [("11:00", "created"), ("11:00", "agent replied -> paused")],
            {},
            {"first_response_at": f"{DAY}11:00:00"},
        ),
    ],
)  # fmt: skip
def test_a_clock_leaves_out_what_was_on_hold(
    events: list[tuple[str, str]], targets: dict[str, int], expected: dict[str, Any]
) -> None:
    answer = clock([(DAY + at, event) for at, event in events], **targets)
    assert {name: answer.get(name) for name in expected} == expected


def test_an_unknown_event_is_no_event() -> None:
    events = [("2026-11-16T11:00", "created"), ("2026-11-16T12:00", "vanished")]
    assert clock(events) == {"error": "unknown event: vanished"}


def test_a_local_time_may_be_double_and_its_utc_is_not() -> None:
    given = {"at": "2014-11-02T01:30", "at_utc": "2014-11-02T09:30:00Z"}
    columns = {"timezone": "America/Los_Angeles", "weekly_hours": "sun 00:00-01:45"}
    assert told("is_working", given, **columns) == {"working": False}
    del given["at_utc"]
    assert told("is_working", given, **columns) == {"working": True}


def test_fractions_of_a_second_survive() -> None:
    given = {"start": "2026-11-16T11:00:00.25", "add_working_seconds": 0.5}
    assert told("add", given)["due_utc"] == "2026-11-16T03:00:00.750000Z"
    ends = {"start": "2026-11-16T11:00:00", "end": "2026-11-16T11:00:00.5"}
    assert told("between", ends) == {"working_seconds": 0.5}


# The command


def replayed(path: Path) -> list[dict[str, Any]]:
    said = StringIO()
    call_command("sla_replay", path, stdout=said)
    return [json.loads(line) for line in said.getvalue().splitlines()]


HEAD = ",".join(COLUMNS)
ROW = 'A,add,UTC,mon 10:00-18:00,,,,"{""start"": ""2026-11-16T11:00"", ""add_working_seconds"": 1}"'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_rows_are_answered_in_order_and_bad_ones_do_no_harm(
    tmp_path: Path, encoding: str, newline: str
) -> None:
    path = tmp_path / "rows.csv"
    lines = [HEAD, ROW, "坏", 'C,add,UTC,,,,,"{', '}"', ROW.replace("A", "D", 1), ""]
    path.write_bytes(newline.join(lines).encode(encoding))
    answers = replayed(path)
    assert [answer["id"] for answer in answers] == ["A", "坏", "C", "D"]
    assert [("error" in answer, "unsupported" in answer) for answer in answers] == [
        (False, False), (False, True), (True, False), (False, False),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "content", [None, b"", b"id,kind\nA,add\n", b"\xff\xfe\x00", b'a,b\n"' + b"x" * 200_000]
)
def test_what_is_no_file_of_scenarios_is_refused_with_status_2(
    tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "rows.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CommandError, match=r"rows\.csv") as refused:
        replayed(path)
    assert refused.value.returncode == 2


def test_the_command_needs_no_server(tmp_path: Path) -> None:
    def run(path: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", "sla_replay", str(path)],
            cwd=BASE,
            env=environment(tmp_path),
            capture_output=True,
            text=True,
            check=False,
        )

    ran = run(FILE)
    assert (ran.returncode, ran.stderr) == (0, "")
    answers = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [answer["id"] for answer in answers] == [row["id"] for row in SCENARIOS]
    assert answers[0] == {
        "id": "F01", "due": "2026-11-16T12:00:00", "due_utc": "2026-11-16T04:00:00Z",
    }  # fmt: skip
    missing = run(tmp_path / "missing.csv")
    assert (missing.returncode, missing.stdout) == (2, "")
    assert "missing.csv" in missing.stderr
    assert "Traceback" not in missing.stderr
    assert not processes_of(tmp_path)
    assert not list(tmp_path.glob("pg*"))
