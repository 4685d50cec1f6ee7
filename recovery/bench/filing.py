"""`file`: a file of many complaints, from the upload to the last case (`import_rows.py`)."""

from __future__ import annotations

from collections.abc import Iterator

from recovery.bench import import_rows
from recovery.bench.house import House
from recovery.bench.lines import Line
from recovery.bench.size import Size


def measure(house: House, size: Size) -> Iterator[Line]:
    """One worker reads, checks and registers a workbook; each row is a case, with all that hangs
    on it."""
    found = import_rows.measure(house.state, rows=size.file_rows, kind="xlsx")
    lost = tuple(found["wrong"])
    how = f"{size.file_rows} rows of XLSX through the page's own services, one worker"
    for what, ours, unit in (
        ("rows of a file registered, a second", found["rows_per_s"], "rows/s"),
        ("rows of a file read and checked before, a second", found["checked_per_s"], "rows/s"),
        ("CPU of the worker for a row", found["cpu_per_row_ms"], "ms"),
        ("most memory of the worker or its reader", found["peak_mb"], "MB"),
    ):
        yield Line(
            bench="intake", part="file", what=what, ours=ours, unit=unit, how=how, wrong=lost
        )
        lost = ()
