"""Gapless numbers: one counter row a series and year, held until the caller commits."""

from __future__ import annotations

from django.db import connection

from quality.models import Series


def next_serial(series: Series, year: int) -> int:
    """The next number, from 1. Call it last in the transaction: the row stays locked until the
    end, and a roll-back gives the number back."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO quality_counter (series, year, last) VALUES (%s, %s, 1)
            ON CONFLICT (series, year) DO UPDATE SET last = quality_counter.last + 1
            RETURNING last
            """,
            [series.value, year],
        )
        row = cursor.fetchone()
    serial: int = row[0]
    return serial
