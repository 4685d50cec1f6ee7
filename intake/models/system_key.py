"""A key by which another system comes in, and what it was answered to a call it may repeat."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class SystemKey(models.Model):
    """Opens the machine API for whoever has it, as the system of its inlet. `prefix` names the
    key, `digest` is the SHA-256 of its secret, which is shown once and kept nowhere."""

    inlet = models.ForeignKey("intake.Inlet", models.PROTECT, related_name="keys")
    name = models.CharField(_("名称"), max_length=60)
    prefix = models.CharField(max_length=12, unique=True)
    digest = models.CharField(max_length=64)
    created_at = models.DateTimeField(_("创建时间"))
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    expires_at = models.DateTimeField(_("到期时间"))
    last_used_at = models.DateTimeField(_("最近使用"), null=True)
    revoked_at = models.DateTimeField(_("作废时间"), null=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        verbose_name = _("系统密钥")
        verbose_name_plural = _("系统密钥")
        ordering = ("-created_at", "-pk")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(expires_at__gt=models.F("created_at")),
                name="system_key_lasts",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PastCall(models.Model):
    """What a system was answered to the call with this Idempotency-Key: states and numbers, no
    words of anybody. `answer` is JSON as it was sent; `status` is null while a batch is at work."""

    inlet = models.ForeignKey("intake.Inlet", models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    answer = models.TextField(blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["inlet", "key"], name="past_call_once"),
        ]
        indexes: ClassVar = [
            # What is forgotten after a day.
            models.Index(fields=["at"], name="past_call_oldest"),
        ]

    def __str__(self) -> str:
        return f"{self.inlet_id} {self.key}"
