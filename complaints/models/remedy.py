"""What the customer is given to put it right: money or not."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class RemedyKind(models.TextChoices):
    APOLOGY_LETTER = "apology_letter", _("致歉信")
    REFUND = "refund", _("退款")
    DISCOUNT = "discount", _("折扣")
    FREE_SERVICE = "free_service", _("免费服务")
    GIFT = "gift", _("礼品")
    UPGRADE = "upgrade", _("升级服务")


class RemedyState(models.TextChoices):
    AWAITING = "awaiting", _("待审批")
    PROMISED = "promised", _("已承诺")
    DELIVERED = "delivered", _("已兑现")
    REFUSED = "refused", _("未批准")
    CANCELLED = "cancelled", _("已取消")


#: States in which the firm owes, or may come to owe, the amount.
BINDING = (RemedyState.AWAITING, RemedyState.PROMISED, RemedyState.DELIVERED)


class Remedy(models.Model):
    """`amount` is what it costs the firm, in yuan; 0 for a letter. Promised at once within the
    proposer's limit, otherwise it awaits someone whose limit covers the whole case."""

    complaint = models.ForeignKey("complaints.Complaint", models.PROTECT, related_name="remedies")
    round = models.PositiveSmallIntegerField()
    kind = models.CharField(_("补救方式"), max_length=15, choices=RemedyKind)
    amount = models.DecimalField(
        _("金额（元）"),
        max_digits=12,
        decimal_places=2,
        default=Decimal(0),
        validators=[MinValueValidator(0)],
    )
    description = models.CharField(_("说明"), max_length=500, blank=True)
    state = models.CharField(max_length=10, choices=RemedyState)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    proof = models.CharField(_("兑现凭证"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("补救")
        verbose_name_plural = _("补救")
        ordering = ("proposed_at", "pk")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(amount__gte=0), name="remedy_costs_not_negative"),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=models.F("proposed_by")),
                name="remedy_never_decided_by_its_proposer",
            ),
            models.CheckConstraint(
                condition=Q(state="delivered", delivered_at__isnull=False, proof__gt="")
                | ~Q(state="delivered") & Q(delivered_at=None),
                name="remedy_delivered_with_proof",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.amount}"
