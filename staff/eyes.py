"""Whose eyes a transaction sees with: a person's reach, as the database's own wall reads it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from django.db import connection

from common.prepared import Prepared
from common.time import now_if_trusted
from common.walls import NOBODY, Eyes, Reach
from staff.access import Scope, reach_of
from staff.models import Person


def eyes_of(person: Person, at: datetime | None = None) -> Eyes:
    """The person's own, with the cases of those they stand in for at `at` (None: now)."""
    scope, branch_id, path = reach_of(person)
    match scope:
        case Scope.NOTHING:
            return replace(NOBODY, person=person.pk)
        case Scope.EVERYTHING:
            return Eyes(Reach.ALL, person.pk)
        case _:
            with connection.cursor() as cursor:
                _REACH.run(cursor, [branch_id, path, person.pk, at or now_if_trusted()])
                branches, others = cursor.fetchone()
            return Eyes(Reach.SOME, person.pk, branches, [person.pk, *others])


# The same branches as `branches_in_scope`, without the ORM: each request asks for them.
_REACH = Prepared(
    "reach_of_a_person",
    """
    SELECT ARRAY(
        SELECT branch.id FROM staff_branch AS branch
        LEFT JOIN staff_branch AS heir ON heir.id = branch.heir_id
        WHERE CASE WHEN $2 = '' THEN $1 IN (branch.id, heir.id)
              ELSE starts_with(branch.path, $2) OR starts_with(heir.path, $2) END
    ), ARRAY(SELECT staff_stands_in_for($3, COALESCE($4, now())))
    """,
    ("bigint", "text", "bigint", "timestamptz"),
)
