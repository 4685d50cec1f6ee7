"""Registering the rows of a file: a verdict for each, and none of them twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from common import text, walls
from common.errors import RuleBroken, is_away
from complaints import outside, statements
from complaints.models import Channel, Complaint, OutsideReference
from complaints.outside import NUMBER_LIMIT, Reference
from complaints.registration import WHAT_LIMIT, Report, register
from complaints.statements import Said
from intake.files import values
from intake.files.columns import COMPLAINTS, Field
from intake.files.headings import Headings
from intake.files.references import References
from intake.files.rows import Cell, FileRefused, Row, Source, as_text, is_empty
from intake.imports.marks import Marks
from staff.models import Branch, Person

#: How many rows are looked up at once.
BATCH = 200


@dataclass(frozen=True, kw_only=True)
class Order:
    """What holds for every row: the channel it came by, the person who imports and so owns, the
    branch concerned where a row names none, what the columns mean. `append` lets a number that is
    in already, with other words or dates, go to its case instead of being set aside. A
    `rehearsal` writes nothing."""

    channel: Channel
    by: Person
    branch: Branch | None = None
    headings: Headings[Field] = COMPLAINTS
    append: bool = False
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
class Appended:
    """A case that was in already, and has been told something new."""

    no: str


@dataclass(frozen=True)
class SetAside:
    """Not taken: a stable code and the sentence for the person."""

    code: str
    reason: str


Verdict = Registered | AlreadyIn | Appended | SetAside


@dataclass(frozen=True)
class Known:
    """What stands for a key already: the number of its case, or where its row stands in the file;
    what it says, and the dates of the other office."""

    no: str
    what: str
    accept_by: datetime | None = None
    due_by: datetime | None = None

    def lacks(self, what: str, said: Reference | None) -> bool:
        """Whether these are other words or, where they are named, other dates."""
        moved = said is not None and (
            said.accept_by not in (None, self.accept_by) or said.due_by not in (None, self.due_by)
        )
        return moved or what != self.what


@dataclass(frozen=True)
class Prepared:
    """A row that could be read: what it is known by, its outside number if it has one, its cells
    by meaning, its content."""

    key: str
    number: str
    cells: Mapping[Field, Cell]
    what: str


def run(
    source: Source, order: Order, *, clock: Callable[[], datetime]
) -> Iterator[tuple[Row, Verdict]]:
    """A verdict for each row in turn, each in a transaction of its own: whatever happens later,
    what was said stands. Raises FileRefused when the file breaks off half way."""
    desk, marks = Desk(order, source.since_1904), Marks()
    for batch in _batches(source.rows):
        marked = [row if row.problem else replace(row, mark=marks.of(row)) for row in batch]
        desk.know(already_in(desk.prepare(marked)))
        for row in marked:
            yield row, desk.judge(row, at=clock())


def already_in(keys: Sequence[str]) -> dict[str, Known]:
    """The cases that these keys stand for (two queries)."""
    noted = OutsideReference.objects.filter(complaint__submission_key__in=keys)
    dates = {
        _key(channel, number): said
        for channel, number, *said in noted.values_list("channel", "number", "accept_by", "due_by")
    }
    found = Complaint.objects.filter(submission_key__in=keys)
    return {
        str(key): Known(no, what, *dates.get(str(key), ()))
        for key, no, what in found.values_list("submission_key", "no", "what")
    }


def _key(channel: str, number: str) -> str:
    return f"import:{channel}:ref:{number}"


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


class Desk:
    """Judges rows, a batch at a time: `prepare` them, say what is known of their keys, `judge`
    one by one. In a rehearsal it remembers what would be in by now."""

    def __init__(
        self, order: Order, since_1904: bool, references: References | None = None
    ) -> None:
        self._order = order
        self._since_1904 = since_1904
        self._references = references or References()
        self._columns = _Columns(order.headings)
        self._prepared: dict[str, Prepared | RuleBroken] = {}
        self._known: Mapping[str, Known] = {}
        self._rehearsed: dict[str, Known] = {}

    def prepare(self, rows: Iterable[Row]) -> list[str]:
        """Read the rows of the next batch; the keys they are known by."""
        self._prepared = {row.line: self._prepare(row) for row in rows}
        return [one.key for one in self._prepared.values() if isinstance(one, Prepared)]

    def prepared(self, row: Row) -> Prepared | None:
        """How a row of the batch was read; None for one that could not be."""
        found = self._prepared[row.line]
        return found if isinstance(found, Prepared) else None

    def further_up(self, row: Row) -> Known | None:
        """What a row of the batch says, for those below it; None for one that could not be read."""
        found = self.prepared(row)
        return self._further_up(found, row.line) if found else None

    def _further_up(self, row: Prepared, line: str) -> Known:
        said = self._reference(row)
        dates = (said.accept_by, said.due_by) if said else ()
        return Known(_further_up(line), row.what, *dates)

    def know(self, known: Mapping[str, Known]) -> None:
        """What stands for the batch's keys already."""
        self._known = known

    def judge(self, row: Row, *, at: datetime) -> Verdict:
        """The verdict for a row of the batch."""
        try:
            return self._judge(self._prepared[row.line], row.line, at)
        except RuleBroken as broken:
            return _set_aside(broken)
        except Exception as error:  # one row never stops the others
            if is_away(error):
                raise  # the database is gone: no row's fault
            return _set_aside(_unexpected(error))

    def _prepare(self, row: Row) -> Prepared | RuleBroken:
        if row.problem:
            return row.problem
        try:
            cells = self._columns.cells(row)
            number = _number(cells)
            said = as_text(cells[Field.WHAT])
            what = text.clean(said, limit=WHAT_LIMIT, field="what", lines=True)
        except RuleBroken as broken:
            return broken
        except Exception as error:
            return _unexpected(error)
        channel = self._order.channel.value
        key = _key(channel, number) if number else f"import:{channel}:{row.mark}"
        return Prepared(key, number, cells, what)

    def _judge(self, row: Prepared | RuleBroken, line: str, at: datetime) -> Verdict:
        if isinstance(row, RuleBroken):
            raise row
        if first := self._known.get(row.key) or self._rehearsed.get(row.key):
            return self._again(row, first, at)
        report = self._report(row)
        reference = self._reference(row)
        if self._order.rehearsal:
            return self._rehearse(row, report, line, at)
        with transaction.atomic():
            case, created = register(report, by=self._order.by, at=at, submission_key=row.key)
            if created and reference:
                outside.first_note(case, reference, by=self._order.by, at=at)
        if created:
            return Registered(case.no)
        return self._again(row, already_in([row.key])[row.key], at)

    def _rehearse(self, row: Prepared, report: Report, line: str, at: datetime) -> Verdict:
        """Without its key: nobody who brings in the same in earnest has to wait for us."""
        with transaction.atomic():
            case, _created = register(report, by=self._order.by, at=at)
            transaction.set_rollback(True)
        self._rehearsed[row.key] = self._further_up(row, line)
        return Registered(case.no)

    def _again(self, row: Prepared, first: Known, at: datetime) -> Verdict:
        """Raises RuleBroken `ref.in_use`: the outside number already stands for something else,
        and that was not to be appended."""
        if self._order.append and row.number:
            return self._append(row, first, at)
        if not first.lacks(row.what, self._reference(row)):
            return AlreadyIn(first.no)
        raise RuleBroken(
            "ref.in_use",
            _("外部编号“%(ref)s”已是投诉 %(no)s，但内容或期限不同；请核对是否重号。")
            % {"ref": row.number, "no": first.no},
            field="ref",
        )

    def _append(self, row: Prepared, first: Known, at: datetime) -> Verdict:
        """Other words or dates than the case has go to it, once."""
        reference, by = self._reference(row), self._order.by
        with transaction.atomic():
            cases = Complaint.objects.select_for_update(of=("self",))
            case = cases.filter(submission_key=row.key).first()
            if case is None:  # a row further up, which a rehearsal has not written
                is_new = first.lacks(row.what, reference)
                return Appended(first.no) if is_new else AlreadyIn(first.no)
            walls.hold(case.pk)
            is_new = case.what != row.what and not case.statements.filter(said=row.what).exists()
            if is_new:
                words = Said(channel=self._order.channel, said=row.what)
                statements.write(case, words, at=at, by=by)
            if reference and outside.note(case, reference, by=by, at=at)[1]:
                is_new = True
            if self._order.rehearsal:
                transaction.set_rollback(True)
        return Appended(case.no) if is_new else AlreadyIn(case.no)

    def _report(self, row: Prepared) -> Report:
        cells = row.cells
        name = _said(cells, Field.NAME)
        phone = values.digits(cells.get(Field.PHONE), "complainant_phone")
        nameless = name.lower() in values.NAMELESS
        report = Report(
            channel=self._order.channel,
            what=row.what,
            category=self._references.category(cells.get(Field.CATEGORY), row.what),
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

    def _reference(self, row: Prepared) -> Reference | None:
        """What the other office calls it, with its dates; None for a row without a number. A date
        that can't be read sets the row aside all the same."""
        accept_by, due_by = (
            values.deadline(row.cells.get(each), each.value, since_1904=self._since_1904)
            for each in (Field.ACCEPT_BY, Field.DUE_BY)
        )
        if not row.number:
            return None
        return Reference(
            channel=self._order.channel, number=row.number, accept_by=accept_by, due_by=due_by
        )


def _further_up(line: str) -> str:
    """How a row is named that stands for a number only in this file so far."""
    return _("（本文件第 %(line)s 行）") % {"line": line}


class _Columns:
    """A row's cells by what they mean. The rows of a table are all alike: what was understood of
    the last one's names is kept."""

    def __init__(self, headings: Headings[Field]) -> None:
        self._headings = headings
        self._names: tuple[str, ...] = ()
        self._places: dict[Field, list[int]] = {}

    def cells(self, row: Row) -> dict[Field, Cell]:
        """Of several columns for one field the first that is filled counts; of the content, all
        of them. Raises RuleBroken `cell.unreadable` for content that can't be known."""
        names = tuple(name for name, _cell in row.named)
        if names != self._names:
            self._names, self._places = names, self._headings.understood(names)
        first: dict[Field, Cell] = {}
        contents: list[Cell] = []
        for field, places in self._places.items():
            filled = [row.named[at][1] for at in places if not is_empty(row.named[at][1])]
            if field is Field.WHAT:
                contents = filled
            elif filled:
                first[field] = filled[0]
        for cell in contents:
            values.readable(cell, "what")
        return {**first, Field.WHAT: "\n".join(dict.fromkeys(map(as_text, contents)))}


def _number(cells: Mapping[Field, Cell]) -> str:
    found = values.digits(cells.get(Field.REF), "ref")
    return text.clean(found, limit=NUMBER_LIMIT, field="ref")


def _set_aside(broken: RuleBroken) -> SetAside:
    return SetAside(broken.code, str(broken))


def _unexpected(error: Exception) -> RuleBroken:
    return RuleBroken("unexpected", f"{type(error).__name__}: {error}"[:500])


def _said(cells: Mapping[Field, Cell], name: Field) -> str:
    values.readable(cells.get(name), name.value)
    said = as_text(cells.get(name)).strip()
    return "" if said.lower() in values.NOTHING else said
