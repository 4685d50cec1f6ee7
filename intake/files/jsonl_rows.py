"""Rows out of JSON Lines: one object a line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any, BinaryIO, NoReturn

from django.utils.translation import gettext as _

from common.errors import RuleBroken
from intake.files.columns import COMPLAINTS, Field
from intake.files.headings import Headings
from intake.files.rows import Cell, Row, Source, Unreadable
from intake.files.tables import no_content_column

#: How many lines may pass before one names the content.
CONTENT_WITHIN = 100
#: A line set aside before: the original stands inside.
_SET_ASIDE = {"line", "code", "reason", "original"}


def open_jsonl(file: BinaryIO, headings: Headings[Field] = COMPLAINTS) -> Source:
    """The objects as rows. Raises FileRefused `file.no_content_column`."""
    rows = _rows(file)
    head = list(islice(rows, CONTENT_WITHIN))
    found = (headings.understood([name for name, _cell in row.named]) for row in head)
    if not any(headings.key in meanings for meanings in found):
        raise no_content_column([name for row in head[:1] for name, _cell in row.named])
    return Source(chain(head, rows))


def _rows(file: BinaryIO) -> Iterator[Row]:
    for number, content in enumerate(file, start=1):
        line = content.removeprefix(b"\xef\xbb\xbf") if number == 1 else content
        text = line.decode(errors="surrogateescape").rstrip("\r\n")
        if text.strip():
            yield row_of(str(number), text)


def row_of(line: str, text: str) -> Row:
    """The row that one line of the file makes."""
    try:
        found = _parse(text)
        if found.keys() == _SET_ASIDE and isinstance(found["original"], str):
            text = found["original"]
            found = _parse(text)
    except RuleBroken as problem:
        return Row(line, text, problem=problem)
    return Row(line, text, tuple((name, _cell(value)) for name, value in found.items()))


def _parse(text: str) -> dict[str, Any]:
    """Raises RuleBroken `row.encoding`, `row.json`, `row.not_an_object`, `row.duplicate_key`."""
    if any("\udc80" <= character <= "\udcff" for character in text):
        raise RuleBroken("row.encoding", _("这一行不是完整的 UTF-8 文本。"))
    try:
        found = json.loads(
            text, object_pairs_hook=_object, parse_float=_float, parse_constant=_no_number
        )
    except (ValueError, RecursionError) as error:
        raise RuleBroken(
            "row.json", _("这一行不是有效的 JSON(%(error)s)。") % {"error": error}
        ) from error
    if not isinstance(found, dict):
        raise RuleBroken("row.not_an_object", _("这一行不是 JSON 对象。"))
    return found


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise RuleBroken("row.duplicate_key", _("这一行有重复的字段名。"))
    return found


def _float(literal: str) -> float | str:
    """1.38E+10 stays as it is written: how many digits were meant is seen only there."""
    return literal if "e" in literal.lower() else float(literal)


def _no_number(literal: str) -> NoReturn:
    raise ValueError(literal)


def _cell(value: Any) -> Cell:
    if isinstance(value, dict | list):
        shown = json.dumps(value, ensure_ascii=False)
        return Unreadable(shown, _("这里应是一个值，不是列表或对象。"))
    return value  # type: ignore[no-any-return]
