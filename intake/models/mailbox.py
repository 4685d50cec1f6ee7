"""How far a mailbox on an IMAP server has been read."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class Mailbox(models.Model):
    """Mails up to `last_uid` have been kept, as long as the server says the same `uid_validity`;
    with another one it is read from the beginning. Whoever reads it holds a lease: until
    `lease_until` nobody else does. `failures` counts tries in a row that did not get further;
    `last_error` holds no address and no secret."""

    inlet = models.OneToOneField("intake.Inlet", models.PROTECT, related_name="mailbox")
    uid_validity = models.BigIntegerField(null=True)
    last_uid = models.BigIntegerField(default=0)
    stuck_uid = models.BigIntegerField(null=True)
    failures = models.PositiveIntegerField(default=0)
    failing_since = models.DateTimeField(null=True)
    last_error = models.CharField(_("错误"), max_length=200, blank=True)
    polled_at = models.DateTimeField(_("上次收取"), null=True)
    lease_until = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True)

    class Meta:
        verbose_name = _("邮箱")
        verbose_name_plural = _("邮箱")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(last_uid__gte=0), name="mailbox_uid_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.inlet_id} {self.last_uid}"
