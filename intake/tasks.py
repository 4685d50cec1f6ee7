"""Celery hurries what has come in and what is to be told; the rows are the queue."""

from __future__ import annotations

from celery import shared_task

from common.time import database_now
from intake import hook_sending, items, repeats


@shared_task(ignore_result=True)
def settle_items() -> int:
    """Understand and register what waits; how many items were looked at."""
    return items.drain(database_now)


@shared_task(ignore_result=True)
def call_hooks() -> int:
    """Tell other systems what has happened to their cases; how many calls were made."""
    return hook_sending.drain(database_now)


@shared_task(ignore_result=True)
def forget_calls() -> int:
    """Drop answers that nobody may ask for again, and calls that are over; how many."""
    at = database_now()
    return repeats.forget(at=at) + hook_sending.forget(at=at)
