"""Whose eyes a transaction sees with: a person's reach, as the database's own wall reads it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from common.walls import NOBODY, Eyes, Reach
from staff.access import Scope, branches_in_scope, scope_of
from staff.models import Person
from staff.presence import StandsInFor


def eyes_of(person: Person, at: datetime | None = None) -> Eyes:
    """The person's own, with the cases of those they stand in for at `at` (None: now)."""
    match scope_of(person):
        case Scope.NOTHING:
            return replace(NOBODY, person=person.pk)
        case Scope.EVERYTHING:
            return Eyes(Reach.ALL, person.pk)
        case _:
            branches = branches_in_scope(person).values_list("pk", flat=True)
            others = Person.objects.filter(pk__in=StandsInFor(person.pk, at)).order_by()
            people = [person.pk, *others.values_list("pk", flat=True)]
            return Eyes(Reach.SOME, person.pk, list(branches), people)
