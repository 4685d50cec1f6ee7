"""Who answers to the firm for the fix: a decision, and the parts it shares the blame into."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from complaints.models.complaint import Complaint

_PEOPLE = settings.AUTH_USER_MODEL
#: The shares of a ruling together, in per cent.
WHOLE = Decimal(100)


def percent(share: Decimal) -> str:
    """The share as people write it: `60`, `37.5`."""
    return f"{share.normalize():f}"


class RulingStage(models.TextChoices):
    """How far up a ruling has been decided; whether it is disputed is said by `disputing`."""

    FIRST = "first", _("初判")
    REVIEWED = "reviewed", _("复核")
    FINAL = "final", _("终裁")


class Ruling(models.Model):
    """A decision of one moment, on what basis and by what evidence; a later one supersedes it,
    and exactly one stands (`docs/ruling.md`). `round` is the case's when it was made. It has one
    part that leads and shares that make 100 %: a trigger holds it when the transaction ends."""

    complaint = models.ForeignKey("complaints.Complaint", models.PROTECT, related_name="rulings")
    round = models.PositiveSmallIntegerField(db_default=1)
    stage = models.CharField(
        _("阶段"), max_length=10, choices=RulingStage, db_default=RulingStage.FIRST
    )
    basis = models.TextField(_("判定依据"))
    evidence = models.ManyToManyField(
        "complaints.Attachment", related_name="+", verbose_name=_("附件证据")
    )
    talks = models.ManyToManyField(
        "complaints.Contact", related_name="+", verbose_name=_("联系记录证据")
    )
    by = models.ForeignKey(_PEOPLE, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("责任判定")
        verbose_name_plural = _("责任判定")
        ordering = ("at", "pk")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["complaint"],
                condition=Q(superseded_at=None),
                name="ruling_one_stands_a_case",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.complaint_id} {self.get_stage_display()}"

    @property
    def lead(self) -> RulingPart:
        """The part whose branch and person the case names."""
        return next(part for part in self.parts.all() if part.lead)


class RulingPart(models.Model):
    """Who bears `share` per cent: a branch, or in it a department or a person; or an outside
    supplier. The part that leads names a branch and a person, who write the sheet; it may bear
    nothing where a supplier bears all."""

    ruling = models.ForeignKey(Ruling, models.PROTECT, related_name="parts", db_index=False)
    branch = models.ForeignKey(
        "staff.Branch",
        models.PROTECT,
        null=True,
        related_name="ruling_parts",
        verbose_name=_("责任机构"),
    )
    department = models.ForeignKey(
        "complaints.Department",
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("责任部门"),
    )
    person = models.ForeignKey(
        _PEOPLE, models.PROTECT, null=True, related_name="ruling_parts", verbose_name=_("责任人")
    )
    supplier = models.ForeignKey(
        "complaints.Supplier",
        models.PROTECT,
        null=True,
        related_name="ruling_parts",
        verbose_name=_("外部供应商"),
    )
    share = models.DecimalField(_("责任份额（%）"), max_digits=5, decimal_places=2)
    lead = models.BooleanField(db_default=False)

    class Meta:
        verbose_name = _("责任份额")
        verbose_name_plural = _("责任份额")
        ordering = ("ruling", "-lead", "pk")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(branch__isnull=False, supplier=None)
                | Q(branch=None, supplier__isnull=False),
                name="ruling_part_branch_or_supplier",
            ),
            models.CheckConstraint(
                condition=Q(branch__isnull=False) | Q(person=None, department=None),
                name="ruling_part_person_needs_branch",
            ),
            models.CheckConstraint(
                condition=Q(share__gt=0, share__lte=100) | Q(share=0, lead=True),
                name="ruling_part_share_in_range",
            ),
            models.CheckConstraint(
                condition=Q(lead=False) | Q(branch__isnull=False, person__isnull=False),
                name="ruling_part_lead_names_branch_and_person",
            ),
            models.UniqueConstraint(
                fields=["ruling"], condition=Q(lead=True), name="ruling_part_one_leads"
            ),
        ]
        indexes: ClassVar = [
            # Read with every ruling.
            models.Index(fields=["ruling"], name="ruling_part_by_ruling"),
        ]

    def __str__(self) -> str:
        return f"{self.ruling_id} {self.share}"

    @property
    def who(self) -> str:
        """Branch, department and person, or the supplier, as people say it."""
        if self.supplier:
            return self.supplier.name
        named = (self.branch, self.department, self.person)
        return " · ".join(each.name for each in named if each)

    @property
    def percent(self) -> str:
        """The share as people write it."""
        return percent(self.share)

    @property
    def complaint(self) -> Complaint:
        return self.ruling.complaint
