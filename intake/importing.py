"""Registering the rows of a file: a verdict for each, and none of them twice."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import InterfaceError, OperationalError, transaction
from django.utils.translation import gettext as _

from common import text
from common.errors import RuleBroken
from complaints.models import Channel, Complaint
from complaints.registration import WHAT_LIMIT, Report, register
from intake import columns, values
from intake.columns import Field
from intake.references import References
from intake.rows import Cell, FileRefused, Row, Source, as_text, is_empty
from staff.models import Branch, Person

REF_LIMIT = 100
#: How many rows are looked up at once.
BATCH = 200


@dataclass(frozen=True, kw_only=True)
class Order:
    """What holds for every row: the channel it came by, the person who imports and so owns, the
    branch concerned where a row names none. A `rehearsal` writes nothing."""

    channel: Channel
    by: Person
    branch: Branch | None = None
    rehearsal: bool = False


@dataclass(frozen=True)
class Registered:
    """A new case."""

    no: str


@dataclass(frozen=True)
class AlreadyIn:
    """The case of an earlier import, or of the same row further up."""

    no: str


@dataclass(frozen=True)
class SetAside:
    """Not taken: a stable code and the sentence for the person."""

    code: str
    reason: str


Verdict = Registered | AlreadyIn | SetAside


def run(
    source: Source, order: Order, *, clock: Callable[[], datetime]
) -> Iterator[tuple[Row, Verdict]]:
    """A verdict for each row in turn, each in a transaction of its own: whatever happens later,
    what was said stands. Raises FileRefused when the file breaks off half way."""
    desk = _Desk(order, source.since_1904)
    for batch in _batches(source.rows):
        desk.look_up(batch)
        for row in batch:
            yield row, desk.judge(row, at=clock())


def _batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    batch: list[Row] = []
    try:
        for row in rows:
            batch.append(row)
            if len(batch) == BATCH:
                yield batch
                batch = []
    except FileRefused:
        yield batch
        raise
    yield batch


@dataclass(frozen=True)
class _Prepared:
    """A row that could be read: what it is known by, its cells by meaning, its content."""

    key: str
    cells: dict[Field, Cell]
    what: str


class _Desk:
    """Remembers what a whole file needs: how often a row has occurred, and, in a rehearsal, what
    would be in by now."""

    def __init__(self, order: Order, since_1904: bool) -> None:
        self._order = order
        self._since_1904 = since_1904
        self._references = References()
        self._occurred: Counter[str] = Counter()
        self._prepared: dict[str, _Prepared | RuleBroken] = {}
        self._in: dict[str, tuple[str, str]] = {}
        self._rehearsed: dict[str, tuple[str, str]] = {}

    def look_up(self, rows: list[Row]) -> None:
        """Prepare the rows, and ask once which of them are in already."""
        self._prepared = {row.line: self._prepare(row) for row in rows}
        keys = [one.key for one in self._prepared.values() if isinstance(one, _Prepared)]
        found = Complaint.objects.filter(submission_key__in=keys)
        self._in = {
            str(key): (no, what)
            for key, no, what in found.values_list("submission_key", "no", "what")
        }

    def judge(self, row: Row, *, at: datetime) -> Verdict:
        """The verdict for a row that was looked up."""
        try:
            return self._judge(self._prepared[row.line], at)
        except RuleBroken as broken:
            return _set_aside(broken)
        except (OperationalError, InterfaceError):
            raise  # the database is gone: no row's fault
        except Exception as error:  # one row never stops the others
            return _set_aside(_unexpected(error))

    def _prepare(self, row: Row) -> _Prepared | RuleBroken:
        if row.problem:
            return row.problem
        try:
            cells = _cells(row)
            key = self._key(row, cells.get(Field.REF))
            said = as_text(cells[Field.WHAT])
            what = text.clean(said, limit=WHAT_LIMIT, field="what", lines=True)
        except RuleBroken as broken:
            return broken
        except Exception as error:
            return _unexpected(error)
        return _Prepared(key, cells, what)

    def _judge(self, row: _Prepared | RuleBroken, at: datetime) -> Verdict:
        if isinstance(row, RuleBroken):
            raise row
        if first := self._in.get(row.key) or self._rehearsed.get(row.key):
            return _again(row.key, first, row.what)
        report = self._report(row.cells, row.what)
        with transaction.atomic():
            case, created = register(report, by=self._order.by, at=at, submission_key=row.key)
            if self._order.rehearsal:
                self._rehearsed[row.key] = (case.no, case.what)
                transaction.set_rollback(True)
        if created:
            return Registered(case.no)
        return _again(row.key, (case.no, case.what), row.what)

    def _key(self, row: Row, ref: Cell) -> str:
        """The outside number where there is one, else the row itself and which of its like it
        is: two equal rows of a file are two complaints, the same file again is none."""
        number = text.clean(values.digits(ref, "ref"), limit=REF_LIMIT, field="ref")
        channel = self._order.channel.value
        if number:
            return f"import:{channel}:ref:{number}"
        digest = _digest(row)
        self._occurred[digest] += 1
        return f"import:{channel}:{digest}:{self._occurred[digest] - 1}"

    def _report(self, cells: dict[Field, Cell], what: str) -> Report:
        name = _said(cells, Field.NAME)
        phone = values.digits(cells.get(Field.PHONE), "complainant_phone")
        nameless = name.lower() in values.NAMELESS
        report = Report(
            channel=self._order.channel,
            what=what,
            category=self._references.category(cells.get(Field.CATEGORY), what),
            severity=values.severity(cells.get(Field.SEVERITY)),
            received_at=values.moment(cells.get(Field.RECEIVED_AT), since_1904=self._since_1904),
            complainant_name="" if nameless else name,
            complainant_phone=phone,
            order_no=values.digits(cells.get(Field.ORDER_NO), "order_no"),
            concerned_branch=self._references.branch(cells.get(Field.BRANCH)) or self._order.branch,
            remedy_sought=_said(cells, Field.REMEDY),
        )
        anonymous = values.yes(cells.get(Field.ANONYMOUS))
        unknown = not (report.complainant_name or report.complainant_phone)
        return replace(report, anonymous=unknown if anonymous is None else anonymous)


def _set_aside(broken: RuleBroken) -> SetAside:
    return SetAside(broken.code, str(broken))


def _unexpected(error: Exception) -> RuleBroken:
    return RuleBroken("unexpected", f"{type(error).__name__}: {error}"[:500])


def _cells(row: Row) -> dict[Field, Cell]:
    """The row's cells by what they mean. Of several columns for one field the first that is
    filled counts; of the content, all of them."""
    found = columns.understood([name for name, _cell in row.named])
    cells = {
        name: [row.named[at][1] for at in places if not is_empty(row.named[at][1])]
        for name, places in found.items()
    }
    contents = cells.pop(Field.WHAT, [])
    for cell in contents:
        values.readable(cell, "what")
    first: dict[Field, Cell] = {name: filled[0] for name, filled in cells.items() if filled}
    return {**first, Field.WHAT: "\n".join(dict.fromkeys(map(as_text, contents)))}


def _said(cells: dict[Field, Cell], name: Field) -> str:
    values.readable(cells.get(name), name.value)
    said = as_text(cells.get(name)).strip()
    return "" if said.lower() in values.NOTHING else said


def _digest(row: Row) -> str:
    """Of all that stands in the row, whatever the order of the columns or the format."""
    filled = sorted(
        (_plain(name), _plain(as_text(cell))) for name, cell in row.named if not is_empty(cell)
    )
    return hashlib.sha256(json.dumps(filled).encode()).hexdigest()


def _plain(value: str) -> str:
    return " ".join(unicodedata.normalize("NFC", value[: 2 * WHAT_LIMIT]).split())


def _again(key: str, first: tuple[str, str], what: str) -> AlreadyIn:
    """Raises RuleBroken `ref.in_use`: the outside number already stands for something else."""
    no, said = first
    if said != what:
        raise RuleBroken(
            "ref.in_use",
            _("外部编号“%(ref)s”已是投诉 %(no)s，但内容不同；请核对是否重号。")
            % {"ref": key.rpartition(":ref:")[2], "no": no},
            field="ref",
        )
    return AlreadyIn(no)
