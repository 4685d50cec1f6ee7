"""Workbooks and files that people send, written on the spot."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

from intake.files.readers import opened
from intake.files.rows import Row, as_text


def workbook(
    path: Path,
    rows: Iterable[Sequence[Any]],
    *,
    merge: Sequence[str] = (),
    more: Callable[[openpyxl.Workbook, Worksheet], None] | None = None,
) -> Path:
    """A workbook with one sheet of these rows, its ranges merged, and `more` done to it."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    for row in rows:
        sheet.append(list(row))
    for ref in merge:
        sheet.merge_cells(ref)
    if more:
        more(book, sheet)
    book.save(path)
    return path


def rewritten(
    path: Path, part: str, change: Callable[[str], str], *, packing: int = zipfile.ZIP_DEFLATED
) -> Path:
    """The archive with the text of one part changed."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts[part] = change(parts[part].decode()).encode()
    with zipfile.ZipFile(path, "w", packing) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def read(path: Path) -> list[Row]:
    """All rows of a file."""
    with opened(path) as source:
        return list(source.rows)


def texts(path: Path) -> list[dict[str, str]]:
    """All rows as header and text; the code of the problem for one that can't be read."""
    return [
        {"problem": row.problem.code}
        if row.problem
        else {name: as_text(cell) for name, cell in row.named}
        for row in read(path)
    ]
