"""What is still owed: one row for each clock of each round."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

#: How long a clock may stand still in all (`docs/domain.md` section 3).
LONGEST_PAUSE = timedelta(hours=48)


class ClockKind(models.TextChoices):
    """The four clocks of the node table (`docs/domain.md` section 1), and that of a sheet that
    was returned once."""

    APOLOGY = "apology", _("致歉")
    RESULT = "result", _("反馈")
    SHEET = "sheet", _("整改单")
    CALLBACK = "callback", _("回访")
    RESUBMISSION = "resubmit", _("补交整改单")


#: The four that run in every round, in the order of the node table.
ROUND_KINDS = (ClockKind.APOLOGY, ClockKind.RESULT, ClockKind.SHEET, ClockKind.CALLBACK)


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
    stopped applying; `forfeited_at` when its evidence was refused for good. A pause or an
    extension moves `due_at`; `original_due_at` stays, and `paused_for` is what pauses gave.

    `next_at` is when the sweep has to look again (None: never), `level` the highest level told,
    `rise_at` when the next one is told because nobody has acknowledged that. `rises`: known to
    level 2 from its start. `failures`: sweeps in a row that could not take its steps.
    """

    # its index is that of the constraint "one of a kind a round"
    complaint = models.ForeignKey(
        "complaints.Complaint", models.PROTECT, related_name="clocks", db_index=False
    )
    round = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=10, choices=ClockKind)
    policy_clock = models.ForeignKey(
        "complaints.PolicyClock", models.PROTECT, related_name="clocks", db_index=False
    )
    started_at = models.DateTimeField()
    due_at = models.DateTimeField()
    original_due_at = models.DateTimeField()
    paused_for = models.DurationField(db_default=timedelta())
    met_at = models.DateTimeField(null=True)
    met_as = models.CharField(max_length=12, choices=MetAs, blank=True, db_default="")
    voided_at = models.DateTimeField(null=True)
    forfeited_at = models.DateTimeField(null=True)
    rises = models.BooleanField(db_default=False)
    level = models.PositiveSmallIntegerField(db_default=0)
    rise_at = models.DateTimeField(null=True)
    next_at = models.DateTimeField(null=True)
    failures = models.PositiveSmallIntegerField(db_default=0)

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
            models.CheckConstraint(
                condition=Q(due_at__gte=models.F("original_due_at")), name="clock_due_only_moves_on"
            ),
            models.CheckConstraint(
                condition=Q(paused_for__range=(timedelta(), LONGEST_PAUSE))
                & (Q(paused_for=timedelta()) | Q(kind=ClockKind.RESULT)),
                name="clock_pause_is_capped",
            ),
            models.CheckConstraint(
                condition=Q(forfeited_at=None) | Q(kind=ClockKind.SHEET),
                name="clock_only_sheets_are_forfeited",
            ),
        ]
        indexes: ClassVar = [
            # Read by the sweep, apologies first; they hold only clocks that will still ring.
            models.Index(
                fields=["next_at"],
                condition=Q(next_at__isnull=False, kind=ClockKind.APOLOGY),
                name="clock_next_apology_ring",
            ),
            models.Index(
                fields=["next_at"],
                condition=Q(next_at__isnull=False) & ~Q(kind=ClockKind.APOLOGY),
                name="clock_next_other_ring",
            ),
            # Read by the system page: clocks set aside because taking their steps failed.
            models.Index(fields=["failures"], condition=Q(failures__gt=0), name="clock_set_aside"),
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
