"""A ruled branch says that a ruling is wrong."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

_PEOPLE = settings.AUTH_USER_MODEL


class DisputeOutcome(models.TextChoices):
    OPEN = "open", _("待答复")
    UPHELD = "upheld", _("维持原判")
    CHANGED = "changed", _("改判")


class Dispute(models.Model):
    """Raised against one ruling for a branch that it names, once; answered by the ruling that
    follows (`answered_with`), whose basis is the answer."""

    complaint = models.ForeignKey("complaints.Complaint", models.PROTECT, related_name="disputes")
    ruling = models.ForeignKey("complaints.Ruling", models.PROTECT, related_name="disputes")
    branch = models.ForeignKey("staff.Branch", models.PROTECT, related_name="+")
    reasons = models.TextField(_("申诉理由"))
    evidence = models.ManyToManyField(
        "complaints.Attachment", related_name="+", verbose_name=_("附件证据")
    )
    raised_by = models.ForeignKey(_PEOPLE, models.PROTECT, related_name="+")
    raised_at = models.DateTimeField()
    outcome = models.CharField(
        max_length=10, choices=DisputeOutcome, db_default=DisputeOutcome.OPEN
    )
    answered_with = models.OneToOneField(
        "complaints.Ruling", models.PROTECT, null=True, related_name="answers"
    )
    answered_by = models.ForeignKey(_PEOPLE, models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("责任争议")
        verbose_name_plural = _("责任争议")
        ordering = ("raised_at", "pk")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["ruling"], name="dispute_once_a_ruling"),
            models.UniqueConstraint(
                fields=["complaint"], condition=Q(outcome="open"), name="dispute_one_open_a_case"
            ),
            models.CheckConstraint(
                condition=Q(outcome="open", answered_with=None, answered_by=None, answered_at=None)
                | ~Q(outcome="open")
                & Q(
                    answered_with__isnull=False,
                    answered_by__isnull=False,
                    answered_at__isnull=False,
                ),
                name="dispute_answered_says_how",
            ),
            models.CheckConstraint(
                condition=Q(answered_by=None) | ~Q(answered_by=F("raised_by")),
                name="dispute_never_answered_by_its_raiser",
            ),
            models.CheckConstraint(
                condition=Q(answered_with=None) | ~Q(answered_with=F("ruling")),
                name="dispute_answered_by_another_ruling",
            ),
        ]
        indexes: ClassVar = [
            # Read by the desks of those who answer.
            models.Index(
                fields=["raised_at"], condition=Q(outcome="open"), name="dispute_open_by_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.complaint_id} {self.get_outcome_display()}"
