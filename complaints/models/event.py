"""The story of a case: written by the services, never changed (a trigger refuses)."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Event(models.Model):
    """Who did what to a case and when; `actor` None is the clockwork. `data` holds what the
    action said, and `{"field": [old, new]}` under `changes`.
    """

    # its index is that of the story
    complaint = models.ForeignKey(
        "complaints.Complaint", models.PROTECT, related_name="events", db_index=False
    )
    kind = models.CharField(max_length=30)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=models.functions.Now())
    data = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("事件")
        verbose_name_plural = _("事件")
        ordering = ("at", "pk")
        indexes: ClassVar = [
            models.Index(fields=["complaint", "at"], name="event_story"),
        ]

    def __str__(self) -> str:
        return f"{self.complaint_id} {self.kind}"
