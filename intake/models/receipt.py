"""What a customer holds who has written by the public form: the key to following the matter."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Receipt(models.Model):
    """`reference` names what was sent before it has a case, and after. With it goes `tail`, the
    last four digits of the phone; without a phone a secret code, of which only the digest is
    kept. `notice` is the version of the privacy notice that was agreed to at `agreed_at`."""

    item = models.OneToOneField("intake.Item", models.PROTECT, related_name="receipt")
    reference = models.CharField(_("回执号"), max_length=20, unique=True)
    tail = models.CharField(max_length=4, blank=True)
    code_digest = models.CharField(max_length=64, blank=True)
    notice = models.CharField(_("隐私说明版本"), max_length=20)
    agreed_at = models.DateTimeField(_("同意时间"))

    class Meta:
        verbose_name = _("回执")
        verbose_name_plural = _("回执")
        ordering = ("-pk",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["code_digest"], condition=~Q(code_digest=""), name="receipt_code_once"
            ),
            models.CheckConstraint(
                condition=Q(tail="") | Q(code_digest=""), name="receipt_tail_or_code"
            ),
        ]

    def __str__(self) -> str:
        return self.reference
