"""Passing a case on: offered, and the other accepts, or not (交接)."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

_PEOPLE = settings.AUTH_USER_MODEL

#: How long an offer waits for an answer, and a referred one for 品质管理员.
ANSWER_WITHIN = timedelta(hours=2)
DECIDE_WITHIN = timedelta(hours=4)


class HandoverReason(models.TextChoices):
    SHIFT = "shift", _("交接班")
    LEAVE = "leave", _("请假或出差")
    SKILL = "skill", _("需要其他岗位处理")
    BRANCH = "branch", _("应由其他机构处理")
    LOAD = "load", _("手上的投诉太多")
    OTHER = "other", _("其他")


class HandoverState(models.TextChoices):
    OFFERED = "offered", _("等待答复")
    ACCEPTED = "accepted", _("已接受")
    REFUSED = "refused", _("已退回")
    LAPSED = "lapsed", _("逾期未答复")
    REFERRED = "referred", _("待品质裁决")
    DECIDED = "decided", _("已裁决")
    WITHDRAWN = "withdrawn", _("已撤回")


class Handover(models.Model):
    """An offer of a case by its owner (`giver`), who stays the owner until it is accepted or
    decided (`docs/ownership.md`). While it is offered or referred there is no second one.

    An offer may be answered up to and at `lapses_at`. `goes_back` says that the receiver had
    owned the case in this `round` before. What was referred wants a decision within four hours;
    `director_told_at` is when the director was told that it had none.
    """

    complaint = models.ForeignKey("complaints.Complaint", models.PROTECT, related_name="handovers")
    round = models.PositiveSmallIntegerField()
    giver = models.ForeignKey(
        _PEOPLE, models.PROTECT, related_name="+", db_index=False, verbose_name=_("交出人")
    )
    receiver = models.ForeignKey(
        _PEOPLE, models.PROTECT, related_name="+", db_index=False, verbose_name=_("接收人")
    )
    reason = models.CharField(_("交接原因"), max_length=10, choices=HandoverReason)
    note = models.TextField(_("交接说明"))
    offered_by = models.ForeignKey(_PEOPLE, models.PROTECT, related_name="+", db_index=False)
    offered_at = models.DateTimeField()
    lapses_at = models.DateTimeField()
    goes_back = models.BooleanField(default=False)
    state = models.CharField(
        _("状态"), max_length=10, choices=HandoverState, default=HandoverState.OFFERED
    )
    answered_by = models.ForeignKey(
        _PEOPLE, models.PROTECT, null=True, related_name="+", db_index=False
    )
    answered_at = models.DateTimeField(null=True)
    answer = models.TextField(_("答复"), blank=True)
    referred_at = models.DateTimeField(null=True)
    director_told_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(
        _PEOPLE, models.PROTECT, null=True, related_name="+", db_index=False
    )
    decided_at = models.DateTimeField(null=True)
    decided_owner = models.ForeignKey(
        _PEOPLE, models.PROTECT, null=True, related_name="+", db_index=False
    )
    opinion = models.TextField(_("裁决意见"), blank=True)

    class Meta:
        verbose_name = _("交接")
        verbose_name_plural = _("交接")
        ordering = ("offered_at", "pk")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["complaint"],
                condition=Q(state__in=["offered", "referred"]),
                name="handover_one_open_a_case",
            ),
            models.CheckConstraint(
                condition=~Q(giver=F("receiver")), name="handover_to_somebody_else"
            ),
            models.CheckConstraint(
                condition=Q(lapses_at__gt=F("offered_at")), name="handover_lapses_after_offer"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["accepted", "refused"])
                | Q(answered_at__isnull=False, answered_by__isnull=False),
                name="handover_answered_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(answered_at=None) | Q(answered_at__gte=F("offered_at")),
                name="handover_answered_after_offer",
            ),
            models.CheckConstraint(
                condition=~Q(state="referred") | Q(referred_at__isnull=False),
                name="handover_referred_says_when",
            ),
            models.CheckConstraint(
                condition=Q(
                    state="decided",
                    decided_at__isnull=False,
                    decided_by__isnull=False,
                    decided_owner__isnull=False,
                )
                | ~Q(state="decided") & Q(decided_at=None, decided_by=None, decided_owner=None),
                name="handover_decided_says_who",
            ),
        ]
        indexes: ClassVar = [
            # Read by lapsing: what has waited too long.
            models.Index(
                fields=["lapses_at"], condition=Q(state="offered"), name="handover_lapsing"
            ),
            models.Index(
                fields=["referred_at"],
                condition=Q(state="referred", director_told_at=None),
                name="handover_undecided",
            ),
            # Read by access: a case is shown to whom it is offered.
            models.Index(
                fields=["receiver"], condition=Q(state="offered"), name="handover_offered_to"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.complaint_id} {self.giver_id} {self.receiver_id} {self.state}"

    @property
    def is_open(self) -> bool:
        """Whether it waits for an answer or for 品质管理员."""
        return self.state in (HandoverState.OFFERED, HandoverState.REFERRED)


#: What a supervisor may decide: nobody has taken the case, and nobody is asked any more.
RETURNED = (HandoverState.REFUSED, HandoverState.LAPSED)
