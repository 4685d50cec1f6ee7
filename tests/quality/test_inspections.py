"""Cases drawn by lot, each looked into once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from common.errors import Conflict, NotAllowed, RuleBroken
from complaints.models import Event
from complaints.rules import Action
from quality import inspections
from quality.models import Finding, Inspection
from staff.models import Person
from tests.complaints.scenes import HOUR
from tests.conftest import MONDAY, Cast, Register

WEEK = {"since": MONDAY - timedelta(hours=12), "until": MONDAY + timedelta(days=6)}


def draw(count: int, by: Person) -> list[Inspection]:
    return list(inspections.draw(count, **WEEK, by=by, at=MONDAY + HOUR))


def test_each_case_is_drawn_once_and_never_ones_own(cast: Cast, register: Register) -> None:
    for _n in range(3):
        register()
    register(by=cast.chen)
    register(at=MONDAY - timedelta(days=3))  # the week before
    first = draw(2, cast.chen)
    assert len(first) == 2
    rest = draw(9, cast.chen)
    assert len(rest) == 1
    assert {each.complaint.owner for each in [*first, *rest]} == {cast.li}
    with pytest.raises(RuleBroken) as caught:
        draw(1, cast.chen)
    assert caught.value.code == "count.nothing"


@pytest.mark.parametrize("count", [0, -1, 101])
def test_how_many_are_drawn_has_limits(cast: Cast, count: int) -> None:
    with pytest.raises(RuleBroken) as caught:
        draw(count, cast.chen)
    assert caught.value.code == "count.range"


def test_only_quality_draws_and_finds(cast: Cast, register: Register) -> None:
    register()
    for person in (cast.li, cast.wang, cast.gao, cast.root):
        with pytest.raises(NotAllowed):
            draw(1, person)
    (drawn,) = draw(1, cast.chen)
    with pytest.raises(NotAllowed):
        inspections.find(drawn.pk, finding=Finding.GOOD, note="", by=cast.wang, at=MONDAY)


def test_a_finding_is_written_once_with_its_reason_and_is_an_event(
    cast: Cast, register: Register
) -> None:
    case = register()
    (drawn,) = draw(1, cast.chen)
    assert list(inspections.open_for(cast.lin)) == [drawn]
    with pytest.raises(RuleBroken) as caught:
        inspections.find(drawn.pk, finding=Finding.SLOW, note=" ", by=cast.lin, at=MONDAY)
    assert caught.value.code == "note.blank"
    found = inspections.find(
        drawn.pk, finding=Finding.SLOW, note="让客户等了两小时", by=cast.lin, at=MONDAY + HOUR
    )
    assert (found.found_by, found.found_at) == (cast.lin, MONDAY + HOUR)
    event = Event.objects.get(complaint=case, kind=Action.INSPECT)
    assert event.data == {"finding": "slow", "note": "让客户等了两小时"}
    assert not inspections.open_for(cast.chen).exists()
    with pytest.raises(Conflict):
        inspections.find(drawn.pk, finding=Finding.GOOD, note="", by=cast.lin, at=MONDAY + HOUR)


def test_what_is_not_seen_is_neither_drawn_nor_found(cast: Cast, register: Register) -> None:
    register(subject_ids=(cast.chen.pk,))
    with pytest.raises(RuleBroken):
        draw(1, cast.chen)
    (drawn,) = draw(1, cast.lin)
    assert not inspections.open_for(cast.chen).exists()
    with pytest.raises(Exception, match="does not exist"):
        inspections.find(drawn.pk, finding=Finding.GOOD, note="", by=cast.chen, at=MONDAY)
