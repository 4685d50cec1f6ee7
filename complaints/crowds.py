"""Many cases in one deed: locked in one order, each under its own rules, written in sets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from django.utils.translation import gettext as _

from common import walls
from common.errors import RuleBroken
from complaints import escalation, lapsing, rules
from complaints.access import visible_to
from complaints.models import Complaint
from complaints.rules import Action
from staff.models import Person


class Went(NamedTuple):
    """How it went for one of many: `broken` says why not, None that it was done."""

    no: str
    broken: RuleBroken | None


@dataclass
class Crowd:
    """The locked cases for which the deed is allowed, the latest first; and by their numbers why
    it is not for the others."""

    asked: list[str]
    cases: list[Complaint] = field(default_factory=list)
    refused: dict[str, RuleBroken] = field(default_factory=dict)

    def refuse(self, complaint: Complaint, broken: RuleBroken) -> None:
        """Leave this case out, for this reason."""
        self.cases.remove(complaint)
        self.refused[complaint.no] = broken

    def went(self) -> list[Went]:
        """How each went, in the order asked for."""
        return [Went(no, self.refused.get(no)) for no in self.asked]


def lock(numbers: Iterable[str], *, to: Action, by: Person, at: datetime) -> Crowd:
    """What `cases.lock` does for one, for many: those the person may not see, or may not do this
    to, are refused and bar no other. Always the later case before the earlier one, so that
    nobody waits in a ring. Call it inside a transaction."""
    crowd = Crowd(list(dict.fromkeys(numbers)))
    found = visible_to(by, at).filter(no__in=crowd.asked).order_by("-pk")
    crowd.cases = list(found.select_for_update(of=("self",)))
    walls.hold(*(complaint.pk for complaint in crowd.cases))
    lapsing.lapse_of_all(crowd.cases, until=at)
    seen = {complaint.no for complaint in crowd.cases}
    for no in crowd.asked:
        if no not in seen:
            crowd.refused[no] = RuleBroken("not_found", _("没有找到，或您无权查看。"))
    for complaint in list(crowd.cases):
        try:
            rules.check(complaint, to, by, at)
        except RuleBroken as broken:
            crowd.refuse(complaint, broken)
    escalation.fire_all(crowd.cases, until=at)
    return crowd
