"""`file`: a file of many complaints, from its first row to the last verdict."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from common.time import database_now
from complaints.models import Channel
from intake import importing
from intake.importing import Order, Registered
from intake.readers import opened
from recovery.bench import sql
from recovery.bench.firm import WHAT
from recovery.bench.house import House
from recovery.bench.lines import Line
from recovery.bench.size import Size
from recovery.bench.workers import together
from staff.models import BranchKind, Person, Role


def measure(house: House, size: Size) -> Iterator[Line]:
    """One process takes in the whole file; each row is a case, with all that hangs on it."""
    path = house.state / "complaints.csv"
    _write(path, size.file_rows)
    before = sql.value("SELECT count(*) FROM complaints_complaint")
    seconds, done = together(lambda: _take_in(path))
    made = sql.value("SELECT count(*) FROM complaints_complaint") - before
    lost = () if done[0].count == made == size.file_rows else (f"{made} cases of the file",)
    how = f"{size.file_rows} rows of CSV, each in a transaction of its own"
    for what, ours, unit in (
        ("rows of a file taken in, a second", size.file_rows / seconds, "rows/s"),
        ("most memory of the process that takes it in", done[0].memory, "MB"),
    ):
        yield Line(
            bench="intake", part="file", what=what, ours=ours, unit=unit, how=how, wrong=lost
        )
        lost = ()


def _write(path: Path, rows: int) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["投诉内容", "投诉人", "联系电话", "单号"])
        for number in range(rows):
            table.writerow([f"{WHAT}{number}", "孙玉梅", f"138{number:08d}", f"YD26{number:08d}"])


def _take_in(path: Path) -> int:
    """How many rows became a case."""
    quality = Person.objects.filter(role=Role.QUALITY, branch__kind=BranchKind.HEADQUARTERS)
    order = Order(channel=Channel.P12345, by=quality.order_by("pk")[0])
    with opened(path) as source:
        verdicts = importing.run(source, order, clock=database_now)
        return sum(isinstance(verdict, Registered) for _row, verdict in verdicts)
