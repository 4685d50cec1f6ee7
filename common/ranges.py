"""Half-open spans of time in the database: `since` is inside, `until` is not, null has no end."""

from __future__ import annotations

from datetime import datetime

from django.contrib.postgres.fields import DateTimeRangeField
from django.db.models import Func, Q


class TsTzRange(Func):
    """`tstzrange(since, until)`, for exclusion constraints."""

    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


def holds_at(moment: datetime) -> Q:
    """The rows whose span holds the moment."""
    begun = Q(since=None) | Q(since__lte=moment)
    return begun & (Q(until=None) | Q(until__gt=moment))
