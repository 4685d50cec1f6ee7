"""Celery hurries what has come in and what is to be told; the rows are the queue."""

from __future__ import annotations

from celery import shared_task

from common.time import database_now
from intake import items, reminders
from intake.imports import import_work
from intake.mail import polling, replies
from intake.systems import hook_sending, repeats
from intake.wechat import media, pulling, taking

#: Seconds for which a file keeps a worker from other tasks; the next task goes on with it.
_TURN = 20


@shared_task(ignore_result=True)
def settle_items() -> int:
    """Take in what was spooled while the database was away, understand and register what waits,
    and remind of what was set aside; how many items were looked at."""
    taking.drain(database_now)
    looked_at = items.drain(database_now)
    reminders.remind(database_now())
    return looked_at


@shared_task(ignore_result=True)
def call_hooks() -> int:
    """Tell other systems what has happened to their cases; how many calls were made."""
    return hook_sending.drain(database_now)


@shared_task(ignore_result=True)
def forget_calls() -> int:
    """Drop answers that nobody may ask for again, and calls that are over; how many."""
    at = database_now()
    return repeats.forget(at=at) + hook_sending.forget(at=at)


@shared_task(ignore_result=True)
def fetch_from_wechat() -> int:
    """Fetch what customers wrote to 微信客服, and the pictures and recordings that messages name;
    how many were tried."""
    return pulling.drain(database_now) + media.drain(database_now)


@shared_task(ignore_result=True)
def work_imports() -> int:
    """Go on with files of complaints; how many rows were dealt with."""
    return import_work.work(database_now, seconds=_TURN)


@shared_task(ignore_result=True)
def fetch_mail() -> int:
    """Take in what is new in the mailboxes; how many mails."""
    found = polling.poll_all(database_now)
    return sum(count for count in found.values() if isinstance(count, int))


@shared_task(ignore_result=True)
def send_replies() -> int:
    """Tell customers that their mails are in; how many were dealt with."""
    return replies.drain(database_now)
