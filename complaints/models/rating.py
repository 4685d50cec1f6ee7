"""How content the customer says they are, by themselves, on the page where they follow a case."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Rating(models.Model):
    """Once a round, `score` from 1 to 5. It comes without a talk, so it is evidence for no clock:
    the callback is still owed (`docs/domain.md` section 3)."""

    complaint = models.ForeignKey("complaints.Complaint", models.PROTECT, related_name="ratings")
    round = models.PositiveSmallIntegerField()
    score = models.PositiveSmallIntegerField(_("评分"))
    satisfied = models.BooleanField(_("满意"))
    said = models.TextField(_("客户原话"), blank=True)
    at = models.DateTimeField(_("评价时间"))

    class Meta:
        verbose_name = _("客户评价")
        verbose_name_plural = _("客户评价")
        ordering = ("at", "pk")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(score__range=(1, 5)), name="rating_score_one_to_five"
            ),
            models.UniqueConstraint(fields=["complaint", "round"], name="rating_once_a_round"),
        ]

    def __str__(self) -> str:
        return f"{self.complaint_id} {self.round} {self.score}"
