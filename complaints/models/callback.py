"""The call after the answer: was it put right?"""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from complaints.models.contact import Means


class Callback(models.Model):
    """Answers are there exactly when the customer was reached; `score` is 1 to 5."""

    complaint = models.ForeignKey("complaints.Complaint", models.PROTECT, related_name="callbacks")
    round = models.PositiveSmallIntegerField()
    means = models.CharField(_("联系方式"), max_length=10, choices=Means)
    reached = models.BooleanField(_("已联系到客户"))
    satisfied = models.BooleanField(_("满意"), null=True)
    solved = models.BooleanField(_("问题已解决"), null=True)
    score = models.PositiveSmallIntegerField(
        _("评分"), null=True, validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    said = models.TextField(_("客户原话"), blank=True)
    occurred_at = models.DateTimeField(_("回访时间"))
    recorded_at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="callbacks")

    class Meta:
        verbose_name = _("回访")
        verbose_name_plural = _("回访")
        ordering = ("occurred_at", "pk")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(reached=True, satisfied__isnull=False, solved__isnull=False)
                | Q(reached=False, satisfied=None, solved=None, score=None),
                name="callback_answers_when_reached",
            ),
            models.CheckConstraint(
                condition=Q(score=None) | Q(score__range=(1, 5)), name="callback_score_one_to_five"
            ),
            models.UniqueConstraint(
                fields=["complaint", "round"],
                condition=Q(reached=True),
                name="callback_answered_once_a_round",
            ),
        ]
        indexes: ClassVar = [
            # Read by the ranking: who was called in a period.
            models.Index(fields=["occurred_at"], name="callback_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.complaint_id} {self.round}"
