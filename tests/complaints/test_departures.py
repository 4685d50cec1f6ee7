"""Leaving: nobody goes who still answers for a case, and one step hands everything up."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from common.errors import Conflict, NotAllowed, RuleBroken
from complaints import closing, departures, triage
from complaints.models import Event, InvalidReason, Ownership
from complaints.rules import Action
from notify.models import Message
from quality import sheets
from staff import absences, people
from staff.absences import Leave
from staff.models import AbsenceReason, Person, Post, Role
from tests.complaints.scenes import (
    HOUR,
    MINUTE,
    accept,
    answer,
    call_back,
    fresh,
    reject,
    rule,
    submit,
)
from tests.conftest import MONDAY, Cast, Register


def close(person: Person, *, by: Person, hand_up: bool = False) -> Person:
    return departures.close_account(person, hand_up=hand_up, by=by, at=MONDAY + HOUR)


def is_active(person: Person) -> bool:
    return Person.objects.get(pk=person.pk).is_active


def test_who_owns_an_open_case_cannot_leave(cast: Cast, register: Register) -> None:
    case = register()
    with pytest.raises(Conflict) as burdened:
        close(cast.li, by=cast.root)
    assert burdened.value.code == "account.burdened"
    assert "1 件未结投诉、0 件" in burdened.value.message
    closing.withdraw(case.pk, said_by="本人", note="来电", by=cast.li, at=MONDAY)
    close(cast.li, by=cast.root)
    assert not is_active(cast.li)


def test_one_step_hands_all_to_the_supervisor(cast: Cast, register: Register) -> None:
    cases = [register() for _ in range(3)]
    fix = register(by=cast.zhao)
    accept(fix, cast, at=MONDAY)
    rule(fix, cast, at=MONDAY, person=cast.li)
    close(cast.li, by=cast.root, hand_up=True)
    assert not is_active(cast.li)
    assert {fresh(case).owner for case in cases} == {cast.wang}
    assert (fresh(fix).owner, fresh(fix).rectifier) == (cast.zhao, cast.wang)
    events = Event.objects.filter(kind=Action.HAND_UP)
    assert {event.complaint_id for event in events} == {case.pk for case in (*cases, fix)}
    assert {event.actor for event in events} == {cast.root}
    owned = Ownership.objects.filter(until=None, person=cast.wang)
    assert {each.reason for each in owned} == {"left"}
    told = {str(each) for each in Message.objects.filter(recipient=cast.wang)}
    assert f"{cases[0].no} 现由您负责到底，请尽快联系客户" in told
    assert f"{fix.no} 的整改现由您负责，原整改责任人已离岗" in told


def test_a_leaving_or_absent_supervisor_is_passed_over(cast: Cast, register: Register) -> None:
    first, second = register(by=cast.wang), register(by=cast.li)
    close(cast.wang, by=cast.root, hand_up=True)
    assert (fresh(first).owner, fresh(first).owner_branch) == (cast.xu, cast.east)
    away = Leave(person=cast.xu, since=MONDAY, until=MONDAY + 9 * HOUR, reason=AbsenceReason.LEAVE)
    absences.plan(away, by=cast.xu, at=MONDAY)
    close(cast.li, by=cast.root, hand_up=True)
    assert fresh(second).owner == cast.chen


def test_only_the_administrator_closes_an_account_and_never_the_own(
    cast: Cast, register: Register
) -> None:
    for by, code in ((cast.gao, "not_allowed"), (cast.root, "account.own")):
        with pytest.raises(NotAllowed) as refused:
            close(cast.root, by=by)
        assert refused.value.code == code
    close(cast.zhao, by=cast.root)
    with pytest.raises(Conflict) as closed:
        close(cast.zhao, by=cast.root)
    assert closed.value.code == "account.closed"
    with pytest.raises(NotAllowed):
        departures.open_account(cast.zhao, by=cast.lin, at=MONDAY + 9 * HOUR)
    departures.open_account(cast.zhao, by=cast.root, at=MONDAY + 9 * HOUR)
    assert is_active(cast.zhao)


def test_a_fix_is_open_until_its_sheet_is_verified(cast: Cast, register: Register) -> None:
    case = register()
    accept(case, cast, at=MONDAY)
    rule(case, cast, at=MONDAY)
    answer(case, by=cast.li, at=MONDAY)
    submit(case, by=cast.ma, at=MONDAY)
    call_back(case, by=cast.chen, at=MONDAY)
    assert fresh(case).status == "closed"
    assert departures.burden(cast.ma) == departures.Burden(cases=0, fixes=1)
    sheets.verify(case.pk, opinion="属实", by=cast.chen, at=MONDAY)
    assert departures.burden(cast.ma).is_free


@pytest.mark.parametrize(("severity", "fixes"), [("minor", 0), ("major", 1)])
def test_a_withdrawn_case_keeps_its_fix_only_while_it_owes_a_sheet(
    cast: Cast, register: Register, severity: str, fixes: int
) -> None:
    case = register(severity=severity)
    accept(case, cast, at=MONDAY)
    rule(case, cast, at=MONDAY)
    closing.withdraw(case.pk, said_by="本人", note="来电", by=cast.li, at=MONDAY)
    assert departures.burden(cast.ma).fixes == fixes


def test_an_invalid_case_holds_nobody_until_it_is_found_valid(
    cast: Cast, register: Register
) -> None:
    case = register()
    accept(case, cast, at=MONDAY)
    rule(case, cast, at=MONDAY, person=cast.zhao)
    reject(case, cast, at=MONDAY)
    assert departures.burden(cast.li).is_free
    for person in (cast.li, cast.zhao):
        close(person, by=cast.root)
    triage.accept(case.pk, by=cast.chen, at=MONDAY + HOUR)
    assert (fresh(case).owner, fresh(case).rectifier) == (cast.wang, cast.ma)


def test_a_reopened_case_whose_owner_has_left_is_the_supervisors(
    cast: Cast, register: Register
) -> None:
    case = register(settled_on_spot=True, settlement="当面道歉")
    accept(case, cast, at=MONDAY)
    call_back(case, by=cast.chen, at=MONDAY + MINUTE)
    assert fresh(case).status == "closed"
    close(cast.li, by=cast.root)
    closing.reopen(case.pk, reason="又坏了", by=cast.wang, at=MONDAY + 2 * HOUR)
    assert fresh(case).owner == cast.wang
    refused = InvalidReason.INQUIRY
    triage.reject(case.pk, reason=refused, note="咨询", by=cast.chen, at=MONDAY + 3 * HOUR)


def now_or_never() -> None:
    """As at the end of a transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("UPDATE staff_person SET is_active = false WHERE id = {li}", "person_leaves_no_open_case"),
        ("UPDATE staff_person SET role = 'admin' WHERE id = {li}", "person_leaves_no_open_case"),
        (
            "UPDATE complaints_complaint SET owner_id = {wang}",
            "complaint_owner_is_of_its_open_ownership",
        ),
        (
            "UPDATE complaints_ownership SET until = now()",
            "complaint_owner_is_of_its_open_ownership",
        ),
        (
            "UPDATE complaints_ownership SET person_id = {wang}",
            "complaint_owner_is_of_its_open_ownership",
        ),
        ("DELETE FROM complaints_ownership", "complaint_owner_is_of_its_open_ownership"),
        (
            "UPDATE complaints_ownership SET person_id = {root};"
            " UPDATE complaints_complaint SET owner_id = {root}",
            "complaint_open_has_an_active_owner",
        ),
    ],
)
def test_the_database_holds_it_too(
    cast: Cast, register: Register, statement: str, name: str
) -> None:
    register()
    now_or_never()
    ids = {"li": cast.li.pk, "wang": cast.wang.pk, "root": cast.root.pk}
    with pytest.raises(IntegrityError, match=name):
        break_it(statement.format(**ids))


@transaction.atomic
def break_it(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
    now_or_never()


def test_who_owns_cases_is_not_made_an_administrator(cast: Cast, register: Register) -> None:
    case = register()
    assert not people.is_free_to_leave(cast.li)
    assert is_active(cast.li)
    closing.withdraw(case.pk, said_by="本人", note="来电", by=cast.li, at=MONDAY)
    assert people.is_free_to_leave(cast.li)
    assert is_active(cast.li)


def test_headquarters_keeps_somebody_who_leads(cast: Cast, register: Register) -> None:
    case = register(by=cast.gao)
    for person in (cast.chen, cast.lin):
        close(person, by=cast.root)
    with pytest.raises(Conflict) as last:
        close(cast.gao, by=cast.root, hand_up=True)
    assert last.value.code == "absence.nobody_left"
    assert fresh(case).owner == cast.gao
    Person.objects.filter(pk=cast.gao.pk).update(branch=cast.wuxi)
    others = Person.objects.filter(role=Role.SUPERVISOR)
    others.update(is_active=False)
    with pytest.raises(RuleBroken) as alone:
        close(Person.objects.get(pk=cast.gao.pk), by=cast.root, hand_up=True)
    assert alone.value.code == "nobody_left"


def test_an_account_opened_by_a_clock_that_is_behind_goes_on_where_its_last_post_ended(
    cast: Cast,
) -> None:
    departures.close_account(cast.zhao, hand_up=False, by=cast.root, at=MONDAY + HOUR)
    departures.open_account(cast.zhao, by=cast.root, at=MONDAY)
    held = Post.objects.get(person=cast.zhao, is_current=True)
    assert held.since == MONDAY + HOUR
