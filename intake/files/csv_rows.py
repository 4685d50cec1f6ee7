"""Rows out of CSV and its kin, whatever the encoding and the delimiter."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from django.utils.translation import gettext as _

from common.errors import RuleBroken
from intake.files import encodings
from intake.files.columns import COMPLAINTS
from intake.files.headings import Headings
from intake.files.rows import Row, Source
from intake.files.tables import HEADER_WITHIN, headers_of, no_key_column, own_columns, under_header

_DELIMITERS = (",", "\t", ";", "|")
# Never in a text that can be stored: the delimiter of a file with one column.
_NONE = "\x1f"
# What spreadsheets would run as a formula stands behind an apostrophe in a file set aside.
_RUNS = re.compile(r"'*[=+\-@\t\r＝＋－＠]")

# A cell of many lines is one cell: it is refused as too long, not broken into rows of its own.
csv.field_size_limit(1 << 20)

_Record = tuple[int, list[str], csv.Error | None]


def open_csv(file: TextIO, headings: Headings[Any] = COMPLAINTS) -> Source:
    """The table's rows. Raises FileRefused `file.no_content_column`, `file.no_key_column`."""
    head = list(islice(_lines(file), HEADER_WITHIN * 4))
    delimiter, line = _header(head, headings)
    records = _records(_lines(file, after=line - 1), delimiter)
    headers = headers_of(next(records)[1])
    if len(headers) == 1:
        # One column: a comma in the text is only a comma.
        records = _records(_lines(file, after=line), _NONE)
    return Source(_under(headers, records), headers[own_columns(headers) :])


def open_text(path: Path) -> TextIO:
    """The file as text; bytes that are no characters become lone surrogates."""
    encoding = encodings.detect(path)
    return path.open(encoding=encoding, errors="surrogateescape", newline="")


def guarded(cell: str) -> str:
    """The cell so that no spreadsheet runs it as a formula; `open_csv` takes the guard off."""
    return "'" + cell if _RUNS.match(cell) else cell


def _unguarded(cell: str) -> str:
    return cell[1:] if cell[:1] == "'" and _RUNS.match(cell) else cell


def _lines(file: TextIO, *, after: int = 0) -> Iterator[tuple[int, str]]:
    file.seek(0)
    return ((line, text) for line, text in enumerate(file, start=1) if line > after)


def _header(head: list[tuple[int, str]], headings: Headings[Any]) -> tuple[str, int]:
    """The delimiter under which the header says most, and the line it stands in."""
    found: list[tuple[int, str, int]] = []
    seen: list[str] = []
    for delimiter in _DELIMITERS:
        records = list(islice(_records(iter(head), delimiter), HEADER_WITHIN))
        rows = [cells for _line, cells, _error in records]
        at = headings.header_row(rows)
        if at is not None:
            found.append((headings.score(rows[at]), delimiter, records[at][0]))
        seen = max([seen, *rows[:1]], key=len)
    if not found:
        raise no_key_column(headings, headers_of(seen))
    _score, delimiter, line = max(found, key=lambda one: one[0])
    return delimiter, line


def _under(headers: tuple[str, ...], records: Iterable[_Record]) -> Iterator[Row]:
    for line, cells, error in records:
        if error:
            # Beside the table, so that nobody takes the whole line for the first column.
            beside = ("",) * (len(headers) - own_columns(headers))
            yield Row(str(line), (*beside, *cells), problem=_broken(error))
        elif row := under_header(str(line), headers, [_unguarded(cell) for cell in cells]):
            yield row


def _broken(error: csv.Error) -> RuleBroken:
    return RuleBroken(
        "row.broken", _("这一行的引号不成对，无法分出各列（%(error)s）。") % {"error": error}
    )


def _records(lines: Iterator[tuple[int, str]], delimiter: str) -> Iterator[_Record]:
    """The records with the number of their first line. Where a quote is never closed, only the
    line it stands in is a broken record (in one cell); the lines it swallowed are read anew."""
    waiting: deque[tuple[int, str]] = deque()
    while True:
        taken: list[tuple[int, str]] = []
        reader = csv.reader(
            _recorded(lines, waiting, taken),
            delimiter=delimiter,
            skipinitialspace=True,
            strict=True,
        )
        try:
            for cells in reader:
                yield taken[0][0], cells, None
                taken.clear()
            return
        except csv.Error as error:
            line, text = taken[0]
            waiting.extendleft(reversed(taken[1:]))
            yield line, [text.rstrip("\r\n")], error


def _recorded(
    lines: Iterator[tuple[int, str]],
    waiting: deque[tuple[int, str]],
    taken: list[tuple[int, str]],
) -> Iterator[str]:
    while line := waiting.popleft() if waiting else next(lines, None):
        taken.append(line)
        yield line[1]
