"""A conversation with one customer by one way in, and the case it is about."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class Thread(models.Model):
    """`address` is where the customer is answered (a mail address, an open id); `conversation`
    what the channel knows the talk by. A conversation may go on to a new case once its case is
    over: the latest thread counts."""

    inlet = models.ForeignKey("intake.Inlet", models.PROTECT, related_name="threads")
    complaint = models.ForeignKey("complaints.Complaint", models.PROTECT, related_name="threads")
    address = models.CharField(_("地址"), max_length=254, blank=True)
    conversation = models.CharField(max_length=200)
    begun_at = models.DateTimeField()

    class Meta:
        verbose_name = _("往来")
        verbose_name_plural = _("往来")
        ordering = ("-begun_at", "-pk")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["inlet", "conversation", "complaint"], name="thread_once_a_case"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.inlet_id} {self.conversation}"
