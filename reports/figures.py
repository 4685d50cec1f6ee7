"""What a ranking counts: each figure is a queryset of rows, counted and listed by the same words.

A row is one thing counted, and belongs to one case: the case itself, a clock of it, a round of it
in which the customer was called back, a remedy. So the number on the page and the list that it
opens can't differ. A case that was opened again can therefore stand in a list once a round.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from complaints.access import visible_to
from complaints.models import (
    ROUND_KINDS,
    Callback,
    Clock,
    ClockKind,
    Complaint,
    Remedy,
    RemedyState,
    Status,
)
from complaints.outcome import Outcome, outcome_sql
from reports import grouping
from reports.periods import Week
from staff.models import Branch, BranchKind, Person

#: Clocks that count in the on-time rate.
DECIDED = (Outcome.MET, Outcome.BREACHED)
#: Those that count, then those that stand apart.
OUTCOMES = (
    *DECIDED,
    Outcome.ATTEMPTED,
    Outcome.UNREACHABLE,
    Outcome.NOT_APPLICABLE,
    Outcome.RUNNING,
)
#: Remedies that the firm has bound itself to.
GRANTED = (RemedyState.PROMISED, RemedyState.DELIVERED)

_EVERY = Q()


@dataclass(frozen=True)
class Source:
    """Rows of one table that fall into a week. `case` is the way from a row to its case
    ("" when it is the case), `moment` the time by which it falls into the week."""

    name: str
    rows: Callable[[Week, datetime], QuerySet[Any]]
    case: str
    moment: str

    def to(self, field: str) -> str:
        """The way from a row to a field of its case."""
        return f"{self.case}__{field}" if self.case else field


@dataclass(frozen=True)
class Figure:
    """A number about a branch and week. `in_yuan` sums the rows' amounts, otherwise the rows are
    counted; a `firm_wide` figure is about no branch."""

    name: str
    label: Any
    source: Source
    condition: Q = _EVERY
    in_yuan: bool = False
    firm_wide: bool = False

    def rows(self, week: Week, *, at: datetime, branch: Branch | None = None) -> QuerySet[Any]:
        """What is counted, of one branch or (None) of all that are ranked, in order of time."""
        rows = self.source.rows(week, at).filter(self.condition)
        ruled = self.source.to("responsible_branch")
        if branch is not None:
            units = grouping.ruled_to(grouping.tree_of(week, at), branch.pk)
            rows = rows.filter(**{f"{ruled}__in": units})
        elif not self.firm_wide:
            rows = rows.filter(**{f"{ruled}__kind": BranchKind.BRANCH})
        return rows.order_by(self.source.moment, "pk")

    def rows_seen_by(
        self, person: Person, week: Week, *, at: datetime, branch: Branch | None = None
    ) -> QuerySet[Any]:
        """`rows`, of those cases alone that the person may see."""
        rows = self.rows(week, at=at, branch=branch)
        return rows.filter(**{f"{self.source.case or 'pk'}__in": visible_to(person).values("pk")})

    def aggregate(self) -> Count | Sum:
        """The number, as an expression over `source.rows`."""
        if self.in_yuan:
            return Sum("amount", filter=self.condition)
        return Count("pk", filter=self.condition)


def _received(week: Week, at: datetime) -> QuerySet[Complaint]:
    return Complaint.objects.filter(received_at__gte=week.start, received_at__lt=week.end).exclude(
        status=Status.INVALID
    )


def _due(week: Week, at: datetime) -> QuerySet[Any]:
    return (
        Clock.objects.filter(due_at__gte=week.start, due_at__lt=week.end)
        .exclude(complaint__status=Status.INVALID)
        .annotate(outcome=outcome_sql(at))
    )


def _called_back(week: Week, at: datetime) -> QuerySet[Callback]:
    """One callback for each round called in the week: the one that reached, else the last."""
    deciding = (
        Callback.objects.filter(occurred_at__gte=week.start, occurred_at__lt=week.end)
        .order_by("complaint_id", "round", "-reached", "-occurred_at", "-pk")
        .distinct("complaint_id", "round")
    )
    return Callback.objects.filter(pk__in=deciding.values("pk")).exclude(
        complaint__status=Status.INVALID
    )


def _granted(week: Week, at: datetime) -> QuerySet[Any]:
    return (
        Remedy.objects.filter(state__in=GRANTED)
        .exclude(complaint__status=Status.INVALID)
        .annotate(granted_at=Coalesce(F("decided_at"), F("proposed_at")))
        .filter(granted_at__gte=week.start, granted_at__lt=week.end)
    )


CASES = Source("cases", _received, case="", moment="received_at")
CLOCKS = Source("clocks", _due, case="complaint", moment="due_at")
CALLBACKS = Source("callbacks", _called_back, case="complaint", moment="occurred_at")
REMEDIES = Source("remedies", _granted, case="complaint", moment="granted_at")
SOURCES = (CASES, CLOCKS, CALLBACKS, REMEDIES)

_RULED = Q(responsible_branch__isnull=False)
_RANKED = Q(responsible_branch__kind=BranchKind.BRANCH)


def _clock_figures(kind: ClockKind) -> list[Figure]:
    decided = Figure(
        f"{kind.value}_decided",
        format_lazy("{} · {}", kind.label, _("按时和超时")),
        CLOCKS,
        Q(kind=kind, outcome__in=[outcome.value for outcome in DECIDED]),
    )
    return [decided] + [
        Figure(
            f"{kind.value}_{outcome.value}",
            format_lazy("{} · {}", kind.label, outcome.label),
            CLOCKS,
            Q(kind=kind, outcome=outcome.value),
        )
        for outcome in OUTCOMES
    ]


_ALL = [
    Figure("complaints", _("投诉"), CASES, _RULED),
    *(figure for kind in ROUND_KINDS for figure in _clock_figures(kind)),
    Figure("callbacks_attempted", _("回访 · 打过电话"), CALLBACKS),
    Figure("callbacks_reached", _("回访 · 接通"), CALLBACKS, Q(reached=True)),
    Figure("callbacks_satisfied", _("回访 · 满意"), CALLBACKS, Q(reached=True, satisfied=True)),
    Figure("remedies", _("补偿 · 笔数"), REMEDIES),
    Figure("compensation", _("补偿 · 金额"), REMEDIES, in_yuan=True),
    Figure("unruled", _("尚未判定责任"), CASES, ~_RULED, firm_wide=True),
    Figure("elsewhere", _("判给总部或平台"), CASES, _RULED & ~_RANKED, firm_wide=True),
]

#: Every figure by its name.
FIGURES = {figure.name: figure for figure in _ALL}
