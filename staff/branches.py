"""Opening a branch: the one place that writes the tree."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _
from pypinyin import lazy_pinyin

from common.errors import RuleBroken
from staff.models import Branch


def sort_key(name: str) -> str:
    """Pinyin of a Chinese name, so that lists sort as people expect (databases don't know)."""
    return " ".join(lazy_pinyin(name)).lower()[:200]


@transaction.atomic
def save(branch: Branch) -> Branch:
    """Write a new or changed branch with its place in the tree; moves what lies below with it.
    Raises RuleBroken `parent.below_itself`."""
    branch.sort_key = sort_key(branch.name)
    before = branch.path
    if branch.pk is None:
        branch.path = f"new:{branch.code}"
        branch.save()
    elif before and branch.parent and branch.parent.path.startswith(before):
        raise RuleBroken("parent.below_itself", _("上级不能是本机构或它的下级。"), field="parent")
    above = branch.parent.path if branch.parent else "/"
    branch.path = f"{above}{branch.pk}/"
    branch.save()
    if before and before != branch.path:
        _move_below(before, branch.path)
    return branch


def _move_below(before: str, after: str) -> None:
    below = Branch.objects.filter(path__startswith=before).order_by("path")
    for child in below:
        child.path = after + child.path[len(before) :]
        child.save(update_fields=["path"])
