"""The pauses and extensions of a case as its page lists them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Prefetch

from complaints import elapsed, rules
from complaints.models import Allowance, AllowanceState, Clock, Complaint
from complaints.rules import Action
from staff.models import Person

#: The clocks' allowances with all that the page says of them.
NAMED = Prefetch(
    "allowances", Allowance.objects.select_related("asked_by", "endorsed_by", "decided_by")
)


@dataclass(frozen=True)
class AllowanceRow:
    """One of them: until when a pause that goes on stands, whether a request has come to nothing
    because its clock has ended, and what this person may do about it now."""

    allowance: Allowance
    hours: str
    until: datetime | None
    lapsed: bool
    endorse: bool
    decide: bool
    resume: bool


def rows(
    complaint: Complaint, clocks: Iterable[Clock], person: Person, at: datetime
) -> list[AllowanceRow]:
    """Those of all rounds, the latest first. The clocks come with `NAMED`."""
    may = {
        action: rules.is_allowed(complaint, action, person)
        for action in (Action.ENDORSE_TIME, Action.DECIDE_TIME, Action.RESUME_TIME)
    }
    found = [
        _row(each, clock, may, person, at) for clock in clocks for each in clock.allowances.all()
    ]
    return sorted(found, key=lambda row: (row.allowance.asked_at, row.allowance.pk), reverse=True)


def _row(
    allowance: Allowance, clock: Clock, may: dict[Action, bool], person: Person, at: datetime
) -> AllowanceRow:
    asked = allowance.state == AllowanceState.ASKED
    waits = asked and clock.is_running and at <= clock.due_at
    foreign = allowance.asked_by_id != person.pk
    goes_on = clock.is_running and elapsed.active_pause([allowance], at) is not None
    return AllowanceRow(
        allowance=allowance,
        hours=elapsed.hours(timedelta(minutes=allowance.minutes)),
        until=elapsed.pause_end(allowance) if goes_on else None,
        lapsed=asked and not waits,
        endorse=waits and foreign and not allowance.endorsed_at and may[Action.ENDORSE_TIME],
        decide=waits and foreign and may[Action.DECIDE_TIME],
        resume=goes_on and may[Action.RESUME_TIME],
    )
