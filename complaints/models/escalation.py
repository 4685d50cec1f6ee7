"""That a step of the ladder was taken: a warning or an escalation."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Escalation(models.Model):
    """Step `step` of a clock's ladder, taken once, ever. Level 0 warned; 1 to 3 escalated and
    want an acknowledgement. `rang_at` is when the step was due, `fired_at` when it was taken."""

    # its index is that of the constraint "each step once"
    clock = models.ForeignKey(
        "complaints.Clock", models.PROTECT, related_name="escalations", db_index=False
    )
    complaint = models.ForeignKey(
        "complaints.Complaint", models.PROTECT, related_name="escalations"
    )
    step = models.PositiveSmallIntegerField()
    level = models.PositiveSmallIntegerField()
    roles = ArrayField(models.CharField(max_length=12), default=list)
    recipient_ids = ArrayField(models.BigIntegerField(), default=list)
    rang_at = models.DateTimeField()
    fired_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )

    class Meta:
        verbose_name = _("升级")
        verbose_name_plural = _("升级")
        ordering = ("-level", "rang_at")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["clock", "step"], name="escalation_step_taken_once"),
            models.UniqueConstraint(
                fields=["clock", "level"],
                condition=Q(level__gt=0),
                name="escalation_level_told_once",
            ),
            models.CheckConstraint(
                condition=Q(fired_at__gte=models.F("rang_at")), name="escalation_never_early"
            ),
        ]
        indexes: ClassVar = [
            # Read by the board: what waits for an acknowledgement.
            models.Index(
                fields=["complaint", "level"],
                condition=Q(acknowledged_at=None),
                name="escalation_unacknowledged",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.clock_id} L{self.level}"
