"""Celery beat's clock, with a sign of life for the health check."""

from typing import Any

from celery.beat import PersistentScheduler

from recovery.places import sign_of_life


class Scheduler(PersistentScheduler):
    """Any number may run: what is due stands in the database, and doing it twice does no harm."""

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Seconds until the next look, at most CELERY_BEAT_MAX_LOOP_INTERVAL."""
        pause: float = super().tick(*args, **kwargs)
        sign_of_life("beat").touch()
        return pause
