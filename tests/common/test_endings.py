"""What a request writes last, because others wait for it until the commit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import pytest
from django.db import transaction

from common import endings, walls

Done = list[list[Any]]


@pytest.fixture
def done() -> Done:
    return []


@pytest.fixture
def write(done: Done) -> Callable[[Sequence[Any]], None]:
    def _write(items: Sequence[Any]) -> None:
        done.append(list(items))

    return _write


class _Broken(Exception):
    pass


def test_it_is_done_once_at_the_end(transactional_db: None, done: Done, write: Any) -> None:
    with walls.eyes(walls.NOBODY):
        endings.last(write, [1, 2])
        endings.last(write, [3])
        endings.last(write, [])
        assert done == []
    assert done == [[1, 2, 3]]


def test_what_a_savepoint_undoes_is_not_done(
    transactional_db: None, done: Done, write: Any
) -> None:
    with walls.eyes(walls.NOBODY):
        endings.last(write, [1])
        with suppress(_Broken), transaction.atomic():
            endings.last(write, [2])
            raise _Broken
    assert done == [[1]]


def test_what_fails_leaves_nothing_to_the_next(
    transactional_db: None, done: Done, write: Any
) -> None:
    with suppress(_Broken), walls.eyes(walls.NOBODY):
        endings.last(write, [1])
        raise _Broken
    with walls.eyes(walls.NOBODY):
        endings.last(write, [2])
        transaction.set_rollback(True)
    with walls.eyes(walls.NOBODY):
        pass
    assert done == []


def test_other_work_on_commit_is_still_done(transactional_db: None, done: Done, write: Any) -> None:
    with walls.eyes(walls.NOBODY):
        transaction.on_commit(lambda: write(["on commit"]))
        endings.last(write, ["last"])
    assert done == [["last"], ["on commit"]]


def test_who_serves_nobody_does_it_at_once(transactional_db: None, done: Done, write: Any) -> None:
    with transaction.atomic():
        endings.last(write, [1])
        assert done == [[1]]
