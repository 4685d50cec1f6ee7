"""How far a list has to be read for one of its pages."""

from __future__ import annotations

#: Nobody turns pages beyond this row; who looks for more narrows the list down.
FURTHEST = 1000


def reach(page: str | None, size: int) -> int:
    """One row more than this page ends with, which says whether another one follows; at most
    `FURTHEST`. What is no number is the first page."""
    number = int(page) if page and page.isdecimal() and len(page) < 6 else 1
    return min(max(number, 1) * size + 1, FURTHEST)
