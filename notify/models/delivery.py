"""One message on its way out."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from notify.models.message import Message
from notify.models.outlet import Outlet


class DeliveryState(models.TextChoices):
    PENDING = "pending", _("待发送")
    SENT = "sent", _("已发送")
    GIVEN_UP = "given_up", _("已放弃")


class Delivery(models.Model):
    """One message by one way out. Whoever sends it holds a lease: until `lease_until` nobody
    else takes it, and only the holder of `lease_token` may say how it went. `attempts` counts
    how often it was due and did not get out; `last_error` holds no address and no secret.
    What is urgent (as its message is) goes before all that is not.
    """

    message = models.ForeignKey(Message, models.PROTECT, related_name="deliveries")
    outlet = models.ForeignKey(Outlet, models.PROTECT, related_name="+")
    state = models.CharField(
        max_length=8,
        choices=DeliveryState,
        default=DeliveryState.PENDING,
        db_default=DeliveryState.PENDING,
    )
    urgent = models.BooleanField(default=False, db_default=False)
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    created_at = models.DateTimeField()
    available_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True)
    sent_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=200, blank=True, db_default="")

    class Meta:
        verbose_name = _("发送")
        verbose_name_plural = _("发送")
        ordering = ("-created_at", "-pk")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["message", "outlet"], name="delivery_once_by_each_way"),
            models.CheckConstraint(
                condition=models.Q(state="sent", sent_at__isnull=False)
                | ~models.Q(state="sent") & models.Q(sent_at=None),
                name="delivery_sent_with_time",
            ),
        ]
        indexes: ClassVar = [
            # Read by delivery.claim and by selectors.oldest_waiting.
            models.Index(
                fields=["-urgent", "available_at", "id"],
                condition=models.Q(state="pending"),
                name="delivery_pending",
            ),
            # Read by selectors.undelivered.
            models.Index(
                fields=["created_at"],
                condition=models.Q(state="given_up"),
                name="delivery_given_up",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.message_id} {self.outlet}"
