"""Which rules of time a case falls under: the version, and its rows for this kind of case."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q

from complaints.models import (
    Channel,
    ClockKind,
    Complaint,
    Policy,
    PolicyClock,
    PolicyState,
    Severity,
)


def in_force(at: datetime) -> Policy:
    """The newest approved policy that was effective at `at`; the first one for what came before
    it. Raises Policy.DoesNotExist only on a database without any."""
    approved = Policy.objects.filter(state=PolicyState.APPROVED)
    return approved.filter(effective_from__lte=at).order_by(
        "-effective_from", "-version"
    ).first() or approved.earliest("effective_from")


def rows_of(policy: Policy) -> list[PolicyClock]:
    """All rows of the policy with their steps, in the order of the node table, the general one of
    each kind first (two queries)."""
    kinds, severities, channels = ClockKind.values, ["", *Severity.values], ["", *Channel.values]
    return sorted(
        policy.clocks.prefetch_related("steps"),
        key=lambda row: (
            kinds.index(row.kind),
            severities.index(row.severity),
            channels.index(row.channel),
        ),
    )


def lengths(complaint: Complaint) -> dict[ClockKind, PolicyClock]:
    """The rows of the case's policy that fit it, with their steps (two queries)."""
    fitting = PolicyClock.objects.filter(
        Q(severity="") | Q(severity=complaint.severity),
        Q(channel="") | Q(channel=complaint.channel),
        policy=complaint.policy_id,
    )
    return closest(fitting.prefetch_related("steps"))


def closest(rows: Iterable[PolicyClock]) -> dict[ClockKind, PolicyClock]:
    """Of rows that all fit a case, one a kind: the one that names severity and channel, else the
    severity, else the channel, else the general one."""
    general_first = sorted(rows, key=lambda row: (row.severity != "", row.channel != ""))
    return {ClockKind(row.kind): row for row in general_first}
