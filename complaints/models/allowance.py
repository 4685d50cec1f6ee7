"""More time for the 24H clock: asked for, endorsed, granted or refused (暂停、延期)."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

_PEOPLE = settings.AUTH_USER_MODEL


class AllowanceKind(models.TextChoices):
    PAUSE = "pause", _("暂停")
    EXTENSION = "extension", _("延期")


class AllowanceReason(models.TextChoices):
    CUSTOMER_AWAY = "customer", _("等客户提供材料或答复")
    THIRD_PARTY = "third", _("等第三方结论（鉴定、保险、警方）")
    FORCE_MAJEURE = "majeure", _("不可抗力（灾害、停电、封路）")
    INVESTIGATION = "inquiry", _("案情复杂，需要现场调查")


class AllowanceState(models.TextChoices):
    ASKED = "asked", _("待批准")
    GRANTED = "granted", _("已批准")
    REFUSED = "refused", _("未批准")


class Allowance(models.Model):
    """`minutes` wanted or granted. A pause stands from `decided_at` until it has run out, or
    until `resumed_at`; an extension moves the due time once. What was due before stays on the
    clock (`original_due_at`)."""

    clock = models.ForeignKey("complaints.Clock", models.PROTECT, related_name="allowances")
    complaint = models.ForeignKey("complaints.Complaint", models.PROTECT, related_name="allowances")
    kind = models.CharField(_("类型"), max_length=10, choices=AllowanceKind)
    reason = models.CharField(_("原因"), max_length=10, choices=AllowanceReason)
    note = models.CharField(_("说明"), max_length=500)
    minutes = models.PositiveIntegerField(_("时长（分钟）"))
    state = models.CharField(max_length=10, choices=AllowanceState, default=AllowanceState.ASKED)
    asked_by = models.ForeignKey(_PEOPLE, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    endorsed_by = models.ForeignKey(_PEOPLE, models.PROTECT, null=True, related_name="+")
    endorsed_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(_PEOPLE, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    opinion = models.CharField(_("审批意见"), max_length=500, blank=True)
    resumed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("暂停或延期")
        verbose_name_plural = _("暂停和延期")
        ordering = ("asked_at", "pk")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(minutes__gt=0), name="allowance_gives_time"),
            models.CheckConstraint(
                condition=Q(state=AllowanceState.ASKED, decided_at=None, decided_by=None)
                | ~Q(state=AllowanceState.ASKED)
                & Q(decided_at__isnull=False, decided_by__isnull=False),
                name="allowance_decided_says_by_whom",
            ),
            models.CheckConstraint(
                condition=Q(resumed_at=None)
                | Q(kind=AllowanceKind.PAUSE, state=AllowanceState.GRANTED),
                name="allowance_only_pauses_resume",
            ),
            models.UniqueConstraint(
                fields=["clock"],
                condition=Q(state=AllowanceState.ASKED),
                name="allowance_asked_one_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.complaint_id} {self.get_kind_display()}"
