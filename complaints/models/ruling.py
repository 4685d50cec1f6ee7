"""Who answers to the firm for the fix."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Ruling(models.Model):
    """The branch and the person ruled responsible, and on what basis; a later ruling supersedes
    it, and exactly one stands (`docs/domain.md` section 2)."""

    complaint = models.ForeignKey("complaints.Complaint", models.PROTECT, related_name="rulings")
    branch = models.ForeignKey(
        "staff.Branch", models.PROTECT, related_name="rulings", verbose_name=_("责任机构")
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="rulings",
        verbose_name=_("整改责任人"),
    )
    basis = models.TextField(_("判定依据"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("责任判定")
        verbose_name_plural = _("责任判定")
        ordering = ("at", "pk")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["complaint"],
                condition=Q(superseded_at=None),
                name="ruling_one_stands_a_case",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.complaint_id} {self.branch}"
