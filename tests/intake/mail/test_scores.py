"""The corpora and their own scorers: never below Python's own parser, and no word lost."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from intake.mail.parsing import parse
from intake.mail.quotes import visible
from tests.shared import DATA

MAILS, REPLIES = DATA / "mail_cases", DATA / "reply_cases"
COLUMNS = (
    "nocrash",
    "subject",
    "from",
    "name",
    "to",
    "body",
    "att_names",
    "att_sizes",
    "att_count",
)


def score(script: Path, *arguments: str, folder: Path) -> str:
    command = [sys.executable, str(script), *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


def total(table: str) -> dict[str, int]:
    line = next(line for line in table.splitlines() if line.startswith("TOTAL"))
    return dict(zip(COLUMNS, map(int, re.findall(r"(\d+)/\d+", line)), strict=True))


def read(path: Path) -> dict[str, object]:
    mail = parse(path.read_bytes())
    return {
        "subject": mail.subject,
        "from_email": mail.from_email,
        "from_name": mail.from_name,
        "to": mail.to,
        "body_text": mail.text,
        "attachments": [{"filename": f.name, "size": len(f.content)} for f in mail.files],
    }


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    folder = tmp_path_factory.mktemp("scores")
    rows = map(json.loads, (MAILS / "expected.jsonl").read_text("utf-8").splitlines())
    results = [json.dumps({"id": row["id"], **read(MAILS / row["file"])}) for row in rows]
    (folder / "ours.jsonl").write_text("\n".join(results))
    return total(score(MAILS / "score_mail.py", "ours.jsonl", folder=folder))


def test_no_column_is_below_pythons_own_parser(ours: dict[str, int], tmp_path: Path) -> None:
    python = total(score(MAILS / "score_mail.py", "--baseline", folder=tmp_path))
    assert {
        column: ours[column] - python[column] for column in COLUMNS if ours[column] < python[column]
    } == {}


def test_what_has_been_reached_is_kept(ours: dict[str, int]) -> None:
    reached = dict(zip(COLUMNS, (205, 133, 125, 80, 123, 121, 34, 31, 13), strict=True))
    assert {column: ours[column] for column in COLUMNS if ours[column] < reached[column]} == {}


def test_quoted_mails_are_left_out_and_no_word_of_the_customer(tmp_path: Path) -> None:
    rows = map(json.loads, (REPLIES / "reply_cases.jsonl").read_text("utf-8").splitlines())
    results = [json.dumps({"id": row["id"], "visible": visible(row["input"])}) for row in rows]
    (tmp_path / "ours.jsonl").write_text("\n".join(results))
    table = score(REPLIES / "score_reply.py", "ours.jsonl", folder=tmp_path)
    found = re.search(r"TOTAL\s+(\d+)/(\d+) customer text lost: (\d+)", table)
    assert found
    assert (int(found[1]) >= 44, found[3]) == (True, "0")
