"""Who answers to the customer, and since when."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class OwnershipReason(models.TextChoices):
    """Why the case came to this person."""

    REGISTERED = "registered", _("登记")
    HANDOVER = "handover", _("交接")
    DECISION = "decision", _("裁决")
    LEFT = "left", _("原责任人离岗")


class Ownership(models.Model):
    """A stretch of ownership; exactly one is open for each case, and it names the owner: a
    trigger holds both, and that the owner of an open case is active (`docs/ownership.md`)."""

    complaint = models.ForeignKey("complaints.Complaint", models.PROTECT, related_name="ownerships")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    branch = models.ForeignKey("staff.Branch", models.PROTECT, related_name="+")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    reason = models.CharField(
        _("由来"),
        max_length=12,
        choices=OwnershipReason,
        default=OwnershipReason.REGISTERED,
        db_default=OwnershipReason.REGISTERED,
    )

    class Meta:
        verbose_name = _("首问责任")
        verbose_name_plural = _("首问责任")
        ordering = ("complaint", "since")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["complaint"], condition=Q(until=None), name="ownership_one_open_a_case"
            ),
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gte=models.F("since")),
                name="ownership_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.complaint_id} {self.person_id}"
