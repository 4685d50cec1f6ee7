"""Which playbook entries fit what is being typed."""

from __future__ import annotations

from collections.abc import Iterable

from complaints.models import Category, PlaybookEntry


def matching(*, category: Category | None, what: str, limit: int = 3) -> list[PlaybookEntry]:
    """The active entries that fit best: a category weighs three keywords, its parent one; an
    entry that fits nothing is left out."""
    entries = PlaybookEntry.objects.filter(is_active=True).prefetch_related("categories")
    scored = [(_score(entry, category, what), entry) for entry in entries]
    fitting = [(score, entry) for score, entry in scored if score]
    return [entry for _score_, entry in sorted(fitting, key=lambda pair: -pair[0])[:limit]]


def _score(entry: PlaybookEntry, category: Category | None, what: str) -> int:
    ids = {found.pk for found in entry.categories.all()}
    score = sum(1 for keyword in entry.keywords if keyword and keyword in what)
    if category and category.pk in ids:
        score += 3
    elif category and category.parent_id in ids:
        score += 1
    return score


def likely_category(what: str, among: Iterable[Category] | None = None) -> Category | None:
    """The active category whose keywords occur most in the text; None when none does. A caller
    with many texts passes the categories it has read."""
    best: tuple[int, Category | None] = (0, None)
    for category in Category.objects.filter(is_active=True) if among is None else among:
        hits = sum(1 for keyword in category.keywords if keyword and keyword in what)
        if hits > best[0]:
            best = (hits, category)
    return best[1]
