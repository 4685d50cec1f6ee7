"""Which version of the rules of time a case falls under."""

from __future__ import annotations

from datetime import datetime

from complaints.models import Policy


def in_force(at: datetime) -> Policy:
    """The newest policy that was effective at `at`; the first one for what came before it.
    Raises Policy.DoesNotExist only on a database without any."""
    return Policy.objects.filter(effective_from__lte=at).order_by(
        "-effective_from", "-version"
    ).first() or Policy.objects.earliest("effective_from")
