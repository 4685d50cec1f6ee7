"""Rows written down, and read again as they were: the type of every cell, every broken byte."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from common.errors import RuleBroken
from intake.files.jsonl_rows import row_of
from intake.files.rows import Cell, Row, Unreadable
from intake.files.tables import own_columns


def pack(row: Row) -> str:
    """The row in ASCII alone, which every column of the database takes."""
    original = row.original
    cells = original if isinstance(original, str) else [_packed(cell) for cell in original]
    problem = [row.problem.code, str(row.problem)] if row.problem else None
    return json.dumps([row.line, cells, problem])


def unpack(text: str, headers: Sequence[str] | None) -> Row:
    """The row under the headers of its table; without them it is a line of JSON."""
    line, cells, problem = json.loads(text)
    if headers is None:
        return row_of(line, cells)
    original = tuple(_unpacked(cell) for cell in cells)
    if problem is not None:
        return Row(line, original, problem=RuleBroken(*problem))
    names = headers[own_columns(tuple(headers)) :]
    return Row(line, original, tuple(zip(names, original, strict=False)))


def _packed(cell: Cell) -> Any:
    match cell:
        case None | bool() | int() | float() | str():
            return cell
        case Unreadable():
            return ["unreadable", cell.shown, cell.why]
        case datetime():
            return ["moment", cell.isoformat()]
        case date():
            return ["day", cell.isoformat()]
        case time():
            return ["time", cell.isoformat()]
        case timedelta():
            return ["span", cell.total_seconds()]


def _unpacked(cell: Any) -> Cell:
    match cell:
        case ["unreadable", shown, why]:
            return Unreadable(shown, why)
        case ["moment", text]:
            return datetime.fromisoformat(text)
        case ["day", text]:
            return date.fromisoformat(text)
        case ["time", text]:
            return time.fromisoformat(text)
        case ["span", seconds]:
            return timedelta(seconds=seconds)
        case _:
            return cell  # type: ignore[no-any-return]
