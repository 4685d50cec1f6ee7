"""Celery hurries what has come in; the rows are the queue."""

from __future__ import annotations

from celery import shared_task

from common.time import database_now
from intake import items
from intake.wechat import media, pulling, taking


@shared_task(ignore_result=True)
def settle_items() -> int:
    """Take in what was spooled while the database was away, understand and register what waits;
    how many items were looked at."""
    taking.drain(database_now)
    return items.drain(database_now)


@shared_task(ignore_result=True)
def fetch_from_wechat() -> int:
    """Fetch what customers wrote to 微信客服, and the pictures and recordings that messages name;
    how many were tried."""
    return pulling.drain(database_now) + media.drain(database_now)
