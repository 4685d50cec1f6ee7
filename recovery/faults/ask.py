"""Questions to the house's database that wait until it is there."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import DatabaseError, Error, InterfaceError, OperationalError, connection

PATIENCE = 60.0
Values = Mapping[str, Any] | Sequence[Any]


def rows(query: str, values: Values = ()) -> list[tuple[Any, ...]]:
    """All rows of a question or a change; asked again while the database is away."""
    give_up = time.monotonic() + PATIENCE
    while True:
        try:
            with connection.cursor() as cursor:
                cursor.execute(query, values or None)
                return cursor.fetchall() if cursor.description else []
        except Error as error:
            if not _says_away(error) or time.monotonic() > give_up:
                raise
            connection.close()
            time.sleep(0.2)


def _says_away(error: Error) -> bool:
    """Whether the server has ended; in the middle of an answer psycopg2 can't say which error."""
    return isinstance(error, OperationalError | InterfaceError) or type(error) is DatabaseError


def value(query: str, values: Values = ()) -> Any:
    """The one value of its one row."""
    return rows(query, values)[0][0]


def now(*, seconds_ago: float = 0.0) -> datetime:
    """The database's clock, as soon as there is one."""
    at: datetime = value("SELECT now() - %s * interval '1 second'", [seconds_ago])
    return at


def run(statements: str) -> None:
    """Statements without an answer."""
    rows(statements)
