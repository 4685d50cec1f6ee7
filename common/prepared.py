"""Statements that a connection prepares once: where each round trip and each plan counts."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import count
from typing import Any, Generic, TypeVar
from weakref import WeakKeyDictionary

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import Model, QuerySet
from django.db.models.query import get_related_populators

#: What each connection to the server has prepared; a new connection begins with nothing.
_PREPARED: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()


class Prepared:
    """A statement with `$1`, `$2` … of these types, by a name of its own. Needs a connection that
    stays with one session of the server, as all of the house's do."""

    def __init__(self, name: str, statement: str, types: Sequence[str]) -> None:
        self._name = name
        self._prepare = f"PREPARE {name} ({', '.join(types)}) AS {statement}"
        self._execute = f"EXECUTE {name} ({', '.join(['%s'] * len(types))})"

    def run(self, cursor: CursorWrapper, values: Sequence[Any]) -> None:
        """Execute it; the cursor has what it returns."""
        connection.ensure_connection()
        known = _PREPARED.setdefault(connection.connection, set())
        if self._name not in known:
            with connection.wrap_database_errors:  # no query of the page's: nobody counts it
                cursor.cursor.execute(self._prepare)
            known.add(self._name)
        cursor.execute(self._execute, values)


_Row = TypeVar("_Row", bound=Model)
_NUMBERS = count(1)


class PreparedRows(Generic[_Row]):
    """A queryset with blanks, put together by the ORM once for the whole process and prepared by
    each connection once: for the few that every call asks. `blanks` are values that stand for the
    blanks while it is put together; no constant of the query may equal one of them."""

    def __init__(self, queryset: Callable[..., QuerySet[_Row]], *blanks: Any) -> None:
        self._queryset, self._blanks = queryset, blanks

    def get(self, *values: Any) -> list[_Row]:
        """The rows, with the blanks filled in their order."""
        asked = [
            values[self._blanks.index(value)] if value in self._blanks else value
            for value in self._compiled.values
        ]
        with connection.cursor() as cursor:
            self._compiled.statement.run(cursor, asked)
            return self._compiled.made(cursor.fetchall())

    @cached_property
    def _compiled(self) -> _Compiled:
        return _Compiled(self._queryset(*self._blanks))


class _Compiled:
    """The statement, the values it was put together with, and what makes its rows into models, as
    Django's own `ModelIterable` does."""

    def __init__(self, queryset: QuerySet[Any]) -> None:
        compiler: Any = queryset.query.get_compiler(connection=connection)
        sql, self.values = compiler.as_sql()
        numbers = count(1)
        numbered = re.sub("%[s%]", lambda m: f"${next(numbers)}" if m[0] == "%s" else "%", sql)
        name = f"read_{next(_NUMBERS)}"
        self.statement = Prepared(name, numbered, ["unknown"] * len(self.values))
        self._compiler, self._model = compiler, queryset.model
        self._converters = compiler.get_converters([column[0] for column in compiler.select])
        columns = compiler.klass_info["select_fields"]
        self._span = slice(columns[0], columns[-1] + 1)
        self._names = [column[0].target.attname for column in compiler.select[self._span]]
        self._others = get_related_populators(compiler.klass_info, compiler.select, "default")  # type: ignore[call-arg]  # the types are those of Django 6.1

    def made(self, rows: Sequence[Sequence[Any]]) -> list[Any]:
        found = []
        for row in self._compiler.apply_converters(rows, self._converters):
            one = self._model.from_db("default", self._names, row[self._span])
            for other in self._others:
                other.populate(row, one)
            found.append(one)
        return found
