"""A ranking as an XLSX workbook: the table, and a second sheet that says how it is calculated."""

from __future__ import annotations

import io
from typing import Any

import xlsxwriter
from django.utils import timezone
from django.utils.translation import gettext as _

from reports.columns import Column, Kind, Value, columns
from reports.definitions import DEFINITIONS
from reports.rankings import Ranking

#: On every Windows and Mac with Office; elsewhere the office program takes its own CJK font.
FONT = "Microsoft YaHei"

_FORMATS: dict[Kind, dict[str, Any]] = {
    Kind.TEXT: {"num_format": "@"},
    Kind.COUNT: {"num_format": "0"},
    Kind.SHARE: {"num_format": "General"},
    Kind.PERCENT: {"num_format": "0.0%"},
    Kind.YUAN: {"num_format": "#,##0.00"},
    Kind.SCORE: {"num_format": "0.00"},
}
_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}


def write(ranking: Ranking) -> bytes:
    """Row 1 the period and the time of making, row 2 the header, then a row a branch."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, _OPTIONS) as book:
        book.set_properties({"title": title(ranking), "created": ranking.made_at})
        _ranking_sheet(book, ranking)
        _definitions_sheet(book)
    return out.getvalue()


def title(ranking: Ranking) -> str:
    """`周排名 2026 年第 47 周(…) 制表时间 2026-11-24 09:30`, in the firm's zone."""
    made_at = timezone.localtime(ranking.made_at, timezone.get_default_timezone())
    return _("周排名 %(week)s 制表时间 %(made_at)s") % {
        "week": ranking.week.label,
        "made_at": f"{made_at:%Y-%m-%d %H:%M}",
    }


def _ranking_sheet(book: Any, ranking: Ranking) -> None:
    sheet = book.add_worksheet(_("周排名"))
    across = columns()
    formats = {kind: book.add_format({"font_name": FONT, **f}) for kind, f in _FORMATS.items()}
    for index, column in enumerate(across):
        sheet.set_column(index, index, column.width, formats[column.kind])
    sheet.freeze_panes(2, 2)
    sheet.write_string(0, 0, title(ranking), _bold(book, font_size=13))
    head = _bold(book, text_wrap=True, valign="vcenter", bottom=1, bg_color="#E9ECED")
    sheet.set_row(1, 34)
    for index, column in enumerate(across):
        sheet.write_string(1, index, column.label, head)
    for number, row in enumerate(ranking.rows, start=2):
        for index, column in enumerate(across):
            _write(sheet, number, index, column, column.value(row), formats)
    _page(sheet)


def _write(
    sheet: Any, row: int, index: int, column: Column, value: Value, formats: dict[Kind, Any]
) -> None:
    """A text as text, a number as a number; nothing where there is none. A place is a number in
    a text column."""
    if value is None:
        return
    if isinstance(value, str):
        sheet.write_string(row, index, value, formats[Kind.TEXT])
    else:
        kind = Kind.COUNT if column.kind is Kind.TEXT else column.kind
        sheet.write_number(row, index, float(value), formats[kind])


def _page(sheet: Any) -> None:
    """Landscape A4, as wide as one page, header on each."""
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(1)


def _definitions_sheet(book: Any) -> None:
    sheet = book.add_worksheet(_("口径"))
    plain = book.add_format({"font_name": FONT, "text_wrap": True, "valign": "top"})
    sheet.set_column(0, 0, 14, plain)
    sheet.set_column(1, 1, 90, plain)
    for number, (term, meaning) in enumerate(DEFINITIONS):
        sheet.write_string(number, 0, str(term), _bold(book, valign="top"))
        sheet.write_string(number, 1, str(meaning), plain)


def _bold(book: Any, **more: Any) -> Any:
    return book.add_format({"font_name": FONT, "bold": True, **more})
