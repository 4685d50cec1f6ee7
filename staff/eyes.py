"""Whose eyes a transaction sees with: a person's reach, as the database's own wall reads it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from django.db.models import Value

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
            branches = branches_in_scope(person).order_by().values_list("pk", Value(True))
            others = Person.objects.filter(pk__in=StandsInFor(person.pk, at)).order_by()
            found = list(branches.union(others.values_list("pk", Value(False)), all=True))
            people = [person.pk, *(pk for pk, is_branch in found if not is_branch)]
            return Eyes(Reach.SOME, person.pk, [pk for pk, is_branch in found if is_branch], people)
