"""The one place that decides which cases a person may see (`docs/domain.md` section 8)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from common.remembered import per_thread
from common.time import now_in_sql
from complaints.models import Complaint, Handover, HandoverState, RulingPart, Triage
from complaints.models.complaint import ComplaintQuerySet
from staff.access import Scope, branches_within, reach_of
from staff.models import Person
from staff.presence import StandsInFor


def visible_to(person: Person, at: datetime | None = None) -> ComplaintQuerySet:
    """The cases owned by, or ruled to, a branch in the person's reach, be it to a share; the
    person's own, and those of the people they stand in for at `at` (None: now); and what is
    offered to any of these, for as long as the offer is open; and what one of these repeats, or
    is repeated by.

    Headquarters sees all, the administrator none, and nobody a complaint about themself. Every
    page, route, export and lock starts here.
    """
    asked = person.pk, *reach_of(person)
    return _visible(*asked, at) if at else _visible_now(*asked).all()


def _visible(
    person: int, scope: Scope, branch_id: int, path: str, at: datetime | None = None
) -> ComplaintQuerySet:
    match scope:
        case Scope.NOTHING:
            return Complaint.objects.none()
        case Scope.EVERYTHING:
            return _hidden_from(person, Complaint.objects.all())
        case _:
            branches = branches_within(scope, branch_id, path).values("pk")
            shared = RulingPart.objects.filter(
                Q(branch__in=branches) | Q(person=person), ruling__superseded_at=None, lead=False
            )
            found = Complaint.objects.filter(
                Q(owner_branch__in=branches)
                | Q(responsible_branch__in=branches)
                | Q(owner=person)
                | Q(rectifier=person)
                | Q(pk__in=shared.values("ruling__complaint"))
                | Q(owner__in=StandsInFor(person, at))
                | Q(rectifier__in=StandsInFor(person, at))
                | Q(pk__in=_offered_to(person, at))
                | Q(pk__in=_kept(branches, person))
                | Q(pk__in=_repeated(branches, person))
            )
            return _hidden_from(person, found)


#: Asked for several times on each page, and dear to put together.
_visible_now = per_thread(_visible)


def _hidden_from(person: int, found: ComplaintQuerySet) -> ComplaintQuerySet:
    """Without the complaints about the person."""
    return found.exclude(subject_ids__contains=[person])


def _offered_to(person: int, at: datetime | None) -> QuerySet[Handover, Any]:
    """The ids of the cases whose open offer waits for the person's answer at `at`."""
    moment = now_in_sql() if at is None else at
    open_ = Handover.objects.filter(state=HandoverState.OFFERED, lapses_at__gte=moment)
    mine = Q(receiver=person) | Q(receiver__in=StandsInFor(person, at))
    return open_.filter(mine).order_by().values("complaint")


def _kept(branches: Any, person: int) -> QuerySet[Triage, Any]:
    """The ids of the cases that a case of these branches, or of the person's own, repeats."""
    mine = Q(complaint__owner_branch__in=branches) | Q(complaint__owner=person)
    standing = Triage.objects.filter(mine, superseded_at=None, duplicate_of__isnull=False)
    return standing.order_by().values("duplicate_of")


def _repeated(branches: Any, person: int) -> QuerySet[Triage, Any]:
    """The ids of the cases that repeat one of these."""
    mine = Q(duplicate_of__owner_branch__in=branches) | Q(duplicate_of__owner=person)
    return Triage.objects.filter(mine, superseded_at=None).order_by().values("complaint")
