"""What a file of complaints is, whatever its format: rows of named cells, each with its line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from common.errors import RuleBroken


@dataclass(frozen=True)
class Unreadable:
    """A cell whose value can't be known: what stands there instead, and why."""

    shown: str
    why: str


Cell = str | int | float | bool | datetime | date | time | timedelta | Unreadable | None

#: The columns that a set-aside file has before the original ones.
VERDICT_COLUMNS = ("line", "code", "reason")


class FileRefused(RuleBroken):
    """The file as a whole can't be imported."""


@dataclass(frozen=True)
class Row:
    """One row: where it stands (`3`, or `表二!3`), its cells by header, and what to give back
    when it can't be taken: the cells as they stood, or the line itself.

    A `problem` is a row that couldn't even be read; it has no `named` cells then. `mark` is what
    the row is known by without an outside number (`imports/marks.py`), once it has been marked.
    """

    line: str
    original: tuple[Cell, ...] | str
    named: tuple[tuple[str, Cell], ...] = ()
    problem: RuleBroken | None = None
    mark: str = ""


@dataclass
class Source:
    """An opened file. `headers` are those of the table (JSONL has none), `rows` may be walked
    once, `notes` grow with what the importing person should know. Numbers that stand for dates
    count from 1904 where `since_1904`."""

    rows: Iterator[Row]
    headers: tuple[str, ...] | None = None
    notes: list[str] = field(default_factory=list)
    since_1904: bool = False


def as_text(cell: Cell) -> str:
    """The cell as a person would type it: whole numbers without a point, days without an hour."""
    match cell:
        case None:
            return ""
        case Unreadable():
            return cell.shown
        case bool():
            return "TRUE" if cell else "FALSE"
        case float():
            return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
        case datetime():
            return cell.isoformat(sep=" ")
        case date() | time():
            return cell.isoformat()
        case _:
            return str(cell)


def is_empty(cell: Cell) -> bool:
    """Whether nothing stands in the cell."""
    return cell is None or (isinstance(cell, str) and not cell.strip())
