"""What those beside the case would decide, for those who do."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from complaints.models.complaint import InvalidReason

_PEOPLE = settings.AUTH_USER_MODEL


class SuggestionKind(models.TextChoices):
    TRIAGE = "triage", _("分拣建议")
    RULING = "ruling", _("判责建议")


class Suggestion(models.Model):
    """How to sort the case (`reason` "": as valid), or whom to rule responsible. It binds nobody;
    quality takes it over with one press."""

    complaint = models.ForeignKey(
        "complaints.Complaint", models.PROTECT, related_name="suggestions"
    )
    kind = models.CharField(max_length=10, choices=SuggestionKind)
    reason = models.CharField(
        _("无效原因"), max_length=12, choices=InvalidReason, blank=True, db_default=""
    )
    branch = models.ForeignKey("staff.Branch", models.PROTECT, null=True, related_name="+")
    person = models.ForeignKey(_PEOPLE, models.PROTECT, null=True, related_name="+")
    note = models.CharField(_("理由"), max_length=500)
    by = models.ForeignKey(_PEOPLE, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("建议")
        verbose_name_plural = _("建议")
        ordering = ("at", "pk")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(kind="triage", branch=None, person=None)
                | Q(kind="ruling", branch__isnull=False, reason=""),
                name="suggestion_speaks_of_one_thing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.complaint_id} {self.get_kind_display()}"
