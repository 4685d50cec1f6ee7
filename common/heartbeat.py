"""Signs of life: each loop says when it last came round; the health page reads it."""

from __future__ import annotations

from datetime import timedelta

from django.db.models.functions import Now

from common.models import Heartbeat
from common.time import database_now


def beat(name: str) -> None:
    """The loop `name` has just come round."""
    Heartbeat.objects.update_or_create(name=name, defaults={"at": Now()})


def age(name: str) -> timedelta | None:
    """How long ago the loop `name` came round; None: never."""
    found = Heartbeat.objects.filter(name=name).first()
    return database_now() - found.at if found else None
