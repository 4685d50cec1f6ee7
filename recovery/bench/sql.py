"""Plain words to the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection

Values = Sequence[Any] | Mapping[str, Any] | None


def run(statement: str, values: Values = None) -> int:
    """Run it; how many rows it wrote."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)


def rows(statement: str, values: Values = None) -> list[tuple[Any, ...]]:
    """All that it answers."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def value(statement: str, values: Values = None) -> Any:
    """The one thing that it answers."""
    return rows(statement, values)[0][0]
