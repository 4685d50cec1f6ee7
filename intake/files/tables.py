"""From raw rows of a table to rows under its header; shared by CSV and XLSX."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from common.errors import RuleBroken
from intake.files.columns import Field
from intake.files.headings import Headings
from intake.files.rows import VERDICT_COLUMNS, Cell, FileRefused, Row, as_text, is_empty

#: How many rows a title above the header may take.
HEADER_WITHIN = 30


def no_key_column(headings: Headings[Any], headers: Sequence[str]) -> FileRefused:
    """The sentence for a file that nowhere names what its rows are about."""
    if headings.key is Field.WHAT:
        return no_content_column(headers)
    return FileRefused(
        "file.no_key_column",
        _("找不到“%(key)s”这一列；现有的列：%(headers)s。")
        % {
            "key": headings.names[headings.key][0],
            "headers": "、".join(h for h in headers if h)[:200] or _("无"),
        },
    )


def no_content_column(headers: Sequence[str]) -> FileRefused:
    """The sentence for a file that nowhere says what the complaint is."""
    return FileRefused(
        "file.no_content_column",
        _("找不到投诉内容这一列（例如“投诉内容”“内容”或 text）；现有的列：%(headers)s。")
        % {"headers": "、".join(h for h in headers if h)[:200] or _("无")},
    )


def headers_of(cells: Sequence[Cell]) -> tuple[str, ...]:
    """The header's names, without the empty columns behind the last one."""
    names = [" ".join(as_text(cell).split()) for cell in cells[: _filled(cells)]]
    while names and not names[-1]:
        names.pop()
    return tuple(names)


def own_columns(headers: tuple[str, ...]) -> int:
    """How many columns in front were added when these rows were set aside before."""
    return len(VERDICT_COLUMNS) if headers[: len(VERDICT_COLUMNS)] == VERDICT_COLUMNS else 0


def under_header(line: str, headers: tuple[str, ...], cells: Sequence[Cell]) -> Row | None:
    """The row under its header; None for an empty one. The header once more, and cells beside
    the table, are problems."""
    if all(is_empty(cell) for cell in cells):
        return None
    skip = own_columns(headers)
    width = max(len(headers), _filled(cells))  # a sheet may claim 16,384 columns and fill ten
    original = tuple(cells[:width])[skip:]
    if headers_of(cells) == headers:
        return Row(line, original, problem=_again())
    if width > len(headers):
        return Row(line, original, problem=_too_wide(len(cells), len(headers)))
    return Row(line, original, tuple(zip(headers[skip:], cells[skip:], strict=False)))


def _filled(cells: Sequence[Cell]) -> int:
    """How many cells there are up to the last that holds something."""
    for width in range(len(cells), 0, -1):
        if not is_empty(cells[width - 1]):
            return width
    return 0


def _again() -> RuleBroken:
    return RuleBroken("row.header_again", _("这一行重复了表头。"))


def _too_wide(have: int, expected: int) -> RuleBroken:
    return RuleBroken(
        "row.too_wide",
        _("这一行有 %(have)d 格，表头只有 %(expected)d 格；内容里的分隔符可能没有加引号。")
        % {"have": have, "expected": expected},
    )
