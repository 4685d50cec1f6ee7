"""What each person carries, and how often they were on time."""

from __future__ import annotations

from complaints.loads import Load, OnTime, loads
from complaints.models import ClockKind
from staff.models import Person
from tests.complaints import scenes
from tests.complaints.scenes import HOUR, MINUTE
from tests.conftest import MONDAY, Cast, Register


def of(person: Person, *, seen_by: Person, hours: float) -> Load:
    found = {load.person: load for load in loads(seen_by, at=MONDAY + hours * HOUR)}
    return found[person]


def test_open_cases_and_running_clocks_are_counted_for_whoever_has_to_stop_them(
    cast: Cast, register: Register
) -> None:
    case = register()
    register()
    scenes.apologise(case, by=cast.li, at=MONDAY + 20 * MINUTE)
    scenes.accept(case, cast, at=MONDAY + HOUR)
    scenes.rule(case, cast, at=MONDAY + HOUR, person=cast.wang)
    li = of(cast.li, seen_by=cast.wang, hours=2)
    assert (li.open_cases, li.late, li.soon) == (2, 1, 2)  # an apology; two results
    wang = of(cast.wang, seen_by=cast.wang, hours=25)
    assert (wang.open_cases, wang.late, wang.soon) == (0, 0, 1)  # the sheet
    assert of(cast.wang, seen_by=cast.wang, hours=49).late == 1


def test_on_time_is_met_of_met_and_breached_by_whoever_had_it_when_it_was_due(
    cast: Cast, register: Register
) -> None:
    for minutes in (59, 60, 61):
        case = register()
        scenes.apologise(case, by=cast.li, at=MONDAY + minutes * MINUTE)
    scenes.reject(register(), cast, at=MONDAY)  # not applicable: counts for nobody
    li = of(cast.li, seen_by=cast.wang, hours=2)
    assert li.on_time == {ClockKind.APOLOGY: OnTime(2, 3)}
    assert of(cast.li, seen_by=cast.wang, hours=24 * 30).on_time[ClockKind.RESULT] == OnTime(0, 3)
    assert ClockKind.APOLOGY not in of(cast.li, seen_by=cast.wang, hours=24 * 32).on_time


def test_the_heaviest_load_comes_first_and_only_those_in_reach(
    cast: Cast, register: Register
) -> None:
    register()
    names = [load.person.username for load in loads(cast.wang, at=MONDAY)]
    assert names == ["li", "wang"]
    everybody = {load.person for load in loads(cast.chen, at=MONDAY)}
    assert everybody == set(cast.people) - {cast.root}
    assert loads(cast.li, at=MONDAY) == []
    assert loads(cast.root, at=MONDAY) == []
