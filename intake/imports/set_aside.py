"""The second file: every row that was not taken, with its line and the reason, nothing lost."""

from __future__ import annotations

import csv
import json
import os
import re
import tempfile
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from typing import Protocol

from intake.files.csv_rows import guarded
from intake.files.rows import VERDICT_COLUMNS, Row, as_text
from intake.imports.importing import SetAside

# Halves of characters that no byte of the file stood for.
_UNWRITABLE = re.compile("[\ud800-\udc7f\udd00-\udfff]")


class Paper(Protocol):
    """What a row can be written on."""

    def write(self, text: str, /) -> object: ...


Writer = Callable[[Row, SetAside], None]


def on(paper: Paper, headers: Sequence[str] | None) -> Writer:
    """Begin the file on this paper; how each row is written: as CSV below a header, or as a line
    of JSON where the source had no table. Bytes that were no characters are lone surrogates."""
    return _line(paper) if headers is None else _record(paper, headers)


def _record(paper: Paper, headers: Sequence[str]) -> Writer:
    """The verdict stands in front, so that cells beside the table keep their place behind."""
    paper.write("\ufeff")
    writer = csv.writer(paper)
    writer.writerow([*VERDICT_COLUMNS, *(guarded(header) for header in headers)])

    def write(row: Row, verdict: SetAside) -> None:
        cells = [guarded(_UNWRITABLE.sub("\ufffd", as_text(cell))) for cell in row.original]
        writer.writerow([row.line, verdict.code, guarded(verdict.reason), *cells])

    return write


def _line(paper: Paper) -> Writer:
    def write(row: Row, verdict: SetAside) -> None:
        original = str(row.original)
        found = {"line": row.line, "code": verdict.code, "reason": verdict.reason}
        broken = any("\ud800" <= character <= "\udfff" for character in original)
        line = json.dumps({**found, "original": original}, ensure_ascii=broken)
        paper.write(line + "\n")

    return write


class SetAsideFile:
    """Written as the rows come, named when it is closed: `FILE.set-aside.csv`, or `.jsonl` for
    JSON Lines. No earlier file is overwritten: the same content keeps its name, another gets
    the next free number. Without a row there is no file."""

    def __init__(self, source: Path, folder: Path, headers: tuple[str, ...] | None) -> None:
        """Raises OSError when nothing can be written in the folder."""
        self._ending = ".jsonl" if headers is None else ".csv"
        self._target = folder / source.name
        handle, name = tempfile.mkstemp(prefix=".set-aside-", dir=folder)
        self._path = Path(name)
        # Bytes that were no characters come out as they went in.
        self._file = os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape", newline="")
        self._rows = 0
        self._write = on(self._file, headers)

    def add(self, row: Row, verdict: SetAside) -> None:
        """Write the row down."""
        self._write(row, verdict)
        self._rows += 1

    def close(self) -> Path | None:
        """Finish; where the file is now, None when no row was set aside."""
        self._file.close()
        if not self._rows:
            self._path.unlink()
            return None
        content = self._path.read_bytes()
        for number in count(1):
            suffix = ".set-aside" + (f"-{number}" if number > 1 else "") + self._ending
            target = self._target.with_name(self._target.name + suffix)
            if not target.exists():
                return self._path.rename(target)
            if target.read_bytes() == content:
                self._path.unlink()
                return target
        raise AssertionError  # count() has no end
