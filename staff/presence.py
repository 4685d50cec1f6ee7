"""Who is here at a moment, and who acts for those who are not (代)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import connection
from django.db.models import BigIntegerField, DateTimeField, Func, QuerySet, Value

from common.time import now, now_in_sql
from staff.models import Absence, Person, Role
from staff.posts import Roster


class StandsInFor(Func):
    """The ids of those for whom a person stands in at `at` (None: now), directly or down a chain
    of deputies, as a subquery; the same as `stands_in_for`."""

    function = "staff_stands_in_for"
    template = "(SELECT %(function)s(%(expressions)s))"
    output_field = BigIntegerField()

    def __init__(self, person_id: int, at: datetime | None = None) -> None:
        moment = now_in_sql() if at is None else Value(at, output_field=DateTimeField())
        super().__init__(Value(person_id, output_field=BigIntegerField()), moment)


def stands_in_for(person_id: int, at: datetime | None = None) -> list[int]:
    """The ids of those away at `at` (None: now) whose deputy, or whose deputy's deputy and so on,
    is this person. Nobody who is away stands in for anybody: it goes on to their own deputy."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT staff_stands_in_for(%s, %s)", [person_id, now() if at is None else at]
        )
        return sorted(row[0] for row in cursor.fetchall())


class Presence:
    """Everybody who is away at one moment, with who acts for them; one query, read once for a
    whole batch."""

    def __init__(self, at: datetime) -> None:
        self.at = at
        away = Absence.objects.covering(at).select_related("deputy")
        self._deputies = {absence.person_id: absence.deputy for absence in away}

    @property
    def away(self) -> frozenset[int]:
        """The ids of those who are away."""
        return frozenset(self._deputies)

    def deputy_of(self, person_id: int) -> int | None:
        """Who acts for somebody who is away: the deputy, or the one who acts for the deputy.
        None where the chain ends with nobody who is here, or where it bites its tail."""
        passed = {person_id}
        deputy = self._deputies.get(person_id)
        while deputy is not None and deputy.pk not in passed:
            if deputy.pk not in self._deputies:
                return deputy.pk if may_act(deputy) else None
            passed.add(deputy.pk)
            deputy = self._deputies[deputy.pk]
        return None


def may_act(person: Person) -> bool:
    """Whether the person can answer for a case at all."""
    return person.is_active and person.role != Role.ADMINISTRATOR


def is_present(person_id: int, at: datetime) -> bool:
    """Whether the person is not away at `at`."""
    return not Absence.objects.covering(at).filter(person=person_id).exists()


def here(at: datetime) -> QuerySet[Person]:
    """Those who can answer for a case and are not away at `at`."""
    away = Absence.objects.covering(at).values("person")
    active = Person.objects.filter(is_active=True).exclude(role=Role.ADMINISTRATOR)
    return active.exclude(pk__in=away)


def acting_for(
    person: Person, branch_id: int, at: datetime, *, without: Iterable[int] = ()
) -> int | None:
    """Who acts for the person in a matter of the branch at `at`: the person while here, else the
    deputy, else the supervisor's post there; nobody in `without`. None only where nobody else
    holds any post."""
    if may_act(person):
        found = Presence(at)
        if person.pk not in found.away:
            return person.pk
        deputy = found.deputy_of(person.pk)
        if deputy is not None and deputy not in without:
            return deputy
    return Roster(at=at, without=[person.pk, *without]).first(Role.SUPERVISOR, branch_id)


def with_stand_ins(person_ids: Iterable[int], at: datetime) -> list[int]:
    """The people and, beside each who is away, the deputy who acts for them; each once."""
    asked = list(dict.fromkeys(person_ids))
    presence = Presence(at)
    deputies = [presence.deputy_of(pk) for pk in asked if pk in presence.away]
    return list(dict.fromkeys([*asked, *(pk for pk in deputies if pk is not None)]))
