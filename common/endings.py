"""What a transaction writes last, right before it commits: rows that others wait for until then."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

_Work = Callable[[Sequence[Any]], None]


class _Here(threading.local):
    gathers = False


_here = _Here()


class _Last:
    """Stands among what is to be done on commit, so that a savepoint that is undone takes it
    along."""

    def __init__(self, work: _Work, items: Sequence[Any]) -> None:
        self.work, self.items = work, items

    def __call__(self) -> None:
        self.work(self.items)


def last(work: _Work, items: Sequence[Any]) -> None:
    """Call the work with the items, and with those of the same work that come after them, at the
    end of the request's transaction; at once where nobody gathers such work."""
    if not items:
        return
    if _here.gathers:
        transaction.on_commit(_Last(work, items))
    else:
        work(items)


@contextmanager
def gathered() -> Iterator[Callable[[], list[Callable[[], None]]]]:
    """Inside the block, a transaction, `last` only notes what is to be done. What this gives
    takes it out, merged, to be done by the caller right before the commit."""
    _here.gathers = True
    try:
        yield _taken_out
    finally:
        _here.gathers = False


def _taken_out() -> list[Callable[[], None]]:
    _here.gathers = False
    others, merged = [], dict[_Work, list[Any]]()
    for each in connection.run_on_commit:
        if isinstance(noted := each[1], _Last):
            merged.setdefault(noted.work, []).extend(noted.items)
        else:
            others.append(each)
    connection.run_on_commit = others
    return [_Last(work, items) for work, items in merged.items()]
