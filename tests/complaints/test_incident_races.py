"""Two at the same moment: a case is in one incident, and the one sheet waits for nobody."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from common.errors import Conflict, RuleBroken
from complaints import bulk_contacts, incidents
from complaints.contacts import Talk
from complaints.models import ClockKind, Contact, ContactKind, Incident, IncidentMember, Means
from staff.models import Person
from tests.complaints.scenes import HOUR, MINUTE, accept, clock, rule, submit
from tests.complaints.test_incidents import cause, grouped
from tests.complaints.test_races import at_once, codes, done
from tests.conftest import MONDAY, Cast, Register

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("races")]


def test_two_who_group_the_same_cases_make_one_incident(cast: Cast, register: Register) -> None:
    numbers = [register(by=cast.li).no for _ in range(6)]

    def group(by: Person, order: list[str]) -> Callable[[], Incident]:
        return lambda: incidents.gather(cause(cast), order, by=by, at=MONDAY)[0]

    results = at_once(
        [group(cast.chen, numbers), group(cast.lin, numbers[::-1]), group(cast.gao, numbers)]
    )
    assert len(done(results)) == 1
    assert codes(results) == ["cases.few", "cases.few"]
    assert IncidentMember.objects.count() == 6


def test_the_sheet_the_talks_and_a_newcomer_do_not_wait_in_a_ring(
    cast: Cast, register: Register
) -> None:
    cases = [register(by=cast.li) for _ in range(12)]
    accept(cases[0], cast, at=MONDAY)
    rule(cases[0], cast, at=MONDAY)
    incident = grouped(cast, cases[:10], at=MONDAY)
    talk = Talk(kind=ContactKind.APOLOGY, means=Means.PHONE, said="对不起")
    told = {case.no: True for case in cases[:10]}

    def talked(by: Person) -> Callable[[], object]:
        return lambda: bulk_contacts.record(
            incident.pk, talk, told, by=by, at=MONDAY + 20 * MINUTE, key="one press"
        )

    results = at_once(
        [
            lambda: submit(cases[0], by=cast.ma, at=MONDAY + HOUR / 2),
            talked(cast.chen),
            talked(cast.chen),
            lambda: incidents.join(
                incident.pk, [cases[10].no, cases[11].no], by=cast.chen, at=MONDAY + HOUR / 2
            ),
            lambda: incidents.leave(
                incident.pk, cases[5].no, reason="x", by=cast.chen, at=MONDAY + HOUR / 2
            ),
        ]
    )
    assert codes(results) == ["already_done"]
    assert not [r for r in results if isinstance(r, RuleBroken) and not isinstance(r, Conflict)]
    assert Contact.objects.count() in (9, 10)  # the sixth may have left before
    for case in [*cases[:5], *cases[6:]]:
        assert clock(case, ClockKind.SHEET).met_at == MONDAY + HOUR / 2
    assert clock(cases[5], ClockKind.SHEET).met_at is None
