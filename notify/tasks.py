"""Celery hurries the delivery; the rows are the queue."""

from __future__ import annotations

from time import monotonic

from celery import shared_task

from common.time import database_now
from notify.delivery import deliver

#: Seconds after which a task begins no further batch; the next one goes on.
_LONG_ENOUGH = 40


@shared_task(ignore_result=True)
def deliver_messages() -> int:
    """Dispatch and send what is due, batch by batch; how many were dealt with."""
    ends, dealt = monotonic() + _LONG_ENOUGH, 0
    while batch := deliver(at=database_now()):
        dealt += batch
        if monotonic() > ends:
            break
    return dealt
