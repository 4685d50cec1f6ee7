"""A list of branches: founded, renamed, moved; none is closed by a list."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import Enum

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.errors import RuleBroken
from intake.files.headings import Headings, plain
from intake.files.rows import Cell, Row, Source
from intake.lists import lines
from intake.lists.lines import Change, Line, Preview, Verdict
from staff import branches
from staff.models import Branch, BranchKind, Person

#: More branches than this come in several files.
MOST = 2000


class Field(Enum):
    """What a column can tell about a branch."""

    CODE = "code"
    NAME = "name"
    KIND = "kind"
    PARENT = "parent"
    CITY = "city"
    SINCE = "since"


HEADINGS = Headings(
    {
        Field.CODE: ("代码", "机构代码", "机构编码", "编码", "分公司代码", "code", "branch code"),
        Field.NAME: ("名称", "机构名称", "机构", "分公司", "分公司名称", "name", "branch name"),
        Field.KIND: ("类别", "机构类别", "类型", "级别", "kind", "type"),
        Field.PARENT: ("上级", "上级机构", "上级代码", "所属平台", "隶属", "parent", "parent code"),
        Field.CITY: ("城市", "所在城市", "city"),
        Field.SINCE: ("生效日期", "生效时间", "设立日期", "起始日期", "since", "from"),
    },
    Field.CODE,
)

_LABELS = {
    "name": gettext_lazy("名称"),
    "kind": gettext_lazy("类别"),
    "parent": gettext_lazy("上级"),
    "city": gettext_lazy("城市"),
    "since": gettext_lazy("生效时间"),
}
_KINDS = {
    "region": BranchKind.REGION,
    "平台": BranchKind.REGION,
    "大区": BranchKind.REGION,
    "区域": BranchKind.REGION,
    "branch": BranchKind.BRANCH,
    "分公司": BranchKind.BRANCH,
    "网点": BranchKind.BRANCH,
    "headquarters": BranchKind.HEADQUARTERS,
    "总部": BranchKind.HEADQUARTERS,
}


class _Rehearsed(Exception):
    """All was done, and is undone."""


def preview(source: Source, *, by: Person, at: datetime) -> Preview:
    """What the file would do. It is done once through the services that write the tree, and
    undone, so that the lines say what those would say. A parent may stand below its children."""
    desk = _Desk(list(source.rows), by, at, source.since_1904)
    told: dict[int, Line] = {}
    try:
        with transaction.atomic():
            told = desk.take_all()
            raise _Rehearsed
    except _Rehearsed:
        pass
    again = _Desk(desk.rows, by, at, source.since_1904)
    return Preview([told[n] for n in range(len(desk.rows))], _for_good(again), source.notes)


def _for_good(desk: _Desk) -> Callable[[], None]:
    def write() -> None:
        desk.take_all()

    return write


class _Desk:
    def __init__(self, rows: list[Row], by: Person, at: datetime, since_1904: bool) -> None:
        self.rows = rows
        self.by = by
        self.at = at
        self.since_1904 = since_1904
        self.seen: dict[str, str] = {}
        self.known: dict[str, Branch] = {}
        self.named: dict[str, Branch] = {}

    def take_all(self) -> dict[int, Line]:
        """The line of each row by its number. Rows whose parent is still to come are taken
        later; what is left when nothing moves any more is refused."""
        found = Branch.objects.select_related("parent", "heir")
        self.known = {branch.code.lower(): branch for branch in found}
        self.named = {plain(branch.name): branch for branch in found}
        told: dict[int, Line] = {}
        left = list(range(len(self.rows)))
        while left:
            waiting = [n for n in left if not self._take(n, told, last=False)]
            if len(waiting) == len(left):
                for n in waiting:
                    self._take(n, told, last=True)
                break
            left = waiting
        return told

    def _take(self, number: int, told: dict[int, Line], *, last: bool) -> bool:
        row, code = self.rows[number], ""
        try:
            if number >= MOST:
                raise RuleBroken("file.too_long", _("一次最多 %(most)d 行。") % {"most": MOST})
            cells = lines.cells_of(row, HEADINGS)
            code = lines.number(cells.get(Field.CODE), "code", limit=20)
            if not code:
                raise RuleBroken("code.blank", _("没有写代码。"))
            if not last and self._waits(cells):
                return False
            lines.once(self.seen, code.lower(), row.line)
            with transaction.atomic():
                told[number] = self._line(row, code, cells)
        except RuleBroken as broken:
            told[number] = lines.refused(row, code, broken)
        return True

    def _waits(self, cells: dict[Field, Cell]) -> bool:
        parent = lines.word(cells.get(Field.PARENT), "parent", limit=60)
        return bool(parent) and self._find(parent) is None

    def _line(self, row: Row, code: str, cells: dict[Field, Cell]) -> Line:
        known = self.known.get(code.lower())
        said = {
            "name": lines.word(cells.get(Field.NAME), "name", limit=60),
            "kind": lines.word(cells.get(Field.KIND), "kind", limit=20),
            "parent": lines.word(cells.get(Field.PARENT), "parent", limit=60),
            "city": lines.word(cells.get(Field.CITY), "city", limit=30),
        }
        since = lines.moment(cells.get(Field.SINCE), since_1904=self.since_1904)
        if known is None:
            return self._new(row, code, said, since)
        return self._known(row, known, said, since)

    def _new(self, row: Row, code: str, said: dict[str, str], since: datetime | None) -> Line:
        parent = self._parent(said["parent"])
        kind = self._kind(said["kind"]) or BranchKind.BRANCH
        if parent is None:
            raise RuleBroken("parent.blank", _("新设机构要写上级。"))
        made = branches.found(
            code=code,
            name=said["name"],
            kind=kind,
            parent=parent,
            city=said["city"],
            since=since or self.at,
            by=self.by,
            at=self.at,
        )
        self.known[code.lower()] = self.named[plain(made.name)] = made
        new = {**said, "kind": str(kind.label), "parent": parent.name, "since": _shown(since)}
        changes = [Change(str(_LABELS[name]), "", word) for name, word in new.items() if word]
        return Line(row.line, code, Verdict.NEW, tuple(changes))

    def _known(self, row: Row, known: Branch, said: dict[str, str], since: datetime | None) -> Line:
        if known.heir:
            raise RuleBroken("branch.closed", branches.closed_sentence(known))
        kind = self._kind(said["kind"])
        if kind and kind != known.kind:
            raise RuleBroken("kind.fixed", _("机构的类别不能改。"))
        parent = self._parent(said["parent"])
        above = known.parent.name if known.parent else ""
        old = {"name": known.name, "parent": above, "city": known.city, "since": ""}
        new = {"name": said["name"], "parent": parent.name if parent else "", "city": said["city"]}
        changes = lines.unlike(_LABELS, old, new)
        moment = since or self.at
        names = {change.label for change in changes}
        self._change(known, parent, new, moment, names)
        if names - {str(_LABELS["city"])}:
            changes.append(Change(str(_LABELS["since"]), "", _shown(since)))
        verdict = Verdict.CHANGED if changes else Verdict.UNCHANGED
        return Line(row.line, f"{old['name']}（{known.code}）", verdict, tuple(changes))

    def _change(
        self,
        known: Branch,
        parent: Branch | None,
        new: dict[str, str],
        since: datetime,
        names: set[str],
    ) -> None:
        """Through the services, what differs."""
        if str(_LABELS["name"]) in names:
            branches.rename(known.pk, new["name"], since=since, by=self.by, at=self.at)
        if str(_LABELS["parent"]) in names and parent:
            branches.move(known.pk, parent, since=since, by=self.by, at=self.at)
        if str(_LABELS["city"]) in names:
            branches.describe(known.pk, city=new["city"], calendar=known.calendar, by=self.by)

    def _parent(self, word: str) -> Branch | None:
        if not word:
            return None
        found = self._find(word)
        if found is None:
            raise RuleBroken("parent.unknown", _("没有“%(word)s”这个上级机构。") % {"word": word})
        return found

    def _find(self, word: str) -> Branch | None:
        return self.known.get(word.lower()) or self.named.get(plain(word))

    def _kind(self, word: str) -> BranchKind | None:
        if word and word.lower() not in _KINDS:
            raise RuleBroken("kind.unknown", _("没有“%(word)s”这个类别。") % {"word": word})
        return _KINDS[word.lower()] if word else None


def _shown(since: datetime | None) -> str:
    return f"{since:%Y-%m-%d %H:%M}" if since else str(_("确认时"))
