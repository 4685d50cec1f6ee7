"""The branches and categories that rows name by code or by name."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Generic, TypeVar

from django.utils.translation import gettext as _

from common.errors import RuleBroken
from complaints.guide import likely_category
from complaints.models import Category
from intake.files.rows import Cell, as_text
from intake.files.values import NOTHING, readable
from staff.models import Branch

_Named = TypeVar("_Named")

#: The category of what fits no other.
OTHER = "other"


class _Words(Generic[_Named]):
    """Things by the words that name them; a word that names two names none."""

    def __init__(self, named: Iterable[tuple[_Named, Iterable[str]]]) -> None:
        self._found: dict[str, _Named | None] = {}
        for thing, words in named:
            for word in {_plain(word) for word in words}:
                self._found[word] = None if word in self._found else thing

    def get(self, word: str) -> _Named | None:
        return self._found.get(_plain(word))


def _plain(word: str) -> str:
    return "".join(unicodedata.normalize("NFKC", word).lower().split())


class References:
    """What stands in the database now, read once for a whole file (two queries)."""

    def __init__(self) -> None:
        branches = list(Branch.objects.all())
        categories = list(Category.objects.filter(is_active=True).select_related("parent"))
        self._categories = categories
        # A code is asked first: it may also be some other thing's name.
        self._branch_codes = _Words((branch, [branch.code]) for branch in branches)
        self._branch_names = _Words((branch, [branch.name]) for branch in branches)
        self._category_codes = _Words((category, [category.code]) for category in categories)
        self._category_names = _Words((one, [one.name, str(one)]) for one in categories)

    def branch(self, cell: Cell) -> Branch | None:
        """The branch the cell names; None when it says nothing. Raises RuleBroken
        `concerned_branch.unknown`."""
        word = _word(cell, "concerned_branch")
        if not word:
            return None
        found = self._branch_codes.get(word) or self._branch_names.get(word)
        if found is None:
            raise RuleBroken(
                "concerned_branch.unknown",
                _("没有“%(word)s”这个机构，或有几个同名；请填机构的代码或全名。")
                % {"word": word[:60]},
                field="concerned_branch",
            )
        return found

    def category(self, cell: Cell, what: str) -> Category:
        """The category the cell names; where it says nothing, the likeliest by the content's
        keywords, else `other`. Raises RuleBroken `category.unknown`."""
        word = _word(cell, "category")
        if word:
            found = self._category_codes.get(word) or self._category_names.get(word)
        else:
            found = likely_category(what, self._categories) or self._category_codes.get(OTHER)
        if found is None:
            raise RuleBroken(
                "category.unknown",
                _("没有“%(word)s”这个投诉类别，或有几个同名；请填类别的代码或名称。")
                % {"word": word[:60] or OTHER},
                field="category",
            )
        return found


def _word(cell: Cell, field: str) -> str:
    readable(cell, field)
    word = as_text(cell).strip()
    return "" if word.lower() in NOTHING else word
