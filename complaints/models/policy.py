"""How long each clock runs and who hears of it when: versioned data, not code."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from complaints.models.clock import ClockKind
from staff.models import Role


class Policy(models.Model):
    """A version of the rules of time; a case keeps the version it was received under."""

    version = models.PositiveIntegerField(_("版本"), unique=True)
    effective_from = models.DateTimeField(_("生效时间"))

    class Meta:
        verbose_name = _("时限策略")
        verbose_name_plural = _("时限策略")
        ordering = ("-version",)

    def __str__(self) -> str:
        return f"V{self.version}"


class PolicyClock(models.Model):
    """How long one kind of clock runs, in minutes from receipt."""

    policy = models.ForeignKey(Policy, models.CASCADE, related_name="clocks")
    kind = models.CharField(_("时限"), max_length=10, choices=ClockKind)
    minutes = models.PositiveIntegerField(_("时长（分钟）"))

    class Meta:
        verbose_name = _("时长")
        verbose_name_plural = _("时长")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["policy", "kind"], name="policy_clock_once_a_kind"),
            models.CheckConstraint(
                condition=models.Q(minutes__gt=0), name="policy_clock_takes_time"
            ),
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
            models.CheckConstraint(
                condition=models.Q(level=0, offset_minutes__lt=0)
                | models.Q(level__range=(1, 3), offset_minutes__gte=0),
                name="policy_step_warns_before_escalates_after",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.clock} #{self.number}"
