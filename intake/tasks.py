"""Celery hurries what has come in; the rows are the queue."""

from __future__ import annotations

from celery import shared_task

from common.time import database_now
from intake import import_work, items

#: Seconds for which a file keeps a worker from other tasks; the next task goes on with it.
_TURN = 20


@shared_task(ignore_result=True)
def settle_items() -> int:
    """Understand and register what waits; how many items were looked at."""
    return items.drain(database_now)


@shared_task(ignore_result=True)
def work_imports() -> int:
    """Go on with files of complaints; how many rows were dealt with."""
    return import_work.work(database_now, seconds=_TURN)
