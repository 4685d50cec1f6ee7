"""Can this database compare Chinese texts? With a C LC_CTYPE pg_trgm finds nothing in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error
from django.db import connections

_HINT = (
    "Create the database with a UTF-8 LC_CTYPE: initdb --encoding=UTF8 --locale-provider=builtin"
    " --builtin-locale=C.UTF-8 --lc-collate=C --lc-ctype=C.UTF-8"
)


def chinese_has_trigrams(
    app_configs: object, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """An error for each database in which likely duplicates would never be found."""
    deaf = [alias for alias in databases or [] if not _hears_chinese(alias)]
    return [
        Error(f"Database {alias!r} finds no trigrams in Chinese.", hint=_HINT, id="complaints.E001")
        for alias in deaf
    ]


def _hears_chinese(alias: str) -> bool:
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'")
        if cursor.fetchone() is None:
            return True  # not migrated yet: the check comes round again after the migration
        cursor.execute("SELECT cardinality(show_trgm('投诉')) > 0")
        row = cursor.fetchone()
        return bool(row and row[0])
