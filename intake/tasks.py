"""Celery hurries what has come in; the rows are the queue."""

from __future__ import annotations

from celery import shared_task

from common.time import database_now
from intake import items, reminders


@shared_task(ignore_result=True)
def settle_items() -> int:
    """Understand and register what waits, and remind of what was set aside; how many items were
    looked at."""
    looked_at = items.drain(database_now)
    reminders.remind(database_now())
    return looked_at
