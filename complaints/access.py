"""The one place that decides which cases a person may see (`docs/domain.md` section 8)."""

from __future__ import annotations

from django.db.models import Q

from complaints.models import Complaint, RulingPart
from complaints.models.complaint import ComplaintQuerySet
from staff.access import Scope, branches_in_scope, scope_of
from staff.models import Person


def visible_to(person: Person) -> ComplaintQuerySet:
    """The cases owned by, or ruled to, a branch in the person's reach, be it to a share, and the
    person's own.

    Headquarters sees all, the administrator none, and nobody a complaint about themself. Every
    page, route, export and lock starts here.
    """
    match scope_of(person):
        case Scope.NOTHING:
            return Complaint.objects.none()
        case Scope.EVERYTHING:
            return _hidden_from(person, Complaint.objects.all())
        case _:
            branches = branches_in_scope(person).values("pk")
            shared = RulingPart.objects.filter(
                Q(branch__in=branches) | Q(person=person), ruling__superseded_at=None, lead=False
            )
            found = Complaint.objects.filter(
                Q(owner_branch__in=branches)
                | Q(responsible_branch__in=branches)
                | Q(owner=person)
                | Q(rectifier=person)
                | Q(pk__in=shared.values("ruling__complaint"))
            )
            return _hidden_from(person, found)


def _hidden_from(person: Person, found: ComplaintQuerySet) -> ComplaintQuerySet:
    """Without the complaints about the person."""
    return found.exclude(subject_ids__contains=[person.pk])
