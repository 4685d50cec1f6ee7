"""A talk with the customer."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

#: Typed in later than this after the talk counts as recorded late (`docs/domain.md` section 3).
RECORDED_LATE = timedelta(minutes=30)


class ContactKind(models.TextChoices):
    APOLOGY = "apology", _("致歉")
    PROGRESS = "progress", _("进度")
    RESULT = "result", _("结果")


class Means(models.TextChoices):
    PHONE = "phone", _("电话")
    WECHAT = "wechat", _("微信")
    SMS = "sms", _("短信")
    MAIL = "mail", _("邮件")
    VISIT = "visit", _("当面")


class Contact(models.Model):
    """`occurred_at` is when it was said, `recorded_at` when it was typed; only a contact that
    `reached` the customer is evidence for a clock (`docs/domain.md` section 3).
    """

    complaint = models.ForeignKey("complaints.Complaint", models.PROTECT, related_name="contacts")
    round = models.PositiveSmallIntegerField()
    kind = models.CharField(_("联系类型"), max_length=10, choices=ContactKind)
    means = models.CharField(_("联系方式"), max_length=10, choices=Means)
    reached = models.BooleanField(_("已联系到客户"))
    said = models.TextField(_("沟通内容"))
    occurred_at = models.DateTimeField(_("联系时间"))
    recorded_at = models.DateTimeField(_("记录时间"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="contacts")

    class Meta:
        verbose_name = _("客户联系")
        verbose_name_plural = _("客户联系")
        ordering = ("occurred_at", "pk")
        indexes: ClassVar = [
            # Read by the board: the share recorded late in the last days.
            models.Index(fields=["recorded_at"], name="contact_by_recording"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(occurred_at__lte=models.F("recorded_at")),
                name="contact_not_from_the_future",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.complaint_id} {self.get_kind_display()}"

    @property
    def recorded_late(self) -> bool:
        """Typed more than half an hour after it was said."""
        return self.recorded_at - self.occurred_at > RECORDED_LATE
