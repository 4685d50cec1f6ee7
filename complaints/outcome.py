"""How a clock ended: a pure function of stored times, in Python and in SQL side by side.

Evidence at the very instant of due is on time. A clock made void after it was due stays
breached; made void before, it never applied. One whose evidence was refused for good counts as
breached from its due time on, whatever came later (`docs/domain.md` section 3).
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Case, CharField, F, Q, TextChoices, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from complaints.models import Clock


class Outcome(TextChoices):
    RUNNING = "running", _("进行中")
    MET = "met", _("按时")
    ATTEMPTED = "attempted", _("尽力未达")
    UNREACHABLE = "unreachable", _("无法联系")
    BREACHED = "breached", _("超时")
    NOT_APPLICABLE = "na", _("不适用")


def outcome(clock: Clock, at: datetime) -> Outcome:
    """The clock's outcome as of `at`."""
    met_at = None if clock.forfeited_at else clock.met_at
    if (met_at or clock.voided_at or at) > clock.due_at:
        return Outcome.BREACHED
    if met_at:
        return Outcome(clock.met_as)
    return Outcome.NOT_APPLICABLE if clock.voided_at else Outcome.RUNNING


def outcome_sql(at: datetime) -> Case:
    """The same for a queryset of clocks: `.annotate(outcome=outcome_sql(at))`."""
    met_at = Case(When(forfeited_at=None, then=F("met_at")))
    return Case(
        When(Q(due_at__lt=Coalesce(met_at, F("voided_at"), Value(at))), then=Value("breached")),
        When(met_at__isnull=False, forfeited_at=None, then=F("met_as")),
        When(voided_at__isnull=False, then=Value("na")),
        default=Value("running"),
        output_field=CharField(),
    )
