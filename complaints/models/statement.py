"""What the customer has said besides: a further mail, a message, words left on the page."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from complaints.models.complaint import Channel


class Statement(models.Model):
    """Words of the customer in a case that is in already. Coming from them, it is evidence for no
    clock. `by` is who wrote it down; None: it came in by itself."""

    complaint = models.ForeignKey("complaints.Complaint", models.PROTECT, related_name="statements")
    channel = models.CharField(_("渠道"), max_length=10, choices=Channel)
    said = models.TextField(_("客户所述"))
    occurred_at = models.DateTimeField(_("客户说的时间"))
    recorded_at = models.DateTimeField(_("记录时间"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("客户补充")
        verbose_name_plural = _("客户补充")
        ordering = ("occurred_at", "pk")
        indexes: ClassVar = []

    def __str__(self) -> str:
        return f"{self.complaint_id} {self.occurred_at:%Y-%m-%d %H:%M}"
