"""The tree of branches as it was at a moment (`docs/branches.md`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time

from django.utils import timezone

from common.ranges import holds_at
from staff.models import Branch, BranchSpan

#: Before this nothing is known of any firm, and far ends overflow in zones.
_EARLIEST = date(1900, 1, 1)


@dataclass(frozen=True)
class Tree:
    """`branches` as they were at `moment`, by id, each behind its parent and siblings by name:
    their `name`, `parent`, `path` and `sort_key` are those of then. Not to be saved. `closings`
    says of each branch that has ever closed when, and which branch took over."""

    moment: datetime
    branches: dict[int, Branch]
    closings: dict[int, tuple[datetime, int]]

    def answering(self, branch_id: int) -> int:
        """Which branch answered for this one's duties at the moment: itself while it was open,
        else the one at the end of its line of successors."""
        while (closing := self.closings.get(branch_id)) and closing[0] <= self.moment:
            branch_id = closing[1]
        return branch_id


def as_of(moment: datetime) -> Tree:
    """The tree at the moment; two queries."""
    spans = list(BranchSpan.objects.filter(holds_at(moment)).select_related("branch__heir"))
    branches = {span.branch_id: _as_then(span) for span in spans}
    parents = {span.branch_id: span.parent_id for span in spans}
    for branch in branches.values():
        branch.path = _path(branch.pk, parents)
        branch.parent = branches.get(branch.parent_id or 0)
    closed = Branch.objects.filter(closed_at__isnull=False)
    closings = {
        pk: (at, successor)
        for pk, at, successor in closed.values_list("pk", "closed_at", "successor_id")
        if at is not None and successor is not None
    }
    return Tree(moment, _in_order(branches), closings)


def _in_order(branches: dict[int, Branch]) -> dict[int, Branch]:
    """Each behind its parent, siblings by name."""

    def place(branch: Branch) -> list[tuple[str, str]]:
        above = [branches[pk] for pk in reversed(branch.ancestor_ids) if pk in branches]
        return [(each.sort_key, each.code) for each in above]

    return {branch.pk: branch for branch in sorted(branches.values(), key=place)}


def end_of(day: date, at: datetime) -> datetime:
    """The last moment of the day in the firm's zone, or `at` where that is sooner."""
    if day >= timezone.localdate(at):
        return at
    ends = datetime.combine(max(day, _EARLIEST), time.max, timezone.get_default_timezone())
    return min(ends, at)


def _as_then(span: BranchSpan) -> Branch:
    branch = span.branch
    branch.name, branch.sort_key, branch.parent_id = span.name, span.sort_key, span.parent_id
    return branch


def _path(branch_id: int, parents: dict[int, int | None]) -> str:
    upwards = [branch_id]
    while (above := parents.get(upwards[-1])) is not None and above not in upwards:
        upwards.append(above)
    return "/" + "".join(f"{pk}/" for pk in reversed(upwards))
