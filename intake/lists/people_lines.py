"""A list of people: who is new, who has changed, who holds another post."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from functools import partial

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.errors import RuleBroken
from intake.files.headings import Headings, plain
from intake.files.rows import Cell, Row, Source
from intake.lists import lines
from intake.lists.lines import Change, Line, Preview, Verdict
from staff import people
from staff.branches import closed_sentence
from staff.models import Branch, Person, Post, Role
from staff.people import Details, Newcomer


class Field(Enum):
    """What a column can tell about a person."""

    USERNAME = "username"
    NAME = "name"
    ROLE = "role"
    BRANCH = "branch"
    PHONE = "phone"
    EMAIL = "email"
    SINCE = "since"


HEADINGS = Headings(
    {
        Field.USERNAME: (
            "用户名", "登录名", "账号", "帐号", "工号", "员工编号", "username", "user name",
            "login", "employee no", "employee id",
        ),
        Field.NAME: ("姓名", "员工姓名", "人员姓名", "name", "full name"),
        Field.ROLE: ("角色", "岗位", "职务", "职位", "role", "post", "position"),
        Field.BRANCH: (
            "机构", "所属机构", "分公司", "所属分公司", "单位", "机构代码", "部门", "branch",
            "branch code", "branch name",
        ),
        Field.PHONE: ("电话", "手机", "手机号", "手机号码", "联系电话", "phone", "mobile"),
        Field.EMAIL: ("邮箱", "电子邮箱", "邮件", "email", "e mail", "mail"),
        Field.SINCE: ("任职日期", "任职时间", "生效日期", "生效时间", "起始日期", "since", "from"),
    },
    Field.USERNAME,
)  # fmt: skip

_LABELS = {
    "name": gettext_lazy("姓名"),
    "phone": gettext_lazy("电话"),
    "email": gettext_lazy("邮箱"),
    "role": gettext_lazy("角色"),
    "branch": gettext_lazy("机构"),
    "since": gettext_lazy("生效时间"),
}
_ROLES = {
    **{plain(str(value)): Role(value) for value in Role.values},
    **{plain(word): role for role, words in {
        Role.FRONTLINE: ("一线", "客服", "客服专员", "专员", "前台"),
        Role.SUPERVISOR: ("主管", "客服主管", "运营主管", "网点主管"),
        Role.QUALITY: ("品质管理员", "品质", "品质管理", "质控", "品控"),
        Role.DIRECTOR: ("服务总监", "总监"),
        Role.GENERAL_MANAGER: ("总经理", "general manager"),
        Role.ADMINISTRATOR: ("系统管理员", "管理员", "administrator"),
    }.items() for word in words},
}  # fmt: skip


@dataclass
class _Writing:
    """What is to be written when the preview is confirmed."""

    newcomers: list[Newcomer] = field(default_factory=list)
    described: list[tuple[int, Details]] = field(default_factory=list)
    appointed: list[tuple[int, Role, Branch, datetime]] = field(default_factory=list)

    def write(self, by: Person, at: datetime) -> None:
        people.take_on_many(self.newcomers, by=by)
        for person_id, details in self.described:
            people.describe(person_id, details, by=by)
        for person_id, role, branch, since in self.appointed:
            people.appoint(person_id, role, branch, since=since, by=by, at=at)


def preview(source: Source, *, by: Person, at: datetime) -> Preview:
    """What the file would do; nothing is written until `write`. Empty cells change nothing,
    passwords are never read, nobody who is not in the file is touched."""
    desk = _Desk(at, source.since_1904)
    told = [desk.judge(row) for row in source.rows]
    return Preview(told, partial(desk.writing.write, by, at), source.notes)


class _Desk:
    """What stands in the database now, read once for a whole file (three queries)."""

    def __init__(self, at: datetime, since_1904: bool) -> None:
        self.at = at
        self.since_1904 = since_1904
        self.writing = _Writing()
        self.seen: dict[str, str] = {}
        everybody = Person.objects.select_related("branch")
        self.known = {person.username.lower(): person for person in everybody}
        held = Post.objects.filter(is_current=True).select_related("branch")
        self.held = {post.person_id: post for post in held}
        self.branches: dict[str, Branch] = {}
        for branch in Branch.objects.select_related("heir"):
            self.branches.setdefault(plain(branch.name), branch)
        for branch in self.branches.copy().values():
            self.branches[plain(branch.code)] = branch

    def judge(self, row: Row) -> Line:
        """The line of a row; what it wants is noted for writing."""
        username = ""
        try:
            cells = lines.cells_of(row, HEADINGS)
            username = lines.number(cells.get(Field.USERNAME), "username", limit=60)
            if not username:
                raise RuleBroken("username.blank", _("没有写用户名。"))
            lines.once(self.seen, username.lower(), row.line)
            known = self.known.get(username.lower())
            if known is None:
                return self._new(row, username, cells)
            return self._known(row, known, cells)
        except RuleBroken as broken:
            return lines.refused(row, username, broken)

    def _new(self, row: Row, username: str, cells: dict[Field, Cell]) -> Line:
        said = self._details(cells)
        details = people.check_details(Details(**said))
        role, branch = self._role(cells), self._branch(cells)
        if role is None:
            raise RuleBroken("role.blank", _("新增人员要写角色。"))
        if branch is None:
            raise RuleBroken("branch.blank", _("新增人员要写机构。"))
        since = self._since(cells)
        if since and since > self.at:
            raise RuleBroken("since.future", _("新增人员的任职日期不能晚于现在。"))
        newcomer = Newcomer(
            people.check_username(username), details, role, branch, since or self.at
        )
        self.writing.newcomers.append(newcomer)
        shown = {**said, "role": str(role.label), "branch": branch.name, "since": _shown(since)}
        changes = [Change(str(_LABELS[name]), "", word) for name, word in shown.items() if word]
        return Line(row.line, username, Verdict.NEW, tuple(changes))

    def _known(self, row: Row, known: Person, cells: dict[Field, Cell]) -> Line:
        if not known.is_active:
            raise RuleBroken("person.inactive", _("这个账号已经停用。"))
        old = {"name": known.name, "phone": known.phone, "email": known.email}
        said = self._details(cells)
        changes = lines.unlike(_LABELS, old, said)
        details = None
        if changes:
            merged = {name: word or old[name] for name, word in said.items()}
            details = people.check_details(Details(**merged))
        changes += self._post(known, cells)
        if details:
            self.writing.described.append((known.pk, details))
        verdict = Verdict.CHANGED if changes else Verdict.UNCHANGED
        return Line(row.line, f"{known.name}（{known.username}）", verdict, tuple(changes))

    def _post(self, known: Person, cells: dict[Field, Cell]) -> list[Change]:
        """The other post that the row wants, noted for writing."""
        role = self._role(cells) or Role(known.role)
        branch = self._branch(cells) or known.branch
        if (role, branch.pk) == (known.role, known.branch_id):
            return []
        since = self._since(cells)
        people.check_appointment(known, self.held.get(known.pk), role, branch, since or self.at)
        self.writing.appointed.append((known.pk, role, branch, since or self.at))
        old = {"role": known.get_role_display(), "branch": known.branch.name, "since": ""}
        new = {"role": str(role.label), "branch": branch.name, "since": _shown(since)}
        return lines.unlike(_LABELS, old, new)

    def _details(self, cells: dict[Field, Cell]) -> dict[str, str]:
        return {
            "name": lines.word(cells.get(Field.NAME), "name", limit=60),
            "phone": lines.number(cells.get(Field.PHONE), "phone", limit=40),
            "email": lines.word(cells.get(Field.EMAIL), "email", limit=254),
        }

    def _role(self, cells: dict[Field, Cell]) -> Role | None:
        said = lines.word(cells.get(Field.ROLE), "role", limit=60)
        if said and plain(said) not in _ROLES:
            raise RuleBroken("role.unknown", _("没有“%(word)s”这个角色。") % {"word": said})
        return _ROLES[plain(said)] if said else None

    def _branch(self, cells: dict[Field, Cell]) -> Branch | None:
        said = lines.word(cells.get(Field.BRANCH), "branch", limit=60)
        if not said:
            return None
        found = self.branches.get(plain(said))
        if found is None:
            raise RuleBroken(
                "branch.unknown", _("没有“%(word)s”这个机构；请填代码或全名。") % {"word": said}
            )
        if found.heir:
            raise RuleBroken("branch.closed", closed_sentence(found))
        return found

    def _since(self, cells: dict[Field, Cell]) -> datetime | None:
        return lines.moment(cells.get(Field.SINCE), since_1904=self.since_1904)


def _shown(since: datetime | None) -> str:
    return f"{since:%Y-%m-%d %H:%M}" if since else str(_("确认时"))
