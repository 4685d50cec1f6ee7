"""The fix: the rectification sheet 《问题整改工作单》 and its gapless numbers; and the audit
of first response."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Series(models.TextChoices):
    SHEET = "sheet", "问字"


class Counter(models.Model):
    """The last number given in a series and year; locked by whoever takes the next."""

    series = models.CharField(max_length=10, choices=Series)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["series", "year"], name="counter_one_a_year"),
        ]

    def __str__(self) -> str:
        return f"{self.series} {self.year} {self.last}"


class SheetState(models.TextChoices):
    SUBMITTED = "submitted", _("已提交")
    RETURNED = "returned", _("已退回")
    VERIFIED = "verified", _("验收通过")
    WAIVED = "waived", _("已免整改")


class Sheet(models.Model):
    """The six parts (`docs/domain.md` section 5). One a case and round; a waived one has neither
    number nor parts, only who waived it and why."""

    complaint = models.ForeignKey("complaints.Complaint", models.PROTECT, related_name="sheets")
    round = models.PositiveSmallIntegerField()
    state = models.CharField(_("状态"), max_length=10, choices=SheetState)
    year = models.PositiveSmallIntegerField(null=True)
    serial = models.PositiveIntegerField(null=True)

    # 2 异常问题描述
    title = models.CharField(_("标题"), max_length=120, blank=True)
    facts = models.TextField(_("基本信息"), blank=True)
    course = models.TextField(_("事件经过"), blank=True)
    # 3 原因分析
    cause = models.TextField(_("原因分析"), blank=True)
    evidence = models.TextField(_("调查取证"), blank=True)
    # 4 应急处理措施
    containment = models.TextField(_("应急处理措施"), blank=True)
    accountability = models.TextField(_("责任追究"), blank=True)
    # 5 长期改善措施
    prevention = models.TextField(_("如何预防"), blank=True)
    detection = models.TextField(_("如何及时发现"), blank=True)
    response = models.TextField(_("如何快速响应客户"), blank=True)
    # 6 执行效果确认
    effect = models.TextField(_("执行效果"), blank=True)
    committed_on = models.DateField(_("承诺完成日期"), null=True)

    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    submitted_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)
    opinion = models.TextField(_("核实意见"), blank=True)
    returns = models.PositiveSmallIntegerField(_("退回次数"), db_default=0, default=0)

    class Meta:
        verbose_name = _("问题整改工作单")
        verbose_name_plural = _("问题整改工作单")
        ordering = ("complaint", "round")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["complaint", "round"], name="sheet_one_a_round"),
            models.UniqueConstraint(fields=["year", "serial"], name="sheet_number_given_once"),
            models.CheckConstraint(
                condition=Q(state="waived", serial=None)
                | Q(
                    serial__isnull=False,
                    year__isnull=False,
                    submitted_at__isnull=False,
                    committed_on__isnull=False,
                ),
                name="sheet_submitted_is_complete",
            ),
        ]

    def __str__(self) -> str:
        return self.no

    @property
    def no(self) -> str:
        """`问字【2026】001号`; a waived sheet has none."""
        return f"问字【{self.year}】{self.serial:03d}号" if self.serial else str(_("已免整改"))

    @property
    def is_returned(self) -> bool:
        return self.state == SheetState.RETURNED


class Finding(models.TextChoices):
    """What an inspection of a case's first response came to."""

    GOOD = "good", _("符合首问负责制")
    PASSED_ON = "passed_on", _("推诿或转交不当")
    SLOW = "slow", _("答复不及时")
    UNTRUE = "untrue", _("记录与实际不符")
    RUDE = "rude", _("态度或用语不当")
    OTHER = "other", _("其他问题")


class Inspection(models.Model):
    """A case drawn by lot for the audit of first response (首问制稽查), and what was found."""

    complaint = models.ForeignKey(
        "complaints.Complaint", models.PROTECT, related_name="inspections"
    )
    drawn_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    drawn_at = models.DateTimeField()
    finding = models.CharField(_("稽查结论"), max_length=10, choices=Finding, blank=True)
    note = models.TextField(_("说明"), blank=True)
    found_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    found_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("首问稽查")
        verbose_name_plural = _("首问稽查")
        ordering = ("drawn_at", "pk")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["complaint"], name="inspection_one_a_case"),
            models.CheckConstraint(
                condition=Q(finding="", found_at=None, found_by=None)
                | Q(finding__gt="", found_at__isnull=False, found_by__isnull=False),
                name="inspection_finding_says_who_and_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.complaint_id} {self.finding}"
