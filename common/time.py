"""The database's clock, and a day in the firm's zone."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import connection
from django.db.models import DateTimeField, Expression, Value
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


def now_in_sql() -> Expression:
    """`now` as an expression, for a query that has no moment of its own to look at."""
    if settings.TRUST_HOST_CLOCK:
        return Value(timezone.now(), output_field=DateTimeField())
    return Now()
