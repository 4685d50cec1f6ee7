"""Work with the database for which nobody may wait longer than they said."""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic
from typing import Generic, TypeVar

from django.db import OperationalError, connection

T = TypeVar("T")

#: So many may be stuck at once in a process; the next is told at once that it is too late.
_ROOM = threading.BoundedSemaphore(8)


class TooLate(OperationalError):
    """It has not come back in time. It may still come to its end."""


class _Work(Generic[T]):
    """One piece of work in a thread of its own, and how it went."""

    def __init__(self, work: Callable[[], T], seconds: float) -> None:
        self._work = work
        self._milliseconds = int(seconds * 1000)
        self._failure: BaseException | None = None
        self._result: list[T] = []

    def run(self) -> None:
        try:
            with connection.cursor() as cursor:
                limit = f"{self._milliseconds}ms"
                cursor.execute(
                    "SELECT set_config('statement_timeout', %s, false),"
                    " set_config('lock_timeout', %s, false)",
                    [limit, limit],
                )
            self._result.append(self._work())
        except BaseException as failure:  # told to whoever waits
            self._failure = failure
        finally:
            connection.close()
            _ROOM.release()

    def outcome(self) -> T:
        """Raises whatever the work has raised."""
        if self._failure is not None:
            raise self._failure
        return self._result[0]


def within(seconds: float, work: Callable[[], T]) -> T:
    """What the work returns, done in a thread and by a connection of its own: a database that is
    silent keeps that thread, and nobody else. Raises TooLate; what the work raises."""
    begun = monotonic()
    if not _ROOM.acquire(blocking=False):
        raise TooLate("the database keeps all who asked it waiting")
    asked = _Work(work, seconds)
    thread = threading.Thread(target=asked.run, daemon=True, name="patience")
    try:
        thread.start()
    except RuntimeError:
        _ROOM.release()
        raise
    thread.join(max(0.0, begun + seconds - monotonic()))
    if thread.is_alive():
        raise TooLate(f"no answer within {seconds} s")
    return asked.outcome()
