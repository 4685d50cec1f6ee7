"""A mass incident (群诉): many open cases of one cause, with one sheet and one result text."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

_PEOPLE = settings.AUTH_USER_MODEL


class IncidentState(models.TextChoices):
    OPEN = "open", _("处理中")
    CLOSED = "closed", _("已结束")


class Incident(models.Model):
    """`lead` is the case that writes the one sheet, and one of the members. Each customer keeps
    their own case and their own 1H, 24H and 72H (`docs/domain.md` section 7, case 8)."""

    no = models.CharField(_("群诉编号"), max_length=20, unique=True)
    title = models.CharField(_("标题"), max_length=120)
    cause = models.TextField(_("共同原因"))
    category = models.ForeignKey(
        "complaints.Category", models.PROTECT, related_name="incidents", verbose_name=_("类别")
    )
    branch = models.ForeignKey(
        "staff.Branch", models.PROTECT, related_name="incidents", verbose_name=_("机构")
    )
    lead = models.ForeignKey(
        "complaints.Complaint", models.PROTECT, related_name="+", verbose_name=_("牵头投诉")
    )
    result = models.TextField(_("统一答复"), blank=True)
    state = models.CharField(
        _("状态"), max_length=8, choices=IncidentState, default=IncidentState.OPEN
    )
    by = models.ForeignKey(_PEOPLE, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    closed_by = models.ForeignKey(_PEOPLE, models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("群诉")
        verbose_name_plural = _("群诉")
        ordering = ("-at", "-pk")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["lead"], name="incident_one_a_leading_case"),
            models.CheckConstraint(
                condition=Q(state="open", closed_at=None, closed_by=None)
                | Q(state="closed", closed_at__isnull=False, closed_by__isnull=False),
                name="incident_closed_says_who_and_when",
            ),
        ]

    def __str__(self) -> str:
        return self.no

    @property
    def is_open(self) -> bool:
        return self.state == IncidentState.OPEN


class MemberQuerySet(models.QuerySet["IncidentMember"]):
    def active(self) -> MemberQuerySet:
        """Those that have not left."""
        return self.filter(left_at=None)


class IncidentMember(models.Model):
    """A case in an incident, from `joined_at` until `left_at`. `round` is the case's round when
    it joined: the incident's sheet is the sheet of that round. `covered_at` is when that sheet
    answered the case's 48H, the evidence for its clock."""

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="members")
    complaint = models.ForeignKey(
        "complaints.Complaint", models.PROTECT, related_name="memberships"
    )
    round = models.PositiveSmallIntegerField()
    joined_by = models.ForeignKey(_PEOPLE, models.PROTECT, related_name="+")
    joined_at = models.DateTimeField()
    left_by = models.ForeignKey(_PEOPLE, models.PROTECT, null=True, related_name="+")
    left_at = models.DateTimeField(null=True)
    covered_at = models.DateTimeField(null=True)

    objects = MemberQuerySet.as_manager()

    class Meta:
        verbose_name = _("群诉成员")
        verbose_name_plural = _("群诉成员")
        ordering = ("complaint",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["complaint"], condition=Q(left_at=None), name="member_of_one_incident"
            ),
            models.CheckConstraint(
                condition=Q(left_at=None, left_by=None)
                | Q(left_at__gte=F("joined_at"), left_by__isnull=False),
                name="member_left_says_who_and_when",
            ),
            models.CheckConstraint(
                condition=Q(covered_at=None) | Q(covered_at__gte=F("joined_at")),
                name="member_covered_once_in",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.incident_id} {self.complaint_id}"
