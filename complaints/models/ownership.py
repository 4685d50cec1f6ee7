"""Who answers to the customer, and since when."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Ownership(models.Model):
    """A stretch of ownership; exactly one is open for each case (`docs/domain.md` section 2)."""

    complaint = models.ForeignKey("complaints.Complaint", models.PROTECT, related_name="ownerships")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    branch = models.ForeignKey("staff.Branch", models.PROTECT, related_name="+")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

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
