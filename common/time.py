"""The database's clock, and a day in the firm's zone."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Expression
from django.db.models.functions import Now
from django.utils import timezone


def now() -> datetime:
    """The moment of a request, for doors: the database's, so that a host whose clock is wrong
    fires nothing early and dates nothing falsely. Tests that travel in time trust the host."""
    return timezone.now() if settings.TRUST_HOST_CLOCK else database_now()


def database_now() -> datetime:
    """What PostgreSQL says the time is: the start of this transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        row = cursor.fetchone()
    now: datetime = row[0]
    return now


def now_if_trusted() -> datetime | None:
    """The host's moment where it is trusted; None: a statement has to take the database's own."""
    return timezone.now() if settings.TRUST_HOST_CLOCK else None


def now_in_sql() -> Expression:
    """`now` as an expression, for a query that has no moment of its own to look at: that of its
    run, however long ago it was put together."""
    return _Now()


class _Now(Now):
    def as_postgresql(
        self, compiler: Any, connection: Any, **context: Any
    ) -> tuple[str, tuple[Any, ...]]:
        if at := now_if_trusted():
            return "%s", (at,)
        return super().as_postgresql(compiler, connection, **context)
