"""Is the house well: database, broker, the last sweep, the oldest undelivered message."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import redis
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import Error
from django.http import HttpRequest, JsonResponse

from common.heartbeat import age
from common.time import database_now
from notify.models import Message

#: Older than this, the newest sweep or the oldest undelivered message is an alarm.
ALARM = timedelta(seconds=60)


@login_not_required
def healthz(request: HttpRequest) -> JsonResponse:
    """Ages in seconds; null: never swept, nothing undelivered. 503 while the database is away;
    `ok` is false, with 200, when only the background is ill: pages still work."""
    try:
        report = _database_report()
    except Error:
        return JsonResponse({"ok": False, "database": "down", "broker": _broker()}, status=503)
    broker = _broker()
    return JsonResponse({"ok": report.pop("fresh") and broker == "up", "broker": broker, **report})


def _database_report() -> dict[str, Any]:
    sweep = age("sweep")
    oldest = (
        Message.objects.filter(delivered_at=None)
        .order_by("created_at")
        .values_list("created_at", flat=True)
        .first()
    )
    waiting = database_now() - oldest if oldest else None
    return {
        "database": "up",
        "last_sweep_seconds": _seconds(sweep),
        "oldest_undelivered_seconds": _seconds(waiting),
        "fresh": sweep is not None and sweep <= ALARM and (waiting is None or waiting <= ALARM),
    }


def _seconds(span: timedelta | None) -> float | None:
    return None if span is None else round(span.total_seconds(), 1)


def _broker() -> str:
    """Asked with short time-outs, so that a silent broker can't hold the answer up."""
    client = redis.Redis.from_url(
        settings.CELERY_BROKER_URL, socket_timeout=0.5, socket_connect_timeout=0.5
    )
    try:
        return "up" if client.ping() else "down"
    except (redis.RedisError, OSError):
        return "down"
    finally:
        client.close()
