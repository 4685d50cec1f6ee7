"""Celery hurries what has come in; the rows are the queue."""

from __future__ import annotations

from celery import shared_task

from common.time import database_now
from intake import items


@shared_task(ignore_result=True)
def settle_items() -> int:
    """Understand and register what waits; how many items were looked at."""
    return items.drain(database_now)
