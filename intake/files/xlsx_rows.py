"""Rows out of Excel workbooks, read as a stream and never trusted about their size."""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import chain, islice, repeat
from pathlib import Path
from typing import Any

import openpyxl
from django.utils.translation import gettext as _
from openpyxl.utils.cell import range_boundaries
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.utils.escape import unescape
from openpyxl.workbook import Workbook

from intake.files.columns import COMPLAINTS, Field
from intake.files.headings import WIDEST, Headings
from intake.files.rows import Cell, FileRefused, Row, Source, Unreadable, as_text
from intake.files.tables import HEADER_WITHIN, headers_of, no_key_column, own_columns, under_header

#: What a workbook may unfold to, in bytes, and how many times its own size that may be.
LARGEST_UNPACKED = 100 * 1024 * 1024
LARGEST_RATIO = 100

# Excel keeps fifteen digits of a number; what follows is zeros.
_DIGITS_KEPT = 10**15
_ERRORS = {"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!"}
_MERGE = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]{0,40}?ref="([A-Z]{1,3}\d+:[A-Z]{1,3}\d+)"')
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s>/]")
_Raw = tuple[Cell, ...]


@dataclass
class _Sheet:
    """One sheet with its rows, counted from 1, and the merged ranges as (left, top, right,
    bottom)."""

    title: str
    rows: Iterator[tuple[int, _Raw]]
    merged: list[tuple[int, int, int, int]]
    headers: tuple[str, ...] = ()
    head: list[tuple[int, _Raw]] = field(default_factory=list)
    header_at: int = 0


def open_xlsx(path: Path, stack: ExitStack, headings: Headings[Any] = COMPLAINTS) -> Source:
    """The rows of every sheet that has a column for the key (the content of a complaint); the
    stack closes what is open.

    Raises FileRefused `file.bomb`, `file.broken`, `file.no_content_column`, `file.no_key_column`,
    `file.different_headers`.
    """
    _refuse_bomb(path)
    values = _load(path, stack, data_only=True)
    scanned = [_scan(sheet) for sheet in values.worksheets]
    written: list[Any] = [None] * len(scanned)
    if any(has_formula for _merged, has_formula in scanned):
        written = _load(path, stack, data_only=False).worksheets
    sheets = [
        _sheet(shown, formulas if has_formula else None, merged, headings)
        for shown, formulas, (merged, has_formula) in zip(
            values.worksheets, written, scanned, strict=True
        )
    ]
    return _source(sheets, headings, since_1904=values.epoch == CALENDAR_MAC_1904)


def _load(path: Path, stack: ExitStack, *, data_only: bool) -> Workbook:
    file = stack.enter_context(path.open("rb"))
    try:
        with warnings.catch_warnings(action="ignore"):
            book = openpyxl.load_workbook(file, read_only=True, data_only=data_only)
    except MemoryError:
        raise  # the file may be whole
    except Exception as error:
        raise _broken(error) from error
    stack.callback(book.close)
    return book


def _refuse_bomb(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise _broken(error) from error
    unpacked = sum(part.file_size for part in parts)
    if unpacked > LARGEST_UNPACKED or unpacked > LARGEST_RATIO * path.stat().st_size:
        raise FileRefused(
            "file.bomb",
            _("工作簿展开后有 %(size)d MB，超过允许的大小或压缩比，不予打开；请拆分后再导入。")
            % {"size": unpacked // 1024 // 1024},
        )


def _broken(error: Exception) -> FileRefused:
    return FileRefused(
        "file.broken",
        _("工作簿无法读取，可能已损坏（%(error)s）。") % {"error": type(error).__name__},
    )


def _source(sheets: list[_Sheet], headings: Headings[Any], *, since_1904: bool) -> Source:
    taken = [sheet for sheet in sheets if sheet.headers]
    others = [sheet for sheet in sheets if sheet.head and not sheet.headers]
    if not taken:
        raise no_key_column(headings, headers_of(others[0].head[0][1]) if others else ())
    _refuse_different(taken)
    headers = taken[0].headers
    return Source(
        chain.from_iterable(_under(sheet, headings, named=len(taken) > 1) for sheet in taken),
        headers[own_columns(headers) :],
        [_skipped(headings) % {"title": one.title} for one in others],
        since_1904,
    )


def _skipped(headings: Headings[Any]) -> str:
    if headings.key is Field.WHAT:
        return _("工作表“%(title)s”没有投诉内容列，未读取。")
    key = headings.names[headings.key][0]
    return _("工作表“%(title)s”没有“{key}”列，未读取。").format(key=key)


def _refuse_different(sheets: Sequence[_Sheet]) -> None:
    for sheet in sheets[1:]:
        if sheet.headers != sheets[0].headers:
            raise FileRefused(
                "file.different_headers",
                _("工作表“%(one)s”与“%(other)s”的表头不同，请分开保存后各自导入。")
                % {"one": sheets[0].title, "other": sheet.title},
            )


def _sheet(
    shown: Any,
    written: Any | None,
    merged: list[tuple[int, int, int, int]],
    headings: Headings[Any],
) -> _Sheet:
    rows = enumerate(_rows(shown, written), start=1)
    sheet = _Sheet(shown.title, rows, merged)
    sheet.head = list(islice(rows, HEADER_WITHIN))
    names = _header_names([cells for _number, cells in sheet.head], merged)
    at = headings.header_row(names)
    if at is not None:
        sheet.headers, sheet.header_at = headers_of(names[at]), at + 1
    sheet.head = [row for row in sheet.head if any(cell is not None for cell in row[1])]
    return sheet


def _scan(sheet: Any) -> tuple[list[tuple[int, int, int, int]], bool]:
    """The merged ranges and whether there are formulas. openpyxl's streaming sheets know
    neither, and they are found without building the sheet in memory. Raises FileRefused
    `file.broken`."""
    found: set[bytes] = set()
    has_formula, tail = False, b""
    try:
        with sheet._get_source() as part:
            while chunk := part.read(1 << 20):
                window = tail + chunk
                found.update(_MERGE.findall(window))
                has_formula = has_formula or bool(_FORMULA.search(window))
                tail = window[-100:]
        return [_range(ref.decode()) for ref in sorted(found)], has_formula
    except MemoryError:
        raise
    except Exception as error:
        raise _broken(error) from error


def _range(ref: str) -> tuple[int, int, int, int]:
    left, top, right, bottom = (edge or 1 for edge in range_boundaries(ref))
    return left, top, right, bottom


def _rows(shown: Any, written: Any | None) -> Iterator[_Raw]:
    """The sheet's rows. Its declared dimension is often wrong, so it is forgotten first."""
    shown.reset_dimensions()
    pairs: Iterator[tuple[Sequence[Any], Sequence[Any]]]
    if written is None:
        pairs = zip(shown.iter_rows(values_only=True), repeat(()), strict=False)
    else:
        written.reset_dimensions()
        pairs = zip(
            shown.iter_rows(values_only=True), written.iter_rows(values_only=True), strict=True
        )
    for values, formulas in _quietly(pairs):
        extra = chain(formulas, repeat(None))
        yield tuple(_cell(value, formula) for value, formula in zip(values, extra, strict=False))


def _quietly(rows: Iterator[Any]) -> Iterator[Any]:
    """Without the reader's remarks about decoration it doesn't know."""
    while True:
        try:
            with warnings.catch_warnings(action="ignore"):
                row = next(rows)
        except StopIteration:
            return
        except MemoryError:
            raise
        except Exception as error:
            raise _broken(error) from error
        yield row


def _cell(value: Any, formula: Any) -> Cell:
    if value is None and formula is not None:
        shown = str(getattr(formula, "text", formula))
        return Unreadable(shown, _("单元格是没有算出结果的公式，请在 Excel 中打开并保存后再导入。"))
    if isinstance(value, str):
        if value in _ERRORS:
            return Unreadable(value, _("单元格的公式出错（%(error)s）。") % {"error": value})
        return unescape(value)
    if isinstance(value, int | float) and abs(value) >= _DIGITS_KEPT:
        return Unreadable(
            repr(value), _("号码被存成了数字，第 15 位以后已经丢失；请把这一列改为文本后重新填写。")
        )
    return value  # type: ignore[no-any-return]


def _header_names(
    head: Sequence[_Raw], merged: Sequence[tuple[int, int, int, int]]
) -> list[list[str]]:
    """The first rows as text, a merged cell's text in every cell it covers."""
    names = [[as_text(cell) for cell in cells] for cells in head]
    for left, top, right, bottom in merged:
        if top > len(names) or left > len(names[top - 1]):
            continue
        text = names[top - 1][left - 1]
        for row in names[top - 1 : bottom]:
            row += [""] * (min(right, WIDEST) - len(row))
            row[left - 1 : right] = [text] * len(row[left - 1 : right])
    return names


def _under(sheet: _Sheet, headings: Headings[Any], *, named: bool) -> Iterator[Row]:
    own_text = set(headings.understood(sheet.headers).get(headings.key, ()))
    down = _Down([one for one in sheet.merged if one[1] > sheet.header_at], own_text)
    body = (row for row in sheet.head if row[0] > sheet.header_at)
    for number, cells in chain(body, sheet.rows):
        line = f"{sheet.title}!{number}" if named else str(number)
        if row := under_header(line, sheet.headers, down.fill(number, cells)):
            yield row


class _Down:
    """Cells merged over several rows count for each of them, the key excepted: one content is
    one complaint."""

    def __init__(self, merged: Sequence[tuple[int, int, int, int]], own_text: set[int]) -> None:
        self._starts: dict[int, list[tuple[int, int]]] = {}
        self._running: dict[int, tuple[Cell, int]] = {}
        for left, top, _right, bottom in merged:
            if bottom > top and left - 1 not in own_text:
                self._starts.setdefault(top, []).append((left - 1, bottom))

    def fill(self, number: int, cells: _Raw) -> _Raw:
        filled = list(cells)
        for column, (value, bottom) in list(self._running.items()):
            if number > bottom:
                del self._running[column]
            elif any(cell is not None for cell in cells):
                filled += [None] * (column + 1 - len(filled))
                filled[column] = value
        for column, bottom in self._starts.get(number, ()):
            if column < len(filled):
                self._running[column] = (filled[column], bottom)
        return tuple(filled)
