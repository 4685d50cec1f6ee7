"""Celery hurries the sweep; the clock rows are the queue and the database's clock decides."""

from __future__ import annotations

from celery import shared_task

from common.heartbeat import beat
from common.time import database_now
from complaints import drafts, lapsing, search_copy
from complaints.escalation import catch_up


@shared_task(ignore_result=True)
def sweep_clocks() -> int:
    """Take all that is due, batch by batch, let unanswered handovers lapse, and leave a sign of
    life; the steps taken."""
    taken = catch_up(database_now)
    lapsing.sweep(until=database_now())
    beat("sweep")
    beat("worker")
    return taken


@shared_task(ignore_result=True)
def copy_for_search() -> int:
    """Copy the words of what was written since; how many changes were taken."""
    return search_copy.catch_up()


@shared_task(ignore_result=True)
def forget_drafts() -> int:
    """Drafts that nobody has touched for a week go; how many."""
    return drafts.forget(database_now())
