"""Celery hurries the delivery; the rows are the queue."""

from __future__ import annotations

from celery import shared_task

from common.time import database_now
from notify.delivery import deliver


@shared_task(ignore_result=True)
def deliver_messages() -> int:
    """Send what waits, batch by batch; how many left."""
    sent = 0
    while batch := deliver(at=database_now()):
        sent += batch
    return sent
