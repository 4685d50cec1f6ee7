"""How a complaint was sorted (分拣), each decision a row."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from complaints.models.complaint import InvalidReason

_PEOPLE = settings.AUTH_USER_MODEL


class TriageOutcome(models.TextChoices):
    VALID = "valid", _("有效")
    INVALID = "invalid", _("无效")
    DUPLICATE = "duplicate", _("重复")
    INQUIRY = "inquiry", _("转咨询")
    PRAISE = "praise", _("转表扬")


class Triage(models.Model):
    """Stands until `superseded_at`; exactly one stands a case. Every outcome but valid sorts the
    case out, for a `reason`, and can be undone; `reviewed_by` is whoever looked at it from above
    and what they found (`upheld`)."""

    complaint = models.ForeignKey("complaints.Complaint", models.PROTECT, related_name="triages")
    outcome = models.CharField(_("分拣结果"), max_length=10, choices=TriageOutcome)
    reason = models.CharField(_("原因"), max_length=12, choices=InvalidReason, blank=True)
    note = models.CharField(_("依据"), max_length=500, blank=True)
    duplicate_of = models.ForeignKey(
        "complaints.Complaint",
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("与哪件重复"),
    )
    by = models.ForeignKey(_PEOPLE, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True)
    upheld = models.BooleanField(null=True)
    opinion = models.CharField(_("复核意见"), max_length=500, blank=True)
    reviewed_by = models.ForeignKey(_PEOPLE, models.PROTECT, null=True, related_name="+")
    reviewed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("分拣")
        verbose_name_plural = _("分拣")
        ordering = ("at", "pk")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["complaint"],
                condition=Q(superseded_at=None),
                name="triage_one_stands_a_case",
            ),
            models.CheckConstraint(
                condition=Q(outcome="valid", reason="") | ~Q(outcome="valid") & ~Q(reason=""),
                name="triage_sorted_out_says_why",
            ),
            models.CheckConstraint(
                condition=Q(outcome="duplicate", duplicate_of__isnull=False)
                | ~Q(outcome="duplicate") & Q(duplicate_of=None),
                name="triage_duplicate_says_of_what",
            ),
            models.CheckConstraint(
                condition=Q(duplicate_of=None) | ~Q(duplicate_of=F("complaint")),
                name="triage_no_duplicate_of_itself",
            ),
            models.CheckConstraint(
                condition=Q(upheld=None, reviewed_by=None, reviewed_at=None)
                | Q(upheld__isnull=False, reviewed_by__isnull=False, reviewed_at__isnull=False),
                name="triage_review_says_by_whom",
            ),
            models.CheckConstraint(
                condition=Q(superseded_at=None) | Q(superseded_at__gte=F("at")),
                name="triage_ends_after_start",
            ),
        ]
        indexes: ClassVar = [
            # Read by the ranking: what was sorted out in a period.
            models.Index(
                fields=["at"], condition=~Q(outcome="valid"), name="triage_sorted_out_by_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.complaint_id} {self.get_outcome_display()}"
