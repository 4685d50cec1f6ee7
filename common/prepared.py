"""Statements that a connection prepares once: where each round trip and each plan counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

from django.db import connection
from django.db.backends.utils import CursorWrapper

#: What each connection to the server has prepared; a new connection begins with nothing.
_PREPARED: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()


class Prepared:
    """A statement with `$1`, `$2` … of these types, by a name of its own. Needs a connection that
    stays with one session of the server, as all of the house's do."""

    def __init__(self, name: str, statement: str, types: Sequence[str]) -> None:
        self._name = name
        self._prepare = f"PREPARE {name} ({', '.join(types)}) AS {statement}".replace("%", "%%")
        self._execute = f"EXECUTE {name} ({', '.join(['%s'] * len(types))})"

    def run(self, cursor: CursorWrapper, values: Sequence[Any]) -> None:
        """Execute it; the cursor has what it returns."""
        connection.ensure_connection()
        known = _PREPARED.setdefault(connection.connection, set())
        if self._name not in known:
            cursor.execute(self._prepare, [])
            known.add(self._name)
        cursor.execute(self._execute, values)
