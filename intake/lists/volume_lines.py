"""A list of business volumes: what each branch handled in a month."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime
from decimal import Decimal
from enum import Enum

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.errors import RuleBroken
from intake.files import values
from intake.files.headings import Headings, plain
from intake.files.rows import Cell, Row, Source, as_text
from intake.lists import lines
from intake.lists.lines import Change, Line, Preview, Verdict
from staff import volumes
from staff.models import Branch, BranchKind, BusinessVolume, Person
from staff.volumes import Entry


class Field(Enum):
    """What a column can tell about a volume."""

    BRANCH = "branch"
    MONTH = "month"
    PIECES = "pieces"


HEADINGS = Headings(
    {
        Field.BRANCH: (
            "机构", "分公司", "机构代码", "分公司代码", "机构名称", "分公司名称", "代码", "单位",
            "branch", "branch code", "branch name",
        ),
        Field.MONTH: ("月份", "年月", "期间", "统计月份", "month", "period"),
        Field.PIECES: (
            "业务量", "件量", "票数", "单量", "票量", "业务量万单", "单量万单", "万单", "件数",
            "volume", "pieces", "shipments", "orders",
        ),
    },
    Field.PIECES,
)  # fmt: skip

_MONTH = re.compile(r"(\d{4})\s*[-/.年]?\s*(\d{1,2})\s*月?(?:份)?(?:[-/.]0?1)?")
_NUMBER = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)(万)?单?")
_PIECES = gettext_lazy("业务量（单）")


def preview(source: Source, *, by: Person, at: datetime, name: str) -> Preview:
    """What the file would do; `name` is kept as the source of the figures."""
    rows = list(source.rows)
    desk = _Desk(at)
    told = [desk.judge(row) for row in rows]

    def write() -> None:
        volumes.record(desk.entries, source=name, by=by, at=at)

    return Preview(told, write, source.notes)


class _Desk:
    def __init__(self, at: datetime) -> None:
        self.at = at
        self.entries: list[Entry] = []
        self.seen: dict[str, str] = {}
        self.stood: dict[tuple[int, date], BusinessVolume] = {
            (each.branch_id, each.month): each
            for each in BusinessVolume.objects.filter(superseded_at=None)
        }
        self.branches: dict[str, Branch] = {}
        for branch in Branch.objects.all():
            self.branches.setdefault(plain(branch.name), branch)
        for branch in self.branches.copy().values():
            self.branches[plain(branch.code)] = branch

    def judge(self, row: Row) -> Line:
        """The line of a row; its figure is noted for writing."""
        name = ""
        try:
            cells = lines.cells_of(row, HEADINGS)
            name = lines.word(cells.get(Field.BRANCH), "branch", limit=60)
            branch = self._branch(name)
            month = _month(cells.get(Field.MONTH))
            name = f"{branch.name} {month:%Y-%m}"
            lines.once(self.seen, f"{branch.pk} {month}", row.line)
            entry = Entry(branch.pk, month, _pieces(row, cells.get(Field.PIECES)))
            volumes.check(entry, self.at)
        except RuleBroken as broken:
            return lines.refused(row, name, broken)
        return self._line(row, name, entry)

    def _line(self, row: Row, name: str, entry: Entry) -> Line:
        stood = self.stood.get((entry.branch_id, entry.month))
        if stood and stood.pieces == entry.pieces:
            return Line(row.line, name, Verdict.UNCHANGED)
        self.entries.append(entry)
        old = str(stood.pieces) if stood else ""
        verdict = Verdict.CHANGED if stood else Verdict.NEW
        return Line(row.line, name, verdict, (Change(str(_PIECES), old, str(entry.pieces)),))

    def _branch(self, said: str) -> Branch:
        found = self.branches.get(plain(said)) if said else None
        if found is None:
            raise RuleBroken(
                "branch.unknown", _("没有“%(word)s”这个机构；请填代码或全名。") % {"word": said}
            )
        if found.kind != BranchKind.BRANCH:
            raise RuleBroken("branch.not_ranked", _("业务量只记在分公司名下。"))
        return found


def _month(cell: Cell) -> date:
    values.readable(cell, "month")
    if isinstance(cell, date):
        return date(cell.year, cell.month, 1)
    said = unicodedata.normalize("NFKC", as_text(cell)).strip()
    found = _MONTH.fullmatch(said)
    if found is None or not (2000 <= int(found[1]) <= 2100 and 1 <= int(found[2]) <= 12):
        raise RuleBroken(
            "month.unclear",
            _("看不懂月份“%(text)s”；请写成 2026-10 这样。") % {"text": said[:60]},
        )
    return date(int(found[1]), int(found[2]), 1)


def _pieces(row: Row, cell: Cell) -> int:
    """In 单; a header or a cell that says 万 is in ten thousands."""
    values.readable(cell, "pieces")
    said = unicodedata.normalize("NFKC", as_text(cell)).replace(",", "").replace(" ", "")
    found = _NUMBER.fullmatch(said)
    pieces = Decimal(found[1]) if found else Decimal("0.5")
    if found and (found[2] or _in_ten_thousands(row)):
        pieces *= 10_000
    if pieces != int(pieces):
        raise RuleBroken(
            "pieces.unclear",
            _("看不懂业务量“%(text)s”；请写整单数，或写明“万单”。") % {"text": said[:60]},
        )
    return int(pieces)


def _in_ten_thousands(row: Row) -> bool:
    headers = [name for name, _cell in row.named]
    places = HEADINGS.understood(headers).get(Field.PIECES, [])
    return any("万" in headers[at] for at in places)
