"""What a wrong sorting costs is charged to whoever sorted (`docs/domain.md` section 7): a pure
function of stored times, in Python and in SQL side by side.

A clock that came due while its case was wrongly sorted out could not be kept by anybody: its
breach counts against the sorting, not against the branch.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import BooleanField, Case, Exists, OuterRef, Q, Value, When

from complaints.models import Clock, Triage, TriageOutcome
from complaints.outcome import Outcome, outcome


def is_charged(clock: Clock, sortings: Iterable[Triage], at: datetime) -> bool:
    """Whether the clock is breached as of `at`, and came due in a stretch `[at, superseded_at)`
    in which its case was sorted out by mistake. `sortings` are all of its case. A sheet whose
    clock was forfeited is charged to nobody else."""
    return (
        clock.forfeited_at is None
        and outcome(clock, at) == Outcome.BREACHED
        and any(
            each.outcome != TriageOutcome.VALID
            and each.superseded_at is not None
            and each.at <= clock.due_at < each.superseded_at
            for each in sortings
        )
    )


def is_charged_sql() -> Case:
    """The same for a queryset of clocks annotated with their `outcome`."""
    stretch = Triage.objects.exclude(outcome=TriageOutcome.VALID).filter(
        complaint=OuterRef("complaint"),
        at__lte=OuterRef("due_at"),
        superseded_at__gt=OuterRef("due_at"),
    )
    breached = Q(forfeited_at=None, outcome=Outcome.BREACHED.value)
    return Case(
        When(breached & Exists(stretch), then=Value(True)),
        default=Value(False),
        output_field=BooleanField(),
    )
