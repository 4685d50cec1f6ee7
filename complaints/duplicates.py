"""Likely duplicates, shown while typing: suggested, never linked by themselves."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.contrib.postgres.search import TrigramWordSimilarity
from django.db.models import Case, Count, FloatField, Q, Value, When
from django.db.models.functions import Greatest

from common import walls
from complaints.access import visible_to
from complaints.models import Complaint
from complaints.models.complaint import ComplaintQuerySet
from staff.access import Scope, scope_of
from staff.models import Person

#: How far back a repeat is looked for.
WINDOW = timedelta(days=30)
_ALIKE = 0.35
_SHORTEST_TEXT = 8


def likely(
    person: Person,
    *,
    at: datetime,
    phone_key: str = "",
    order_no: str = "",
    name: str = "",
    what: str = "",
    limit: int = 5,
) -> ComplaintQuerySet:
    """Cases of the last 30 days in the person's sight that share the order number, the phone or
    the whole name, or tell much the same; the likeliest first, each with `likeness` from 0 to
    1."""
    recent = visible_to(person).filter(received_at__gte=at - WINDOW)
    same_order = Q(order_no=order_no) if order_no else Q(pk=None)
    same_phone = Q(phone_key=phone_key) if phone_key else Q(pk=None)
    likeness: list[Any] = [
        Case(
            When(same_order, then=Value(1.0)),
            When(same_phone, then=Value(0.9)),
            When(Q(complainant_name=name) if name else Q(pk=None), then=Value(0.5)),
            default=Value(0.0),
            output_field=FloatField(),
        )
    ]
    if len(what) >= _SHORTEST_TEXT:
        likeness.append(TrigramWordSimilarity(what[:200], "what"))
    score = Greatest(*likeness) if len(likeness) > 1 else likeness[0]
    return (
        recent.annotate(likeness=score)
        .filter(likeness__gte=_ALIKE)
        .select_related("owner", "owner_branch", "category")
        .order_by("-likeness", "-received_at")[:limit]
    )


class Elsewhere(NamedTuple):
    """That a branch has such cases, and how many; nothing else of them is told."""

    branch: str
    cases: int


def elsewhere(
    person: Person, *, at: datetime, phone_key: str = "", order_no: str = "", limit: int = 3
) -> list[Elsewhere]:
    """Which other branches own cases of the last 30 days with this very phone or order number
    that the person may not see; never such as are about the person. Words alone are no reason to
    tell: anybody could type them."""
    same = Q(order_no=order_no) if order_no else Q(pk=None)
    if phone_key:
        same |= Q(phone_key=phone_key)
    if scope_of(person) == Scope.NOTHING:
        return []
    seen = list(visible_to(person).filter(same).values_list("pk", flat=True))
    with walls.lifted():
        found = (
            Complaint.objects.filter(same, received_at__gte=at - WINDOW)
            .exclude(pk__in=seen)
            .exclude(subject_ids__contains=[person.pk])
            .order_by("owner_branch__sort_key")
            .values_list("owner_branch__name")
            .annotate(Count("pk"))
        )
        return [Elsewhere(*row) for row in found[:limit]]
