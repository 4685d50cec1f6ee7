"""How long each clock runs and who hears of it when: versioned data, not code."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from complaints.models.clock import ClockKind
from complaints.models.complaint import Channel, Severity
from staff.models import Role

_PEOPLE = settings.AUTH_USER_MODEL


class PolicyState(models.TextChoices):
    DRAFT = "draft", _("草稿")
    APPROVED = "approved", _("已批准")


class Policy(models.Model):
    """A version of the rules of time; a case keeps the version it was received under. Drafted,
    then approved by the director: from then on a trigger refuses any change of it. The first one
    came with the software and names nobody."""

    version = models.PositiveIntegerField(_("版本"), unique=True)
    state = models.CharField(
        _("状态"), max_length=10, choices=PolicyState, db_default=PolicyState.DRAFT
    )
    effective_from = models.DateTimeField(_("生效时间"), null=True)
    note = models.CharField(_("修改说明"), max_length=500, blank=True, db_default="")
    drafted_by = models.ForeignKey(_PEOPLE, models.PROTECT, null=True, related_name="+")
    drafted_at = models.DateTimeField(null=True)
    approved_by = models.ForeignKey(_PEOPLE, models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("时限策略")
        verbose_name_plural = _("时限策略")
        ordering = ("-version",)
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state=PolicyState.DRAFT)
                | Q(state=PolicyState.APPROVED, effective_from__isnull=False),
                name="policy_approved_says_from_when",
            ),
            models.CheckConstraint(
                condition=Q(state=PolicyState.APPROVED) | Q(approved_at=None, approved_by=None),
                name="policy_draft_has_no_approver",
            ),
        ]

    def __str__(self) -> str:
        return f"V{self.version}"


class PolicyClock(models.Model):
    """How long one kind of clock runs, in minutes from receipt, and by its steps who hears of it.
    For cases of one `severity` or `channel` only when they are named; the row that names neither
    is for all others. The closest fit counts: both, then severity, then channel."""

    policy = models.ForeignKey(Policy, models.CASCADE, related_name="clocks")
    kind = models.CharField(_("时限"), max_length=10, choices=ClockKind)
    severity = models.CharField(
        _("严重程度"), max_length=10, choices=Severity, blank=True, db_default=""
    )
    channel = models.CharField(_("渠道"), max_length=10, choices=Channel, blank=True, db_default="")
    minutes = models.PositiveIntegerField(_("时长（分钟）"))

    class Meta:
        verbose_name = _("时长")
        verbose_name_plural = _("时长")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["policy", "kind", "severity", "channel"], name="policy_clock_once_a_case"
            ),
            models.CheckConstraint(condition=Q(minutes__gt=0), name="policy_clock_takes_time"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.minutes} min"

    @property
    def duration(self) -> timedelta:
        return timedelta(minutes=self.minutes)


class PolicyStep(models.Model):
    """A rung of the ladder: at `offset_minutes` from due (negative: before), tell `roles`.

    `level` 0 is a warning to the person who owes it; 1 to 3 are escalations that want an
    acknowledgement.
    """

    clock = models.ForeignKey(PolicyClock, models.CASCADE, related_name="steps")
    number = models.PositiveSmallIntegerField(_("序号"))
    level = models.PositiveSmallIntegerField(_("级别"))
    offset_minutes = models.IntegerField(_("距到期（分钟，负数为之前）"))
    tells_debtor = models.BooleanField(_("通知责任人"), default=False)
    roles = ArrayField(
        models.CharField(max_length=12, choices=Role), default=list, verbose_name=_("通知角色")
    )

    class Meta:
        verbose_name = _("升级阶梯")
        verbose_name_plural = _("升级阶梯")
        ordering = ("clock", "number")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["clock", "number"], name="policy_step_numbered_once"),
            models.UniqueConstraint(
                fields=["clock", "level"],
                condition=Q(level__gt=0),
                name="policy_step_one_a_level",
            ),
            models.CheckConstraint(
                condition=Q(level=0, offset_minutes__lt=0)
                | Q(level__range=(1, 3), offset_minutes__gte=0),
                name="policy_step_warns_before_escalates_after",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.clock} #{self.number}"
