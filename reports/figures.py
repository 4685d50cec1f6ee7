"""What a ranking counts: each figure is a queryset of rows, counted and listed by the same words.

A row is one thing counted, and belongs to one case: the case itself, a share of its ruling, a
clock of it, a round of it in which the customer was called back, a remedy. So the number on the
page and the list that it opens can't differ. A case that was opened again can therefore stand in a
list once a round.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import (
    Case,
    Count,
    DecimalField,
    ExpressionWrapper,
    F,
    Q,
    QuerySet,
    Sum,
    TextChoices,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from complaints.access import visible_to
from complaints.models import (
    ROUND_KINDS,
    WHOLE,
    Callback,
    Clock,
    ClockKind,
    Complaint,
    Remedy,
    RemedyState,
    RulingPart,
    Status,
    Triage,
    TriageOutcome,
)
from complaints.outcome import Outcome, outcome_sql
from complaints.sorting import is_charged_sql
from reports import grouping
from reports.periods import Week
from staff.models import Branch, BranchKind, Person


class Ending(TextChoices):
    """How a clock ended, as the ranking tells it: a breach that a wrong sorting made is charged
    to the sorting and not to the branch."""

    MET = Outcome.MET.value, Outcome.MET.label
    BREACHED = Outcome.BREACHED.value, Outcome.BREACHED.label
    ATTEMPTED = Outcome.ATTEMPTED.value, Outcome.ATTEMPTED.label
    UNREACHABLE = Outcome.UNREACHABLE.value, Outcome.UNREACHABLE.label
    NOT_APPLICABLE = Outcome.NOT_APPLICABLE.value, Outcome.NOT_APPLICABLE.label
    CHARGED = "charged", _("计入分拣")
    RUNNING = Outcome.RUNNING.value, Outcome.RUNNING.label


#: Clocks that count in the on-time rate.
DECIDED = (Ending.MET, Ending.BREACHED)
#: Those that count, then those that stand apart.
OUTCOMES = tuple(Ending)
#: Remedies that the firm has bound itself to.
GRANTED = (RemedyState.PROMISED, RemedyState.DELIVERED)

_EVERY = Q()


@dataclass(frozen=True)
class Source:
    """Rows of one table that fall into a week. `case` is the way from a row to its case
    ("" when it is the case), `moment` the time by which it falls into the week, `unit` the way to
    the branch it counts for: the one that leads the ruling, unless it is said otherwise."""

    name: str
    rows: Callable[[Week, datetime], QuerySet[Any]]
    case: str
    moment: str
    own_unit: str = ""

    @property
    def unit(self) -> str:
        """The way from a row to the branch it counts for."""
        return self.own_unit or self.to("responsible_branch")

    def to(self, field: str) -> str:
        """The way from a row to a field of its case."""
        return f"{self.case}__{field}" if self.case else field


@dataclass(frozen=True)
class Figure:
    """A number about a branch and week. `in_yuan` sums the rows' amounts, `by_share` their
    portions of a case, otherwise the rows are counted; a `firm_wide` figure is about no branch."""

    name: str
    label: Any
    source: Source
    condition: Q = _EVERY
    in_yuan: bool = False
    firm_wide: bool = False

    @property
    def by_share(self) -> bool:
        """Whether a row counts for a part of a case."""
        return self.source is SHARES

    def rows(self, week: Week, *, at: datetime, branch: Branch | None = None) -> QuerySet[Any]:
        """What is counted, of one branch or (None) of all that are ranked, in order of time."""
        rows = self.source.rows(week, at).filter(self.condition)
        ruled = self.source.unit
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
        if self.by_share:
            return Sum("portion", filter=self.condition)
        return Count("pk", filter=self.condition)


def _received(week: Week, at: datetime) -> QuerySet[Complaint]:
    return Complaint.objects.filter(received_at__gte=week.start, received_at__lt=week.end).exclude(
        status=Status.INVALID
    )


def _ruled(week: Week, at: datetime) -> QuerySet[Any]:
    """The shares of the standing rulings, each with its `portion` of a case: 40 % are 0.4. One
    that leads and bears nothing is none."""
    return (
        RulingPart.objects.filter(
            ruling__superseded_at=None,
            ruling__complaint__received_at__gte=week.start,
            ruling__complaint__received_at__lt=week.end,
            share__gt=0,
        )
        .exclude(ruling__complaint__status=Status.INVALID)
        .annotate(
            portion=ExpressionWrapper(
                F("share") * Value(1 / WHOLE), DecimalField(max_digits=9, decimal_places=4)
            )
        )
    )


def _due(week: Week, at: datetime) -> QuerySet[Any]:
    """The clocks with their `ending`."""
    return (
        Clock.objects.filter(due_at__gte=week.start, due_at__lt=week.end)
        .exclude(complaint__status=Status.INVALID)
        .annotate(
            outcome=outcome_sql(at),
            ending=Case(
                When(is_charged_sql(), then=Value(Ending.CHARGED.value)), default=F("outcome")
            ),
        )
    )


def _converted(week: Week, at: datetime) -> QuerySet[Triage]:
    """Complaints that now count as inquiry or praise."""
    return Triage.objects.filter(
        outcome__in=(TriageOutcome.INQUIRY, TriageOutcome.PRAISE),
        superseded_at=None,
        at__gte=week.start,
        at__lt=week.end,
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
SHARES = Source(
    "shares",
    _ruled,
    case="ruling__complaint",
    moment="ruling__complaint__received_at",
    own_unit="branch",
)
SORTINGS = Source("sortings", _converted, case="complaint", moment="at")
CLOCKS = Source("clocks", _due, case="complaint", moment="due_at")
CALLBACKS = Source("callbacks", _called_back, case="complaint", moment="occurred_at")
REMEDIES = Source("remedies", _granted, case="complaint", moment="granted_at")
SOURCES = (CASES, SHARES, SORTINGS, CLOCKS, CALLBACKS, REMEDIES)

_RULED = Q(responsible_branch__isnull=False)
_OF_SUPPLIER = Q(supplier__isnull=False)
_RANKED = Q(branch__kind=BranchKind.BRANCH)


def _clock_figures(kind: ClockKind) -> list[Figure]:
    decided = Figure(
        f"{kind.value}_decided",
        format_lazy("{} · {}", kind.label, _("按时和超时")),
        CLOCKS,
        Q(kind=kind, ending__in=[ending.value for ending in DECIDED]),
    )
    return [decided] + [
        Figure(
            f"{kind.value}_{ending.value}",
            format_lazy("{} · {}", kind.label, ending.label),
            CLOCKS,
            Q(kind=kind, ending=ending.value),
        )
        for ending in OUTCOMES
    ]


_ALL = [
    Figure("complaints", _("投诉（按责任份额）"), SHARES),
    *(figure for kind in ROUND_KINDS for figure in _clock_figures(kind)),
    Figure("callbacks_attempted", _("回访 · 打过电话"), CALLBACKS),
    Figure("callbacks_reached", _("回访 · 接通"), CALLBACKS, Q(reached=True)),
    Figure("callbacks_satisfied", _("回访 · 满意"), CALLBACKS, Q(reached=True, satisfied=True)),
    Figure("remedies", _("补偿 · 笔数"), REMEDIES),
    Figure("compensation", _("补偿 · 金额"), REMEDIES, in_yuan=True),
    Figure("unruled", _("尚未判定责任"), CASES, ~_RULED, firm_wide=True),
    Figure("elsewhere", _("判给总部或平台"), SHARES, ~_OF_SUPPLIER & ~_RANKED, firm_wide=True),
    Figure("suppliers", _("判给外部供应商"), SHARES, _OF_SUPPLIER, firm_wide=True),
    Figure("converted", _("转为咨询或表扬"), SORTINGS, firm_wide=True),
]

#: Every figure by its name.
FIGURES = {figure.name: figure for figure in _ALL}
