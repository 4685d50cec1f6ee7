"""Celery hurries the posts whose time has come; the rows say when, and each sweeper looks too."""

from __future__ import annotations

from celery import shared_task

from common.time import database_now
from staff.people import take_up_posts


@shared_task(ignore_result=True)
def take_up_planned_posts() -> int:
    """Make the planned posts current whose time has come; how many there were."""
    return take_up_posts(database_now())
