"""A mass incident: one sheet, one result text, and each customer's own clocks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from common import walls
from common.errors import Conflict, NotAllowed, RuleBroken
from complaints import bulk_contacts, incidents
from complaints.contacts import Talk
from complaints.incidents import Cause
from complaints.models import (
    Clock,
    ClockKind,
    Complaint,
    Contact,
    ContactKind,
    Event,
    Incident,
    IncidentMember,
    Means,
    Severity,
)
from complaints.outcome import Outcome, outcome
from complaints.selectors import owed_by
from quality import sheets
from staff.eyes import eyes_of
from staff.models import Person
from tests.complaints import scenes
from tests.complaints.scenes import HOUR, MINUTE, accept, clock, fresh, rule, submit
from tests.conftest import MONDAY, Cast, Register

SOON = MONDAY + 20 * MINUTE


def cause(cast: Cast, **words: Any) -> Cause:
    usual = {"title": "兰州冷库停电", "cause": "停电六小时，冷链货变质。"}
    return Cause(**{**usual, **words}, category=cast.late_goods, branch=cast.lanzhou)


def grouped(cast: Cast, cases: list[Complaint], *, at: datetime = SOON, lead: str = "") -> Incident:
    numbers = [case.no for case in cases]
    return incidents.gather(cause(cast), numbers, by=cast.chen, at=at, lead=lead)[0]


@pytest.fixture
def five(cast: Cast, register: Register) -> list[Complaint]:
    """Two of Wuxi, three of Lanzhou; the first is ruled to Lanzhou."""
    cases = [register(by=by) for by in (cast.li, cast.li, cast.zhao, cast.zhao, cast.zhao)]
    accept(cases[0], cast, at=MONDAY + 5 * MINUTE)
    rule(cases[0], cast, at=MONDAY + 6 * MINUTE)
    return cases


def sheet_outcomes(cases: list[Complaint], at: datetime) -> list[Outcome]:
    return [outcome(clock(case, ClockKind.SHEET), at) for case in cases]


def test_grouping_leaves_each_case_its_owner_its_status_and_its_clocks(
    cast: Cast, five: list[Complaint]
) -> None:
    before = list(Clock.objects.order_by("pk").values())
    incident, went = incidents.gather(
        cause(cast), [case.no for case in five], by=cast.chen, at=SOON
    )
    assert [each.broken for each in went] == [None] * 5
    assert incident.no == f"QS2611-{int(incident.no[-4:]):04d}"
    assert incident.lead == five[0]  # the earliest that has a rectifier
    assert list(Clock.objects.order_by("pk").values()) == before
    for case in five:
        assert (fresh(case).status, fresh(case).owner) == (
            ("handling" if case == five[0] else "triage"),
            case.owner,
        )
        told = Event.objects.get(complaint=case, kind="join_incident")
        assert (told.actor, told.data) == (
            cast.chen, {"incident": incident.no, "title": "兰州冷库停电"},
        )  # fmt: skip


def test_those_that_cannot_join_are_said_and_bar_no_other(
    cast: Cast, five: list[Complaint], register: Register
) -> None:
    invalid, other = register(by=cast.li), register(by=cast.li)
    scenes.reject(invalid, cast, at=SOON)
    first = grouped(cast, five[3:])
    numbers = [five[0].no, invalid.no, five[3].no, "TS2611-0000000-0", other.no, five[0].no.lower()]
    second, went = incidents.gather(cause(cast), numbers, by=cast.chen, at=SOON)
    assert [(each.no, each.broken and each.broken.code) for each in went] == [
        (five[0].no, None), (invalid.no, "wrong_status"), (five[3].no, "incident.member"),
        ("TS2611-0000000-0", "not_found"), (other.no, None),
    ]  # fmt: skip
    assert str(next(e.broken for e in went if e.no == five[3].no)) == f"已归入群诉 {first.no}。"
    assert second.members.count() == 2


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ({"title": " "}, "title.blank"),
        ({"cause": "\n"}, "cause.blank"),
        ({"title": "长" * 121}, "text.too_long"),
        ({"title": "a\x00"}, "text.nul"),
    ],
)
def test_what_the_cases_have_in_common_must_be_said(
    cast: Cast, five: list[Complaint], words: dict[str, str], code: str
) -> None:
    with pytest.raises(RuleBroken) as broken:
        incidents.gather(cause(cast, **words), [c.no for c in five], by=cast.chen, at=SOON)
    assert broken.value.code == code
    assert not Incident.objects.exists()


def test_one_case_is_no_incident(cast: Cast, five: list[Complaint]) -> None:
    with pytest.raises(RuleBroken) as few:
        grouped(cast, five[:1])
    with pytest.raises(RuleBroken) as none:
        grouped(cast, [])
    assert (few.value.code, none.value.code) == ("cases.few", "cases.none")
    with pytest.raises(RuleBroken) as unknown:
        grouped(cast, five[:3], lead=five[4].no)
    assert unknown.value.code == "lead.unknown"


@pytest.mark.parametrize("username", ["li", "wang", "xu", "ma", "root"])
def test_only_quality_and_above_group_lead_answer_and_end(
    cast: Cast, five: list[Complaint], username: str
) -> None:
    person: Person = getattr(cast, username)
    incident = grouped(cast, five[:3])
    deeds = [
        lambda: incidents.gather(cause(cast), [c.no for c in five], by=person, at=SOON),
        lambda: incidents.join(incident.pk, [five[3].no], by=person, at=SOON),
        lambda: incidents.leave(incident.pk, five[1].no, reason="x", by=person, at=SOON),
        lambda: incidents.set_lead(incident.pk, five[1].no, by=person, at=SOON),
        lambda: incidents.answer(incident.pk, result="x", by=person, at=SOON),
        lambda: incidents.close(incident.pk, by=person, at=SOON),
    ]
    for deed in deeds:
        with pytest.raises(NotAllowed):
            deed()
    assert Incident.objects.get().members.active().count() == 3


def test_the_database_allows_a_case_one_incident(cast: Cast, five: list[Complaint]) -> None:
    incident = grouped(cast, five[:2])
    with pytest.raises(IntegrityError), transaction.atomic():
        IncidentMember.objects.create(
            incident=incident, complaint=five[0], round=1, joined_by=cast.chen, joined_at=SOON
        )


# The one sheet


def test_the_leading_cases_sheet_meets_the_48h_of_every_member_at_its_own_time(
    cast: Cast, five: list[Complaint]
) -> None:
    incident = grouped(cast, five)
    at = MONDAY + 47 * HOUR
    sheet = submit(five[0], by=cast.ma, at=at)
    for case in five:
        own = clock(case, ClockKind.SHEET)
        assert (own.met_at, own.met_as, own.next_at) == (at, "met", None)
        assert clock(case, ClockKind.APOLOGY).met_at is None
    assert sheet_outcomes(five, at + 9 * HOUR) == [Outcome.MET] * 5
    told = Event.objects.filter(kind="lead_incident", data__no=sheet.no)
    assert sorted(told.values_list("complaint_id", flat=True)) == [c.pk for c in five[1:]]
    assert set(
        incident.members.exclude(complaint=five[0]).values_list("covered_at", flat=True)
    ) == {at}


@pytest.mark.parametrize(
    ("after", "expected"), [(48 * HOUR, Outcome.MET), (48 * HOUR + MINUTE, Outcome.BREACHED)]
)
def test_a_late_sheet_is_late_for_everyone(
    cast: Cast, five: list[Complaint], after: Any, expected: Outcome
) -> None:
    grouped(cast, five)
    submit(five[0], by=cast.ma, at=MONDAY + after)
    assert sheet_outcomes(five, MONDAY + 90 * HOUR) == [expected] * 5


@pytest.mark.parametrize(
    ("joins", "expected"), [(47 * HOUR, Outcome.MET), (49 * HOUR, Outcome.BREACHED)]
)
def test_joining_after_the_sheet_counts_from_the_joining_and_takes_no_breach_away(
    cast: Cast, five: list[Complaint], joins: Any, expected: Outcome
) -> None:
    incident = grouped(cast, five[:4])
    submit(five[0], by=cast.ma, at=MONDAY + 10 * HOUR)
    incidents.join(incident.pk, [five[4].no], by=cast.chen, at=MONDAY + joins)
    own = clock(five[4], ClockKind.SHEET)
    assert own.met_at == MONDAY + joins
    assert outcome(own, MONDAY + 90 * HOUR) == expected


def test_a_member_writes_no_sheet_of_its_own_and_owes_none_on_the_desk(
    cast: Cast, five: list[Complaint]
) -> None:
    for case in five[1:3]:
        accept(case, cast, at=SOON)
        rule(case, cast, at=SOON)
    assert owed_by(cast.ma).filter(kind=ClockKind.SHEET).count() == 3
    grouped(cast, five)
    assert [c.complaint for c in owed_by(cast.ma).filter(kind=ClockKind.SHEET)] == [five[0]]
    for deed in (
        lambda: submit(five[1], by=cast.ma, at=SOON),
        lambda: sheets.waive(five[1].pk, reason="x", by=cast.chen, at=SOON),
    ):
        with pytest.raises(Conflict) as refused:
            deed()
        assert refused.value.code == "incident.one_sheet"


def test_a_second_return_breaches_every_member(cast: Cast, five: list[Complaint]) -> None:
    grouped(cast, five)
    for hour in (10, 20):
        submit(five[0], by=cast.ma, at=MONDAY + hour * HOUR)
        sheets.send_back(
            five[0].pk, opinion="不够具体", by=cast.chen, at=MONDAY + (hour + 1) * HOUR
        )
        expected = Outcome.MET if hour == 10 else Outcome.BREACHED
        assert sheet_outcomes(five, MONDAY + 90 * HOUR) == [expected] * 5


def test_verification_and_waiver_close_every_member_inside(
    cast: Cast, five: list[Complaint]
) -> None:
    grouped(cast, five[:2])
    submit(five[0], by=cast.ma, at=MONDAY + HOUR)
    sheets.verify(five[0].pk, opinion="属实", by=cast.chen, at=MONDAY + 2 * HOUR)
    assert {fresh(case).closed_inside_at for case in five[:2]} == {MONDAY + 2 * HOUR}
    grouped(cast, five[2:])
    accept(five[2], cast, at=MONDAY + HOUR)
    sheets.waive(five[2].pk, reason="不可抗力", by=cast.chen, at=MONDAY + 3 * HOUR)
    assert sheet_outcomes(five[2:], MONDAY + 90 * HOUR) == [Outcome.NOT_APPLICABLE] * 3
    assert {fresh(case).closed_inside_at for case in five[2:]} == {MONDAY + 3 * HOUR}


def test_whoever_leaves_owes_the_sheet_again_from_its_own_due_time(
    cast: Cast, five: list[Complaint]
) -> None:
    incident = grouped(cast, five)
    submit(five[0], by=cast.ma, at=MONDAY + HOUR)
    sheets.verify(five[0].pk, opinion="属实", by=cast.chen, at=MONDAY + 2 * HOUR)
    at = MONDAY + 3 * HOUR
    incidents.leave(incident.pk, five[1].no, reason="另有原因", by=cast.chen, at=at)
    own = clock(five[1], ClockKind.SHEET)
    assert (own.met_at, own.met_as, own.due_at) == (None, "", MONDAY + 48 * HOUR)
    assert own.next_at == MONDAY + 24 * HOUR
    assert fresh(five[1]).closed_inside_at is None
    assert clock(five[2], ClockKind.SHEET).met_at == MONDAY + HOUR
    again = grouped(cast, [five[1], _loner(cast, five)], at=at)
    assert again.members.active().filter(complaint=five[1]).exists()


def _loner(cast: Cast, five: list[Complaint]) -> Complaint:
    """The fifth, which leaves too."""
    incident = Incident.objects.get()
    incidents.leave(incident.pk, five[4].no, reason="另有原因", by=cast.chen, at=MONDAY + 3 * HOUR)
    return five[4]


def test_the_lead_stays_until_another_leads_and_changes_only_before_the_sheet(
    cast: Cast, five: list[Complaint]
) -> None:
    incident = grouped(cast, five)
    with pytest.raises(Conflict) as lead:
        incidents.leave(incident.pk, five[0].no, reason="x", by=cast.chen, at=SOON)
    assert lead.value.code == "incident.lead"
    incidents.set_lead(incident.pk, five[1].no, by=cast.chen, at=SOON)
    accept(five[1], cast, at=SOON)
    rule(five[1], cast, at=SOON)
    incidents.leave(incident.pk, five[0].no, reason="另有原因", by=cast.chen, at=SOON)
    submit(five[1], by=cast.ma, at=MONDAY + HOUR)
    assert clock(five[0], ClockKind.SHEET).met_at is None
    assert clock(five[4], ClockKind.SHEET).met_at == MONDAY + HOUR
    with pytest.raises(Conflict) as written:
        incidents.set_lead(incident.pk, five[2].no, by=cast.chen, at=SOON)
    assert written.value.code == "incident.sheet_written"


def test_a_customer_who_is_still_dissatisfied_gets_a_round_and_a_sheet_of_their_own(
    cast: Cast, five: list[Complaint]
) -> None:
    grouped(cast, five)
    submit(five[0], by=cast.ma, at=MONDAY + HOUR)
    accept(five[1], cast, at=MONDAY + HOUR)
    rule(five[1], cast, at=MONDAY + HOUR)
    scenes.answer(five[1], by=cast.li, at=MONDAY + 2 * HOUR)
    scenes.call_back(
        five[1], by=cast.chen, at=MONDAY + 3 * HOUR, satisfied=False, solved=False, said="没解决"
    )
    assert clock(five[1], ClockKind.SHEET, round=2).met_at is None
    sheet = submit(five[1], by=cast.ma, at=MONDAY + 4 * HOUR)
    assert (sheet.complaint, sheet.round) == (five[1], 2)
    assert clock(five[2], ClockKind.SHEET).met_at == MONDAY + HOUR


def test_it_ends_once_its_result_is_written(cast: Cast, five: list[Complaint]) -> None:
    incident = grouped(cast, five[:3])
    with pytest.raises(RuleBroken) as blank:
        incidents.close(incident.pk, by=cast.chen, at=SOON)
    assert blank.value.code == "result.blank"
    incidents.answer(incident.pk, result="全额退运费，货按价赔。", by=cast.chen, at=SOON)
    ended = incidents.close(incident.pk, by=cast.lin, at=SOON)
    assert (ended.state, ended.closed_by) == ("closed", cast.lin)
    for deed in (
        lambda: incidents.join(incident.pk, [five[3].no], by=cast.chen, at=SOON),
        lambda: incidents.close(incident.pk, by=cast.chen, at=SOON),
    ):
        with pytest.raises(Conflict) as refused:
            deed()
        assert refused.value.code == "incident.closed"
    story = Event.objects.filter(complaint=five[0], kind="lead_incident")
    assert [event.data["note"] for event in story.order_by("pk")] == [
        "全额退运费，货按价赔。", "群诉结束",
    ]  # fmt: skip


def test_the_sheet_of_an_ended_incident_is_still_owed_by_whoever_leads_and_cases_may_leave(
    cast: Cast, five: list[Complaint]
) -> None:
    incident = grouped(cast, five)
    incidents.answer(incident.pk, result="全额退运费。", by=cast.chen, at=SOON)
    incidents.close(incident.pk, by=cast.chen, at=SOON)
    for case in five[1:3]:
        accept(case, cast, at=SOON)
        rule(case, cast, at=SOON)
    scenes.answer(five[0], by=cast.li, at=MONDAY + HOUR)
    scenes.call_back(
        five[0], by=cast.chen, at=MONDAY + HOUR, satisfied=False, solved=False, said="没解决"
    )
    incidents.leave(incident.pk, five[1].no, reason="另有原因", by=cast.chen, at=MONDAY + HOUR)
    submit(five[1], by=cast.ma, at=MONDAY + 2 * HOUR)
    assert clock(five[2], ClockKind.SHEET).met_at is None
    incidents.set_lead(incident.pk, five[2].no, by=cast.chen, at=MONDAY + 2 * HOUR)
    submit(five[2], by=cast.ma, at=MONDAY + 3 * HOUR)
    assert {clock(case, ClockKind.SHEET).met_at for case in five[2:]} == {MONDAY + 3 * HOUR}


# Bulk contacts


def bulk(
    incident: Incident, told: dict[Complaint, bool], *, by: Person, at: datetime = SOON, **said: Any
) -> dict[str, str | None]:
    usual = {"kind": ContactKind.APOLOGY, "means": Means.PHONE, "said": "对不起，给您添麻烦了。"}
    key = said.pop("key", None)
    went = bulk_contacts.record(
        incident.pk, Talk(**{**usual, **said}), {c.no: yes for c, yes in told.items()}, by=by,
        at=at, key=key,
    )  # fmt: skip
    return {each.no: each.broken and each.broken.code for each in went}


def test_each_customer_has_their_own_delivery_result_and_their_own_clock(
    cast: Cast, five: list[Complaint]
) -> None:
    incident = grouped(cast, five)
    told = {five[0]: True, five[1]: True, five[2]: False}
    assert set(bulk(incident, told, by=cast.chen).values()) == {None}
    assert [clock(c, ClockKind.APOLOGY).met_at for c in five] == [SOON, SOON, None, None, None]
    assert list(
        Contact.objects.order_by("complaint_id").values_list("complaint_id", "reached", "by")
    ) == [(c.pk, yes, cast.chen.pk) for c, yes in told.items()]
    event = Event.objects.get(complaint=five[2], kind="record_contact")
    assert (event.data["incident"], event.data["reached"]) == (incident.no, False)


@pytest.mark.parametrize("means", [Means.SMS, Means.MAIL])
@pytest.mark.parametrize("kind", [ContactKind.APOLOGY, ContactKind.RESULT])
def test_an_automatic_message_is_no_apology_and_no_result(
    cast: Cast, five: list[Complaint], kind: ContactKind, means: Means
) -> None:
    incident = grouped(cast, five)
    with pytest.raises(RuleBroken) as refused:
        bulk(incident, dict.fromkeys(five, True), by=cast.chen, kind=kind, means=means)
    assert (refused.value.code, refused.value.field) == ("bulk.not_human", "means")
    told = dict.fromkeys(five, True)
    assert set(bulk(incident, told, by=cast.chen, kind="progress", means=means).values()) == {None}
    assert not Clock.objects.exclude(met_at=None).exists()


def test_one_bad_member_bars_no_other_and_each_is_told_why(
    cast: Cast, five: list[Complaint], register: Register
) -> None:
    silent = register(by=cast.li, complainant_phone="")
    nobody = register(by=cast.li, anonymous=True, complainant_name="", complainant_phone="")
    later = register(by=cast.li, at=MONDAY + 15 * MINUTE)
    stranger = five[4]
    incident = grouped(cast, [*five[:4], silent, nobody, later])
    scenes.reject(five[3], cast, at=SOON)
    told = dict.fromkeys([*five, silent, nobody, later], True)
    said = bulk(incident, told, by=cast.chen, occurred_at=MONDAY + 10 * MINUTE)
    assert said == {
        **dict.fromkeys([five[0].no, five[1].no, five[2].no]), five[3].no: "wrong_status",
        stranger.no: "incident.not_member", silent.no: "bulk.no_phone",
        nobody.no: "bulk.anonymous", later.no: "occurred_at.before_receipt",
    }  # fmt: skip
    assert Contact.objects.count() == 3


def test_the_result_leads_each_case_on_as_one_told_alone_would(
    cast: Cast, five: list[Complaint]
) -> None:
    for case in five[1:]:
        accept(case, cast, at=SOON)
    incident = grouped(cast, five)
    at = MONDAY + 23 * HOUR
    told = {**dict.fromkeys(five[:4], True), five[4]: False}
    bulk(incident, told, by=cast.chen, at=at, kind=ContactKind.RESULT, said="已全额退款。")
    assert [fresh(c).status for c in five] == ["answered"] * 4 + ["handling"]
    assert [outcome(clock(c, ClockKind.RESULT), at) for c in five[:4]] == [Outcome.MET] * 4
    event = Event.objects.get(complaint=five[1], kind="record_contact")
    assert event.data["changes"] == {"status": ["handling", "answered"]}


def test_a_breach_is_fired_before_the_late_deed_hides_it(cast: Cast, five: list[Complaint]) -> None:
    incident = grouped(cast, five)
    bulk(incident, dict.fromkeys(five, True), by=cast.chen, at=MONDAY + 2 * HOUR)
    for case in five:
        assert Event.objects.filter(complaint=case, kind="escalate").exists()
        assert outcome(clock(case, ClockKind.APOLOGY), MONDAY + 3 * HOUR) == Outcome.BREACHED


def test_the_same_press_counts_once(cast: Cast, five: list[Complaint]) -> None:
    incident = grouped(cast, five)
    bulk(incident, dict.fromkeys(five, True), by=cast.chen, key="press")
    with pytest.raises(Conflict) as again:
        bulk(incident, dict.fromkeys(five, True), by=cast.chen, key="press")
    assert again.value.code == "already_done"
    assert Contact.objects.count() == 5


def test_each_branch_tells_its_own_customers(cast: Cast, five: list[Complaint]) -> None:
    incident = grouped(cast, five)
    with walls.eyes(eyes_of(cast.li)):
        said = bulk(incident, dict.fromkeys(five, True), by=cast.li)
    assert list(said.values()) == [None, None, "not_found", "not_found", "not_found"]


def test_a_hundred_cost_hardly_more_statements_than_ten(
    cast: Cast, register: Register, django_assert_max_num_queries: Any
) -> None:
    cases = [register(by=cast.li) for _ in range(100)]
    for case in cases:
        accept(case, cast, at=SOON)
    with django_assert_max_num_queries(25):
        incident = grouped(cast, cases)
    with django_assert_max_num_queries(35):
        bulk(incident, dict.fromkeys(cases, True), by=cast.chen, kind=ContactKind.RESULT)
    assert Contact.objects.count() == 100


def test_severe_cases_join_as_well(cast: Cast, register: Register) -> None:
    cases = [register(by=cast.li, severity=Severity.CRITICAL) for _ in range(2)]
    assert grouped(cast, cases).members.count() == 2


# Who sees it


@pytest.mark.parametrize(
    ("username", "seen"),
    [("li", 1), ("wang", 1), ("xu", 1), ("zhao", 2), ("chen", 2), ("gao", 2), ("root", 0)],
)
def test_an_incident_is_seen_by_whoever_sees_one_of_its_cases_with_either_wall(
    cast: Cast, five: list[Complaint], username: str, seen: int
) -> None:
    grouped(cast, five[:3])
    grouped(cast, five[3:])
    person: Person = getattr(cast, username)
    first = set(incidents.visible_incidents(person))
    with walls.eyes(eyes_of(person)):
        second = set(Incident.objects.all())
    assert first == second
    assert len(first) == seen


def test_the_rectifier_submits_for_members_out_of_their_sight(
    cast: Cast, five: list[Complaint]
) -> None:
    grouped(cast, five)
    with walls.eyes(eyes_of(cast.ma)):
        submit(five[0], by=cast.ma, at=MONDAY + HOUR)
        assert not Complaint.objects.filter(pk=five[1].pk).exists()
    assert sheet_outcomes(five, MONDAY + 90 * HOUR) == [Outcome.MET] * 5
