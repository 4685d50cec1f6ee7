"""What another office (12345, 12315) calls the complaint, and by when it wants it done."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from complaints.models.complaint import Channel


class OutsideReference(models.Model):
    """A case may have several: the same complaint by 12345 and by 12315. `accept_by` and `due_by`
    are that office's own dates; they move none of our clocks."""

    complaint = models.ForeignKey(
        "complaints.Complaint", models.PROTECT, related_name="outside_references"
    )
    channel = models.CharField(_("渠道"), max_length=10, choices=Channel)
    number = models.CharField(_("外部编号"), max_length=100)
    accept_by = models.DateTimeField(_("受理期限"), null=True)
    due_by = models.DateTimeField(_("办理期限"), null=True)
    noted_at = models.DateTimeField(_("记录时间"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("外部编号")
        verbose_name_plural = _("外部编号")
        ordering = ("noted_at", "pk")
        constraints: ClassVar = [
            # also how a case is found by the number somebody reads out
            models.UniqueConstraint(fields=["number", "channel"], name="outside_number_once"),
        ]

    def __str__(self) -> str:
        return self.number
