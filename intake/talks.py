"""Talks by messages: one customer's, one after the other, and the case they are about."""

from __future__ import annotations

from django.db import connection

from complaints.models.complaint import OPEN
from intake.models import Inlet, Thread


def alone(inlet: Inlet, conversation: str) -> None:
    """For the rest of this transaction nobody else takes a message of the same talk, so that two
    that come at once do not become two cases."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
            [f"talk:{inlet.pk}:{conversation}"],
        )


def open_one(inlet: Inlet, conversation: str) -> Thread | None:
    """The latest of this talk whose case is open."""
    talks = Thread.objects.filter(inlet=inlet, conversation=conversation)
    return talks.filter(complaint__status__in=OPEN).first()
