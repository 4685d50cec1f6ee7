"""A ranking as CSV that a spreadsheet opens as it is meant, and never as a formula."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from fractions import Fraction

from reports.columns import Column, Kind, columns
from reports.page import plain
from reports.rankings import Ranking, Row

#: What makes a spreadsheet take a text for a formula, in half and full width (OWASP).
_TRIGGERS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def inert(text: str) -> str:
    """The text, with an apostrophe before it where a spreadsheet would calculate."""
    return f"'{text}" if text.startswith(_TRIGGERS) else text


def write(ranking: Ranking) -> bytes:
    """UTF-8 with a byte order mark: a header, then a line a branch."""
    across = columns()
    out = io.StringIO(newline="")
    lines = csv.writer(out)
    lines.writerow([inert(column.label) for column in across])
    lines.writerows([_cell(column, row) for column in across] for row in ranking.rows)
    return out.getvalue().encode("utf-8-sig")


def _cell(column: Column, row: Row) -> str:
    value = column.value(row)
    if value is None:
        return ""
    if isinstance(value, str):
        return inert(value)
    if isinstance(value, Fraction):
        return percent(value)
    if column.kind is Kind.SHARE:
        return plain(Decimal(value))
    return f"{value:.2f}" if column.kind is Kind.YUAN else str(value)


def percent(value: Fraction) -> str:
    """`93.55%`: two decimals, half up."""
    hundredths = int(value * 10_000 + Fraction(1, 2))
    return f"{hundredths // 100}.{hundredths % 100:02d}%"
