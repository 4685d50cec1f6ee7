"""What each person carries: open cases, clocks, and how often they were on time."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Count, F, Q, QuerySet

from complaints.access import visible_to
from complaints.models import Clock, ClockKind
from complaints.outcome import Outcome, outcome_sql
from complaints.selectors import LEADING
from staff.access import branches_in_scope
from staff.models import Person, Role

#: On-time rates look back so far, by due time.
WINDOW = timedelta(days=30)
#: Due within this counts as soon.
SOON = timedelta(hours=24)
#: Who owes a clock: the owner at its due time, or the rectifier.
OWNERS = (ClockKind.APOLOGY, ClockKind.RESULT)
FIXERS = (ClockKind.SHEET, ClockKind.RESUBMISSION)


class OnTime(NamedTuple):
    """Met of met and breached; every other outcome stands apart."""

    met: int
    decided: int


@dataclass
class Load:
    """One person's. `late` and `soon` count running clocks that they have to stop."""

    person: Person
    open_cases: int = 0
    late: int = 0
    soon: int = 0
    on_time: dict[ClockKind, OnTime] = field(default_factory=dict)


def loads(person: Person, *, at: datetime) -> list[Load]:
    """The loads of the people in this person's reach who carry anything, or could; the heaviest
    first. Empty for who doesn't lead."""
    if person.role not in LEADING:
        return []
    people = Person.objects.filter(is_active=True, branch__in=branches_in_scope(person))
    serving = people.exclude(role=Role.ADMINISTRATOR).select_related("branch")
    found = {each.pk: Load(each) for each in serving}
    _count_open(found, person)
    _count_running(found, person, at)
    _rate(found, person, at)
    return sorted(
        found.values(),
        key=lambda load: (-load.late, -load.soon, -load.open_cases, load.person.sort_key),
    )


def _count_open(found: dict[int, Load], person: Person) -> None:
    owned = visible_to(person).still_open().order_by().values_list("owner").annotate(Count("pk"))
    for owner_id, count in owned:
        if load := found.get(owner_id):
            load.open_cases = count


def _count_running(found: dict[int, Load], person: Person, at: datetime) -> None:
    running = _clocks(person).filter(met_at=None, voided_at=None)
    for kinds, debtor in ((OWNERS, "complaint__owner"), (FIXERS, "complaint__rectifier")):
        counted = (
            running.filter(kind__in=kinds)
            .values_list(debtor)
            .annotate(
                late=Count("pk", filter=Q(due_at__lt=at)),
                soon=Count("pk", filter=Q(due_at__gte=at, due_at__lt=at + SOON)),
            )
        )
        for debtor_id, late, soon in counted:
            if load := found.get(debtor_id):
                load.late += late
                load.soon += soon


def _rate(found: dict[int, Load], person: Person, at: datetime) -> None:
    """Each clock counts for whoever had to stop it when it was due, whoever has the case now."""
    due = _clocks(person).filter(due_at__gte=at - WINDOW, due_at__lt=at)
    held = Q(complaint__ownerships__since__lte=F("due_at")) & (
        Q(complaint__ownerships__until=None) | Q(complaint__ownerships__until__gt=F("due_at"))
    )
    owned = due.filter(held, kind__in=OWNERS).annotate(debtor=F("complaint__ownerships__person"))
    fixed = due.filter(kind__in=FIXERS).annotate(debtor=F("complaint__rectifier"))
    sums: dict[tuple[int, ClockKind], dict[str, int]] = defaultdict(dict)
    for debtor, kind, outcome, count in [*_by_outcome(owned, at), *_by_outcome(fixed, at)]:
        sums[debtor, ClockKind(kind)][outcome] = count
    for (debtor, kind), counts in sums.items():
        if load := found.get(debtor):
            met = counts.get(Outcome.MET.value, 0)
            load.on_time[kind] = OnTime(met, met + counts.get(Outcome.BREACHED.value, 0))


def _by_outcome(clocks: QuerySet[Clock], at: datetime) -> list[Any]:
    outcomes = clocks.annotate(outcome=outcome_sql(at)).values_list("debtor", "kind", "outcome")
    return list(outcomes.annotate(Count("pk")))


def _clocks(person: Person) -> QuerySet[Clock]:
    return Clock.objects.filter(complaint__in=visible_to(person).values("pk")).order_by()
