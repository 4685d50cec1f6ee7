"""Being away: what may be planned, and who acts meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from common.errors import Conflict, NotAllowed, RuleBroken
from complaints import closing, escalation, ownership, rules
from complaints.access import visible_to
from complaints.models import Escalation, Event
from complaints.rules import Action
from notify.models import Message
from staff import absences, presence
from staff.absences import Leave
from staff.models import Absence, AbsenceReason, Person
from tests.complaints.scenes import HOUR, MINUTE, accept, apologise, rule, submit
from tests.conftest import MONDAY, Cast, Register

TICK = timedelta(microseconds=1)
DAY = 24 * HOUR


def plan(person: Person, *, by: Person | None = None, **said: Any) -> Absence:
    usual: dict[str, Any] = {
        "since": MONDAY, "until": MONDAY + DAY, "reason": AbsenceReason.LEAVE,
    }  # fmt: skip
    return absences.plan(Leave(person=person, **{**usual, **said}), by=by or person, at=MONDAY)


@pytest.mark.parametrize(
    ("at", "here"),
    [(MONDAY - TICK, True), (MONDAY, False), (MONDAY + DAY - TICK, False), (MONDAY + DAY, True)],
)
def test_one_is_away_from_the_start_up_to_the_end(cast: Cast, at: datetime, here: bool) -> None:
    plan(cast.li, deputy=cast.zhao)
    assert presence.is_present(cast.li.pk, at) == here
    assert presence.acting_for(cast.li, cast.wuxi.pk, at) == (cast.li if here else cast.zhao).pk
    assert presence.stands_in_for(cast.zhao.pk, at) == ([] if here else [cast.li.pk])
    assert (cast.li in presence.here(at)) == here


#: Who is away with which deputy, and who acts for Li then: a chain, a ring, a dead end, nobody.
CHAINS: list[tuple[dict[str, str | None], str]] = [
    ({"li": "zhao"}, "zhao"),
    ({"li": "zhao", "zhao": "ma"}, "ma"),
    ({"li": "zhao", "zhao": "ma", "ma": "chen"}, "chen"),
    ({"li": "zhao", "zhao": "li"}, "wang"),
    ({"li": "zhao", "zhao": "ma", "ma": "li"}, "wang"),
    ({"li": "zhao", "zhao": None}, "wang"),
    ({"li": None}, "wang"),
    ({"li": None, "wang": "zhao"}, "xu"),
    ({"li": None, "wang": None, "xu": None}, "chen"),
    ({"li": "wang", "wang": None}, "xu"),
]


@pytest.mark.parametrize(("away", "acts"), CHAINS)
def test_the_chain_of_deputies_ends_with_somebody_who_is_here(
    cast: Cast, away: dict[str, str | None], acts: str
) -> None:
    for name, deputy in away.items():
        plan(getattr(cast, name), deputy=getattr(cast, deputy) if deputy else None)
    acting = presence.acting_for(cast.li, cast.wuxi.pk, MONDAY)
    assert acting == getattr(cast, acts).pk
    by_chain = presence.Presence(MONDAY).deputy_of(cast.li.pk)
    standing = [
        each.pk for each in cast.people if cast.li.pk in presence.stands_in_for(each.pk, MONDAY)
    ]
    assert standing == ([by_chain] if by_chain else [])


def test_a_deputy_who_has_left_does_not_act(cast: Cast) -> None:
    plan(cast.li, deputy=cast.zhao)
    Person.objects.filter(pk=cast.zhao.pk).update(is_active=False)
    assert presence.acting_for(cast.li, cast.wuxi.pk, MONDAY) == cast.wang.pk


Said = Callable[[Cast], dict[str, Any]]
REFUSED: list[tuple[Said, str]] = [
    (lambda c: {"until": MONDAY}, "until.before_start"),
    (lambda c: {"since": MONDAY - DAY, "until": MONDAY}, "until.past"),
    (lambda c: {"until": MONDAY + timedelta(days=366) + TICK}, "until.too_far"),
    (lambda c: {"deputy": c.li}, "deputy.same"),
    (lambda c: {"deputy": c.root}, "deputy.gone"),
    (lambda c: {"by": c.zhao}, "not_allowed"),
    (lambda c: {"by": c.ma}, "not_allowed"),
]


@pytest.mark.parametrize(("said", "code"), REFUSED)
def test_what_cannot_be_planned(cast: Cast, said: Said, code: str) -> None:
    with pytest.raises(RuleBroken) as broken:
        plan(cast.li, **said(cast))
    assert broken.value.code == code
    assert not Absence.objects.exists()


def test_the_administrator_has_no_cases_to_be_away_from(cast: Cast) -> None:
    with pytest.raises(NotAllowed) as refused:
        plan(cast.root)
    assert refused.value.code == "person.gone"


def test_two_absences_never_overlap_but_may_touch(cast: Cast) -> None:
    plan(cast.li)
    plan(cast.li, since=MONDAY + DAY, until=MONDAY + 2 * DAY)
    with pytest.raises(Conflict) as overlap:
        plan(cast.li, since=MONDAY + HOUR, until=MONDAY + 2 * HOUR)
    assert overlap.value.code == "absence.overlap"
    first = Absence.objects.earliest("since")
    with pytest.raises(IntegrityError, match="absence_no_overlap"), transaction.atomic():
        Absence.objects.filter(pk=first.pk).update(
            until=MONDAY + DAY + TICK, planned_until=MONDAY + 2 * DAY
        )
    with pytest.raises(IntegrityError, match="deputy_is_another"), transaction.atomic():
        Absence.objects.filter(pk=first.pk).update(deputy=cast.li)


def test_headquarters_is_never_left_empty(cast: Cast) -> None:
    plan(cast.chen)
    plan(cast.lin, since=MONDAY + HOUR)
    with pytest.raises(Conflict) as last:
        plan(cast.gao, since=MONDAY - HOUR, until=MONDAY + 2 * HOUR)
    assert last.value.code == "absence.nobody_left"
    plan(cast.gao, since=MONDAY + DAY, until=MONDAY + 2 * DAY)


def test_coming_back_early_ends_it_and_what_has_not_begun_never_does(cast: Cast) -> None:
    now, later = plan(cast.li), plan(cast.li, since=MONDAY + 2 * DAY, until=MONDAY + 3 * DAY)
    assert absences.end(now.pk, by=cast.wang, at=MONDAY + HOUR).until == MONDAY + HOUR
    ended = absences.end(later.pk, by=cast.li, at=MONDAY + HOUR)
    assert (ended.until, ended.planned_until) == (MONDAY + 2 * DAY, MONDAY + 3 * DAY)
    assert presence.is_present(cast.li.pk, MONDAY + 2 * DAY)
    plan(cast.li, since=MONDAY + HOUR, until=MONDAY + 3 * DAY)
    with pytest.raises(Conflict):
        absences.end(now.pk, by=cast.li, at=MONDAY + 2 * HOUR)
    for stranger in (cast.zhao, cast.ma):
        with pytest.raises(Absence.DoesNotExist):
            absences.end(now.pk, by=stranger, at=MONDAY)


def test_the_deputy_sees_and_acts_and_the_name_stays(cast: Cast, register: Register) -> None:
    case = register(at=MONDAY)
    accept(case, cast, at=MONDAY)
    rule(case, cast, at=MONDAY, person=cast.wang)
    plan(cast.li, deputy=cast.zhao)
    plan(cast.wang, deputy=cast.zhao)
    at = MONDAY + MINUTE
    assert visible_to(cast.zhao, at).filter(pk=case.pk).exists()
    assert not visible_to(cast.zhao, MONDAY + DAY).filter(pk=case.pk).exists()
    case.refresh_from_db()
    assert rules.ties(case, cast.zhao, at) >= {rules.Tie.OWNER, rules.Tie.RECTIFIER}
    assert rules.ties(case, cast.zhao, MONDAY + DAY) == {cast.zhao.role}
    apologise(case, by=cast.zhao, at=at)
    assert Event.objects.filter(complaint=case).latest("pk").data["for"] == "李静"
    submit(case, by=cast.zhao, at=at)
    event = Event.objects.get(kind=Action.SUBMIT_SHEET)
    assert (event.actor, event.data["for"]) == (cast.zhao, "王强")
    case.refresh_from_db()
    assert case.owner == cast.li
    assert ownership.accountable(case, at) == cast.zhao
    with pytest.raises(NotAllowed):
        rules.check(case, Action.SUBMIT_SHEET, cast.zhao, MONDAY + DAY)


def told(raised: Escalation) -> list[int]:
    return list(raised.recipient_ids)


def test_the_clocks_tell_who_is_away_and_who_acts(cast: Cast, register: Register) -> None:
    with_deputy, without = register(by=cast.li), register(by=cast.zhao)
    plan(cast.li, deputy=cast.ma)
    plan(cast.zhao)
    escalation.sweep(until=MONDAY + 30 * MINUTE)
    warned = {each.complaint_id: told(each) for each in Escalation.objects.all()}
    assert warned == {
        with_deputy.pk: [cast.li.pk, cast.ma.pk],
        without.pk: [cast.zhao.pk, cast.ma.pk],
    }
    escalation.sweep(until=MONDAY + 48 * MINUTE)
    second = Escalation.objects.get(complaint=without, step=1)
    assert told(second) == [cast.zhao.pk, cast.ma.pk]  # once, though also the supervisor
    plan(cast.wang)
    escalation.sweep(until=MONDAY + HOUR)
    assert told(Escalation.objects.get(complaint=with_deputy, level=1)) == [cast.xu.pk]


def test_news_of_a_case_reach_the_deputy_too(cast: Cast, register: Register) -> None:
    case = register(settled_on_spot=True, settlement="当面道歉")
    plan(cast.li, deputy=cast.zhao)
    accept(case, cast, at=MONDAY)
    closing.reopen(case.pk, reason="又坏了", by=cast.wang, at=MONDAY + HOUR)
    reopened = Message.objects.filter(key__startswith="reopened")
    assert {each.recipient for each in reopened} == {cast.li, cast.zhao}
