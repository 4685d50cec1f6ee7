"""What is still owed: one row for each clock of each round."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class ClockKind(models.TextChoices):
    """The four clocks of the node table (`docs/domain.md` section 1)."""

    APOLOGY = "apology", _("致歉")
    RESULT = "result", _("反馈")
    SHEET = "sheet", _("整改单")
    CALLBACK = "callback", _("回访")


class MetAs(models.TextChoices):
    """By what kind of evidence a clock stopped."""

    MET = "met", _("按时")
    ATTEMPTED = "attempted", _("尽力未达")
    UNREACHABLE = "unreachable", _("无法联系")


class ClockQuerySet(models.QuerySet["Clock"]):
    def running(self) -> Self:
        """Neither met nor made void."""
        return self.filter(met_at=None, voided_at=None)

    def late(self, at: datetime) -> Self:
        """Running and past due at `at`."""
        return self.running().filter(due_at__lt=at)


class Clock(models.Model):
    """`met_at` is when the evidence happened, not when it was typed; `voided_at` when the clock
    stopped applying. `next_at` is when the sweep has to look again (None: never), and
    `next_step` the place in the ladder, counted from 0, of the step that comes then.
    """

    complaint = models.ForeignKey("complaints.Complaint", models.PROTECT, related_name="clocks")
    round = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=10, choices=ClockKind)
    started_at = models.DateTimeField()
    due_at = models.DateTimeField()
    met_at = models.DateTimeField(null=True)
    met_as = models.CharField(max_length=12, choices=MetAs, blank=True)
    voided_at = models.DateTimeField(null=True)
    next_step = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(null=True)

    objects = ClockQuerySet.as_manager()

    class Meta:
        verbose_name = _("时限")
        verbose_name_plural = _("时限")
        ordering = ("complaint", "round", "due_at")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["complaint", "round", "kind"], name="clock_one_of_a_kind_a_round"
            ),
            models.CheckConstraint(
                condition=Q(due_at__gt=models.F("started_at")), name="clock_due_after_start"
            ),
            models.CheckConstraint(
                condition=Q(met_at=None, met_as="") | Q(met_at__isnull=False) & ~Q(met_as=""),
                name="clock_met_says_how",
            ),
            models.CheckConstraint(
                condition=Q(met_at=None) | Q(voided_at=None), name="clock_met_or_void"
            ),
            models.CheckConstraint(
                condition=Q(next_at=None) | Q(met_at=None, voided_at=None),
                name="clock_stopped_rings_no_more",
            ),
        ]
        indexes: ClassVar = [
            # Read by the sweep; holds only clocks that will still ring.
            models.Index(
                fields=["next_at"], condition=Q(next_at__isnull=False), name="clock_next_ring"
            ),
            # Read by the ranking: what came due in a period.
            models.Index(fields=["due_at"], name="clock_by_due"),
            # Read by desks and lists: what is owed, soonest first.
            models.Index(
                fields=["due_at"],
                condition=Q(met_at=None, voided_at=None),
                name="clock_running_by_due",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.complaint_id} {self.get_kind_display()} {self.round}"

    @property
    def is_running(self) -> bool:
        return self.met_at is None and self.voided_at is None
