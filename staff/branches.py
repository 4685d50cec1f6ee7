"""Opening, renaming, moving, closing a branch: the one place that writes the tree.

Every change of the tree locks headquarters' row first, so that two never cross. Old cases keep
their branch; the duties of a closed one go to its heir (`staff.posts`), and so does the sight of
its cases (`staff.access`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Field
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from pypinyin import lazy_pinyin

from common import text
from common.errors import Conflict, NotAllowed, RuleBroken
from staff import spans
from staff.models import Branch, BranchKind, Calendar, Person, Post, Role


def sort_key(name: str) -> str:
    """Pinyin of a Chinese name, so that lists sort as people expect (databases don't know)."""
    return " ".join(lazy_pinyin(name)).lower()[:200]


@transaction.atomic
def save(branch: Branch, *, since: datetime | None = None, by: Person | None = None) -> Branch:
    """Write a new branch, there `since` (None: as far back as anything is known); or correct one:
    it has been as it is now since its last change. Raises RuleBroken `parent.below_itself`,
    `parent.closed`."""
    lock_tree()
    branch.sort_key = sort_key(branch.name)
    if branch.parent:
        branch.parent.refresh_from_db(fields=["path", "closed_at"])
        if branch.parent.closed_at:
            raise RuleBroken("parent.closed", _("上级已经撤并，请另选。"), field="parent")
    if branch.pk is None:
        branch.path = f"new:{branch.code}"
        branch.save()
        _place(branch)
        spans.begin(branch, since=since, by=by)
        return branch
    branch.path = Branch.objects.values_list("path", flat=True).get(pk=branch.pk)
    if branch.parent and branch.parent.path.startswith(branch.path):
        raise spans.below_itself()
    branch.save()
    _place(branch)
    spans.correct(branch)
    return branch


@transaction.atomic
def found(
    *,
    code: str,
    name: str,
    kind: BranchKind,
    parent: Branch,
    city: str = "",
    calendar: Calendar | None = None,
    since: datetime,
    by: Person,
    at: datetime,
) -> Branch:
    """A new branch below `parent` from `since` on. Raises RuleBroken `name.blank`, `name.taken`,
    `code.taken`, `kind.headquarters`, `parent.closed`, `parent.not_yet`, `since.future`, `text.*`;
    NotAllowed."""
    administrators_only(by)
    lock_tree()
    if kind == BranchKind.HEADQUARTERS:
        raise RuleBroken("kind.headquarters", _("总部只能有一个。"), field="kind")
    if Branch.objects.filter(code__iexact=check_code(code)).exists():
        raise RuleBroken("code.taken", _("这个代码已经有机构用了。"), field="code")
    if since > at:
        raise RuleBroken("since.future", _("生效时间不能晚于现在。"), field="since")
    branch = Branch(
        code=code,
        name=_free_name(name),
        kind=kind,
        parent=_open(parent, "parent"),
        city=text.clean(city, limit=30, field="city"),
        calendar=calendar,
    )
    spans.refuse_not_yet(parent, since)
    return save(branch, since=since, by=by)


@transaction.atomic
def rename(branch_id: int, name: str, *, since: datetime, by: Person, at: datetime) -> Branch:
    """Another name from `since` on. Raises RuleBroken `name.blank`, `name.taken`, `since.*`,
    `text.*`; Conflict `branch.closed`; NotAllowed."""
    branch = _lock_one(branch_id, by)
    branch.name = _free_name(name, but=branch)
    branch.sort_key = sort_key(branch.name)
    branch.save(update_fields=["name", "sort_key"])
    spans.change(branch, since=since, by=by, at=at)
    return branch


@transaction.atomic
def move(branch_id: int, parent: Branch, *, since: datetime, by: Person, at: datetime) -> Branch:
    """Below another branch from `since` on, with all that lies below it. Raises RuleBroken
    `parent.*`, `since.*`; Conflict `branch.closed`; NotAllowed."""
    branch = _lock_one(branch_id, by)
    if branch.kind == BranchKind.HEADQUARTERS:
        raise RuleBroken("parent.headquarters", _("总部没有上级。"), field="parent")
    above = _open(parent, "parent")
    if above.path.startswith(branch.path):
        raise spans.below_itself()
    spans.refuse_circle(branch, above, since=since, at=at)
    branch.parent = above
    branch.save(update_fields=["parent"])
    _place(branch)
    spans.change(branch, since=since, by=by, at=at)
    return branch


@transaction.atomic
def merge(branch_id: int, into: Branch, *, since: datetime, by: Person, at: datetime) -> Branch:
    """Close the branch at `since`; `into` takes over its duties and sees its cases, open ones
    too. Raises RuleBroken `into.*`, `since.*`, Conflict `branch.closed`, `branch.has_people`,
    `branch.has_children`; NotAllowed."""
    branch = _lock_one(branch_id, by)
    successor = _open(into, "into")
    if successor.pk == branch.pk:
        raise RuleBroken("into.itself", _("接手的不能是它自己。"), field="into")
    _refuse_to_close(branch)
    spans.refuse_end(branch, since=since, at=at)
    branch.closed_at, branch.successor, branch.heir = since, successor, successor
    branch.save(update_fields=["closed_at", "successor", "heir"])
    Branch.objects.filter(heir=branch).update(heir=successor)
    spans.end(branch, since)
    return branch


def close(branch_id: int, *, since: datetime, by: Person, at: datetime) -> Branch:
    """As `merge`, into what lies above it."""
    above = Branch.objects.select_related("parent").get(pk=branch_id).parent
    if above is None:
        raise RuleBroken("branch.headquarters", _("总部不能撤并。"))
    return merge(branch_id, above, since=since, by=by, at=at)


@transaction.atomic
def describe(branch_id: int, *, city: str, calendar: Calendar | None, by: Person) -> Branch:
    """Its city and its published hours, which have no history. Raises NotAllowed, Conflict,
    RuleBroken `text.*`."""
    branch = _lock_one(branch_id, by)
    branch.city, branch.calendar = text.clean(city, limit=30, field="city"), calendar
    branch.save(update_fields=["city", "calendar"])
    return branch


def check_code(code: str) -> str:
    """The code, if it can be one. Raises RuleBroken `code.invalid`."""
    try:
        cast("Field[Any, Any]", Branch._meta.get_field("code")).clean(code, None)
    except ValidationError as error:
        raise RuleBroken("code.invalid", " ".join(error.messages), field="code") from error
    return code


def administrators_only(by: Person) -> None:
    """Raises NotAllowed for everybody else."""
    if by.role != Role.ADMINISTRATOR or not by.is_active:
        raise NotAllowed("not_allowed", _("只有系统管理员可以改机构和人员。"))


def lock_tree() -> None:
    """One change of the tree at a time. Not a lock that a foreign key would wait for: cases are
    registered meanwhile."""
    top = Branch.objects.select_for_update(no_key=True).filter(kind=BranchKind.HEADQUARTERS)
    list(top.values_list("pk"))


def _lock_one(branch_id: int, by: Person) -> Branch:
    """The open branch, as it stands once it is nobody else's turn."""
    administrators_only(by)
    lock_tree()
    found = Branch.objects.select_for_update(no_key=True, of=("self",)).get(pk=branch_id)
    return _open(found, None)


def _open(branch: Branch, field: str | None) -> Branch:
    """The branch as it is now. Raises Conflict `branch.closed`."""
    now = Branch.objects.select_related("heir").get(pk=branch.pk)
    if now.heir is not None:
        raise Conflict("branch.closed", closed_sentence(now), field=field)
    return now


def closed_sentence(branch: Branch) -> str:
    """That the branch is closed, and who has taken over."""
    return _("“%(name)s”已经撤并，由“%(heir)s”接手。") % {
        "name": branch.name,
        "heir": branch.heir.name if branch.heir else "",
    }


def _free_name(name: str, *, but: Branch | None = None) -> str:
    name = text.clean(name, limit=60, field="name")
    if text.is_blank(name):
        raise RuleBroken("name.blank", _("请填写机构名称。"), field="name")
    holder = Branch.objects.filter(name=name).first()
    if holder is not None and holder != but:
        raise RuleBroken("name.taken", _("已经有叫这个名称的机构了。"), field="name")
    return name


def _refuse_to_close(branch: Branch) -> None:
    if branch.kind == BranchKind.HEADQUARTERS:
        raise RuleBroken("branch.headquarters", _("总部不能撤并。"))
    people = Person.objects.filter(branch=branch, is_active=True).count()
    planned = Post.objects.filter(
        branch=branch, is_current=False, until=None, cancelled_at=None
    ).count()
    if count := people + planned:
        words = ngettext(
            "这里还有 %(count)d 名在用的人员（或已定的调入），请先把他们调到别的机构。",
            "这里还有 %(count)d 名在用的人员（或已定的调入），请先把他们调到别的机构。",
            count,
        )
        raise RuleBroken("branch.has_people", words % {"count": count})
    if count := Branch.objects.live().filter(parent=branch).count():
        words = ngettext(
            "它下面还有 %(count)d 个机构，请先把它们移到别处。",
            "它下面还有 %(count)d 个机构，请先把它们移到别处。",
            count,
        )
        raise RuleBroken("branch.has_children", words % {"count": count})


def _place(branch: Branch) -> None:
    """Give the branch the path below its parent, and all that lies below it theirs."""
    before = branch.path
    above = branch.parent.path if branch.parent else "/"
    branch.path = f"{above}{branch.pk}/"
    if before == branch.path:
        return
    branch.save(update_fields=["path"])
    below = Branch.objects.filter(path__startswith=before).exclude(pk=branch.pk)
    for child in below.order_by("path"):
        child.path = branch.path + child.path[len(before) :]
        child.save(update_fields=["path"])
