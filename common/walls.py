"""The second wall: what PostgreSQL itself lets a transaction see (row-level security).

A request's transaction says whose eyes it has; rows out of their reach do not exist in it, whatever
a query forgets to ask. A process that serves nobody (sweeper, worker, command) sees the house.
`docs/access.md` says what the policies are made of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum

from django.conf import settings
from django.db import Error, connection, transaction

from common import endings


class Reach(Enum):
    """How far the eyes of a transaction go."""

    NOTHING = ""
    SOME = "some"  # the cases of some branches, and of some people
    ALL = "all"  # every case
    HOUSE = "house"  # every case, and what each person was told: nobody's eyes, the house itself


@dataclass(frozen=True)
class Eyes:
    """Whose eyes, and what is in their reach: ids of branches, and of the people whose cases are
    theirs too."""

    reach: Reach = Reach.NOTHING
    person: int | None = None
    branches: Sequence[int] = ()
    people: Sequence[int] = ()

    def settings(self) -> dict[str, str]:
        """As the policies read them."""
        return {
            "recovery.reach": self.reach.value,
            "recovery.person": str(self.person or ""),
            "recovery.branches": _array(self.branches),
            "recovery.people": _array(self.people),
            "recovery.held": "",
        }


#: A stranger's, who sees nothing.
NOBODY = Eyes()


@contextmanager
def eyes(seen_by: Eyes) -> Iterator[None]:
    """A transaction that sees with these eyes, and writes last what others wait for; inside another
    one, a part of it, after which what it saw with before comes back."""
    if connection.in_atomic_block:
        with transaction.atomic():
            before = _exchange(seen_by.settings())
            yield
            if not connection.needs_rollback:
                _exchange(before)
        return
    with transaction.atomic(), endings.gathered() as left:
        if seen_by is not NOBODY or settings.DATABASE_REACH:  # else a web process sees nothing yet
            _exchange(seen_by.settings())
        yield
        if not connection.needs_rollback and (works := left()):
            _exchange({"recovery.reach": Reach.HOUSE.value})
            for work in works:
                work()


def see_with(seen_by: Eyes) -> None:
    """The rest of this transaction sees with these eyes: for whoever turns out to be there only
    when it has begun. Outside of one it does nothing, and nothing is seen."""
    if connection.in_atomic_block:
        _exchange(seen_by.settings())


@contextmanager
def lifted() -> Iterator[None]:
    """A part of a transaction that sees the house: for what belongs to nobody's eyes, such as
    telling people, or adding up the firm. `tests/test_walls.py` names each use."""
    with _some_transaction():
        before = _exchange({"recovery.reach": Reach.HOUSE.value})
        try:
            yield
        finally:
            _put_back(before)


def hold(*case_ids: int) -> None:
    """What this transaction has locked stays in its sight, also when the deed moves it out of
    reach."""
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, [list(case_ids)])


def walled_tables() -> list[str]:
    """The tables that have the wall, by name."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relrowsecurity"
            " AND relnamespace = 'public'::regnamespace ORDER BY relname"
        )
        return [name for (name,) in cursor.fetchall()]


_HOLD = """
SELECT set_config('recovery.held',
    (COALESCE(NULLIF(current_setting('recovery.held', true), ''), '{}')::bigint[]
     || %s::bigint[])::text,
    true)
"""


@contextmanager
def _some_transaction() -> Iterator[None]:
    """The one there is, or a new one."""
    if connection.in_atomic_block:
        yield
    else:
        with transaction.atomic():
            yield


def _exchange(values: Mapping[str, str]) -> dict[str, str]:
    """Set these for the rest of the transaction; what they were."""
    each = "COALESCE(current_setting(%s, true), ''), set_config(%s, %s, true)"
    asked = ", ".join(each for _name in values)
    given = [part for name, value in values.items() for part in (name, name, value)]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {asked}", given)
        return dict(zip(values, cursor.fetchone()[::2], strict=True))


def _put_back(before: Mapping[str, str]) -> None:
    """Set them again; a transaction that has failed does so by rolling back."""
    if connection.needs_rollback:
        return
    try:
        _exchange(before)
    except Error:
        connection.set_rollback(True)


def _array(ids: Sequence[int]) -> str:
    return "{" + ",".join(map(str, ids)) + "}"
