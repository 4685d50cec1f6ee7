"""Writing the history of the tree; `staff/branches.py` alone calls this."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from common.errors import RuleBroken
from common.ranges import holds_at
from staff import tree
from staff.models import Branch, BranchSpan, Person


def begin(branch: Branch, *, since: datetime | None, by: Person | None) -> BranchSpan:
    """The branch is as it is now, from `since` on."""
    return BranchSpan.objects.create(
        branch=branch,
        name=branch.name,
        sort_key=branch.sort_key,
        parent_id=branch.parent_id,
        since=since,
        by=by,
    )


def correct(branch: Branch) -> None:
    """The branch has been as it is now for as long as its present span lasts."""
    BranchSpan.objects.filter(branch=branch, until=None).update(
        name=branch.name, sort_key=branch.sort_key, parent_id=branch.parent_id
    )


def change(branch: Branch, *, since: datetime, by: Person, at: datetime) -> None:
    """What the branch was ends at `since`, what it is now begins. Raises RuleBroken
    `since.future`, `since.before_last_change`."""
    span = _standing(branch, since, at)
    if span.since == since:
        correct(branch)
        return
    end(branch, since)
    begin(branch, since=since, by=by)


def end(branch: Branch, until: datetime) -> None:
    """The branch's open span ends, and none follows yet."""
    BranchSpan.objects.filter(branch=branch, until=None).update(until=until)


def refuse_end(branch: Branch, *, since: datetime, at: datetime) -> None:
    """Raises RuleBroken where the branch can't end at `since`: `since.future`,
    `since.before_last_change`, `since.children`."""
    span = _standing(branch, since, at)
    if span.since == since:
        raise _too_early(span)
    later = BranchSpan.objects.filter(parent=branch, until__gt=since)
    if below := later.select_related("branch").first():
        raise RuleBroken(
            "since.children",
            _("“%(name)s”在这个时间以后还属于它；请填它离开以后的时间。") % {"name": below.name},
            field="since",
        )


def refuse_not_yet(above: Branch, since: datetime) -> None:
    """Raises RuleBroken `parent.not_yet`: there was no such branch at `since`."""
    if not BranchSpan.objects.filter(holds_at(since), branch=above).exists():
        raise _not_yet(above)


def refuse_circle(branch: Branch, above: Branch, *, since: datetime, at: datetime) -> None:
    """Raises RuleBroken `parent.below_itself`, `parent.not_yet`: at some moment from `since` to
    now `above` lay below the branch, or there was no such branch."""
    changes = BranchSpan.objects.filter(since__gt=since, since__lte=at)
    for moment in [since, *changes.values_list("since", flat=True).distinct()]:
        then = tree.as_of(moment or since).branches.get(above.pk)
        if then is None:
            raise _not_yet(above)
        if branch.pk in then.ancestor_ids:
            raise below_itself()


def _not_yet(above: Branch) -> RuleBroken:
    return RuleBroken(
        "parent.not_yet",
        _("那个时间“%(name)s”还没有设立，不能归它管。") % {"name": above.name},
        field="since",
    )


def below_itself() -> RuleBroken:
    """The sentence for a branch that would hang below itself."""
    return RuleBroken("parent.below_itself", _("上级不能是本机构或它的下级。"), field="parent")


def _standing(branch: Branch, since: datetime, at: datetime) -> BranchSpan:
    if since > at:
        raise RuleBroken("since.future", _("生效时间不能晚于现在。"), field="since")
    span = BranchSpan.objects.get(branch=branch, until=None)
    if span.since is not None and since < span.since:
        raise _too_early(span)
    return span


def _too_early(span: BranchSpan) -> RuleBroken:
    last = f"{timezone.localtime(span.since):%Y-%m-%d %H:%M}" if span.since else ""
    return RuleBroken(
        "since.before_last_change",
        _("%(since)s 已有过一次变更，生效时间须在它以后。") % {"since": last},
        field="since",
    )
