"""Celery hurries what has come in; the rows are the queue."""

from __future__ import annotations

from celery import shared_task

from common.time import database_now
from intake import items
from intake.mail import polling, replies


@shared_task(ignore_result=True)
def settle_items() -> int:
    """Understand and register what waits; how many items were looked at."""
    return items.drain(database_now)


@shared_task(ignore_result=True)
def fetch_mail() -> int:
    """Take in what is new in the mailboxes; how many mails."""
    found = polling.poll_all(database_now)
    return sum(count for count in found.values() if isinstance(count, int))


@shared_task(ignore_result=True)
def send_replies() -> int:
    """Tell customers that their mails are in; how many were dealt with."""
    return replies.drain(database_now)
