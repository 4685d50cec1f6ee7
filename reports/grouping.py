"""Whose figures a ruling counts to: the tree of branches as of the period's end."""

from __future__ import annotations

from datetime import datetime

from reports.periods import Week
from staff import tree
from staff.models import BranchKind
from staff.tree import Tree


def tree_of(week: Week, at: datetime) -> Tree:
    """The tree as the week ended, or as it is at `at` while the week still runs."""
    return tree.as_of(min(week.last_moment, at))


def ranked_unit(then: Tree, branch_id: int) -> int:
    """The unit whose row holds what was ruled to the branch: its own while it was open or when
    no branch took over, else the branch that answered for it by then."""
    heir = then.branches.get(then.answering(branch_id))
    return heir.pk if heir and heir.kind == BranchKind.BRANCH else branch_id


def ruled_to(then: Tree, unit_id: int) -> list[int]:
    """All branches whose rulings count to this row."""
    closed = (pk for pk in then.closings if pk != unit_id)
    return [unit_id, *(pk for pk in closed if ranked_unit(then, pk) == unit_id)]
