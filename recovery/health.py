"""Is the house well, for machines: `/healthz` for who looks after it, `/readyz` for who watches.

Neither asks who is there. `/healthz` is 503 only while the database is away: pages still work.
`/readyz` is 503 also when deadlines are not watched.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import redis
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import Error
from django.http import HttpRequest, JsonResponse

from common.time import database_now
from complaints import pulse
from complaints.pulse import PATIENCE, Pulse
from notify.selectors import oldest_waiting

#: Seconds after which it is worth asking again.
RETRY_AFTER = 10


@login_not_required
def healthz(request: HttpRequest) -> JsonResponse:
    """Ages in seconds; null: never swept, nothing undelivered. 503 while the database is away;
    `ok` is false, with 200, when only the background is ill: pages still work."""
    try:
        at, seen, waiting = _look()
    except Error:
        return _away({"ok": False})
    broker = _broker()
    fresh = not seen.is_silent(at) and (waiting is None or waiting <= PATIENCE)
    return JsonResponse(
        {
            "ok": fresh and broker == "up",
            "broker": broker,
            "database": "up",
            "last_sweep_seconds": _seconds(seen.age(at)),
            "oldest_undelivered_seconds": _seconds(waiting),
        }
    )


@login_not_required
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when deadlines are watched; 503 with Retry-After while the database is away, when no
    sweep has come round for 60 s, and when a clock has been due for 60 s. The broker and messages
    that wait are told, but say nothing against it: a sweeper sees to both."""
    try:
        at, seen, waiting = _look()
    except Error:
        return _away({"ready": False})
    ready = not (seen.is_silent(at) or seen.is_late(at))
    return _answer(
        {
            "ready": ready,
            "database": "up",
            "broker": _broker(),
            "sweep_age_seconds": _seconds(seen.age(at)),
            "sweep_lag_seconds": _seconds(seen.lag(at)),
            "oldest_undelivered_seconds": _seconds(waiting),
        },
        well=ready,
    )


def _look() -> tuple[datetime, Pulse, timedelta | None]:
    """The database's time, the clocks' pulse, and how long the oldest message has waited."""
    at = database_now()
    return at, pulse.read(), oldest_waiting(at)


def _away(report: dict[str, Any]) -> JsonResponse:
    return _answer({**report, "database": "down", "broker": _broker()}, well=False)


def _answer(report: dict[str, Any], *, well: bool) -> JsonResponse:
    if well:
        return JsonResponse(report)
    return JsonResponse(report, status=503, headers={"Retry-After": str(RETRY_AFTER)})


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
