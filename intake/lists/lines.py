"""What an import would do, line by line, before anything is written."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common import text
from common.errors import RuleBroken
from intake.files import values
from intake.files.headings import Headings
from intake.files.rows import Cell, Row, as_text, is_empty

F = TypeVar("F")


class Verdict(TextChoices):
    NEW = "new", gettext_lazy("新增")
    CHANGED = "changed", gettext_lazy("变更")
    UNCHANGED = "unchanged", gettext_lazy("不变")
    REFUSED = "refused", gettext_lazy("不予导入")


@dataclass(frozen=True)
class Change:
    """What a field is called, what it says and what it would say."""

    label: str
    old: str
    new: str


@dataclass(frozen=True)
class Line:
    """A row of the file: where it stands, whom or what it names, and what would come of it."""

    line: str
    name: str
    verdict: Verdict
    changes: tuple[Change, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class Preview:
    """Every line in the file's order, and how to `write` what they say: one call, inside the
    transaction in which the lines were made."""

    lines: list[Line]
    write: Callable[[], None]
    notes: list[str] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        """How many lines of each verdict."""
        found = Counter(line.verdict.value for line in self.lines)
        return {verdict.value: found[verdict.value] for verdict in Verdict}

    @property
    def digest(self) -> str:
        """The same as long as the lines are the same, word for word."""
        told = [
            [each.line, each.name, each.verdict, each.reason]
            + [[change.label, change.old, change.new] for change in each.changes]
            for each in self.lines
        ]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def refused(row: Row, name: str, why: RuleBroken) -> Line:
    """The line of a row that isn't taken."""
    return Line(row.line, name[:60], Verdict.REFUSED, reason=str(why))


def cells_of(row: Row, headings: Headings[F]) -> dict[F, Cell]:
    """The row's filled cells by what they mean; of several columns for one field the first that
    is filled. Raises RuleBroken for a row that can't be read."""
    if row.problem:
        raise row.problem
    found = headings.understood([name for name, _cell in row.named])
    filled: dict[F, Cell] = {}
    for meaning, places in found.items():
        for at in places:
            if not is_empty(row.named[at][1]):
                filled.setdefault(meaning, row.named[at][1])
    return filled


def word(cell: Cell, name: str, *, limit: int) -> str:
    """The cell as text that can be stored; "" where nothing is written. Raises RuleBroken."""
    values.readable(cell, name)
    said = text.clean(as_text(cell), limit=limit, field=name)
    return "" if said.lower() in values.NOTHING else said


def number(cell: Cell, name: str, *, limit: int) -> str:
    """A phone or other number as it was before a spreadsheet took it for a quantity. Raises
    RuleBroken."""
    return text.clean(values.digits(cell, name), limit=limit, field=name)


def once(seen: dict[str, str], key: str, line: str) -> None:
    """Raises RuleBroken `row.twice` when an earlier line names the same."""
    first = seen.setdefault(key, line)
    if first != line:
        raise RuleBroken("row.twice", _("与第 %(line)s 行重复。") % {"line": first})


def moment(cell: Cell, *, since_1904: bool) -> datetime | None:
    """When something begins; None where nothing is written. Raises RuleBroken `since.unclear`."""
    try:
        return values.moment(cell, since_1904=since_1904)
    except RuleBroken as broken:
        if broken.code == "cell.unreadable":
            raise
        words = _("看不懂日期“%(text)s”；请写成 2026-11-20 这样。") % {"text": as_text(cell)[:60]}
        raise RuleBroken("since.unclear", words) from broken


def unlike(
    labels: Mapping[str, Any], old: Mapping[str, str], new: Mapping[str, str]
) -> list[Change]:
    """What is said otherwise than it stands; what is not said stays."""
    return [
        Change(str(labels[name]), old[name], said)
        for name, said in new.items()
        if said and said != old[name]
    ]
