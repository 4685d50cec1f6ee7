"""Policies: drafted, checked, approved, never changed; and each case under the right one."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Min
from django.db.utils import DatabaseError

from common.errors import Conflict, NotAllowed, RuleBroken
from complaints import policies, policy_drafts
from complaints.acknowledgement import acknowledge
from complaints.escalation import sweep
from complaints.models import (
    Channel,
    Clock,
    ClockKind,
    Escalation,
    Policy,
    PolicyState,
    Severity,
)
from complaints.policy_checks import check
from complaints.policy_drafts import Length, Step, content
from complaints.preview import Course, preview
from notify.models import Message
from staff import branches
from staff.models import Calendar, Person, Role
from tests.complaints.scenes import HOUR, MINUTE, clock
from tests.complaints.test_races import at_once, codes, done
from tests.conftest import MONDAY, Cast, Register

#: A Friday, 17:40 in Shanghai.
FRIDAY = datetime.fromisoformat("2026-11-20T17:40:00+08:00")
HOURS = 60
STAFF = ["li", "wang", "xu", "chen", "lin", "gao", "root"]


@pytest.fixture
def first(cast: Cast) -> Policy:
    return Policy.objects.get()


@pytest.fixture
def draft(cast: Cast, first: Policy) -> Policy:
    return policy_drafts.draft(first, by=cast.chen, at=MONDAY)


def length(policy: Policy, kind: str) -> Length:
    """What the policy says of this clock in general."""
    return next(each for each in content(policy) if (each.kind, each.severity) == (kind, ""))


def rewrite(policy: Policy, cast: Cast, *more: Length, **changed: Length | None) -> Policy:
    """The draft with other lengths for some kinds (None: without it), and with more of them."""
    kept = [changed.get(each.kind, each) for each in content(policy)]
    lengths = [each for each in kept if each] + list(more)
    return policy_drafts.save(policy.pk, lengths, "改", by=cast.chen, at=MONDAY)


def approve(policy: Policy, cast: Cast, start: datetime = MONDAY) -> Policy:
    return policy_drafts.approve(policy.pk, effective_from=start, by=cast.lin, at=MONDAY)


# Drafting


def test_a_draft_has_the_next_number_and_the_same_content(cast: Cast, first: Policy) -> None:
    made = policy_drafts.draft(first, by=cast.chen, at=MONDAY)
    assert (made.version, made.state, made.effective_from) == (2, "draft", None)
    assert (made.drafted_by, made.drafted_at, made.approved_by) == (cast.chen, MONDAY, None)
    assert content(made) == content(first)
    assert {each.kind for each in content(made)} == set(ClockKind.values)


@pytest.mark.parametrize("who", STAFF)
def test_quality_and_above_draft_directors_and_above_approve(
    cast: Cast, first: Policy, who: str
) -> None:
    person = getattr(cast, who)
    may_draft, may_approve = who in ("chen", "lin", "gao"), who in ("lin", "gao")
    if may_draft:
        policy_drafts.draft(first, by=person, at=MONDAY)
    else:
        with pytest.raises(NotAllowed):
            policy_drafts.draft(first, by=person, at=MONDAY)
        policy_drafts.draft(first, by=cast.chen, at=MONDAY)
    draft = Policy.objects.get(state=PolicyState.DRAFT)
    deeds: list[Any] = [
        lambda: policy_drafts.save(draft.pk, content(draft), "好", by=person, at=MONDAY),
        lambda: policy_drafts.reset(draft.pk, first, by=person, at=MONDAY),
        lambda: policy_drafts.submit(draft.pk, by=person, at=MONDAY),
    ]
    for deed in deeds:
        if may_draft:
            deed()
        else:
            with pytest.raises(NotAllowed):
                deed()
    if may_approve:
        assert policy_drafts.approve(draft.pk, by=person, at=MONDAY).approved_by == person
    else:
        with pytest.raises(NotAllowed):
            policy_drafts.approve(draft.pk, by=person, at=MONDAY)


def test_there_is_one_open_draft_at_a_time(cast: Cast, first: Policy, draft: Policy) -> None:
    with pytest.raises(Conflict) as refused:
        policy_drafts.draft(first, by=cast.lin, at=MONDAY)
    assert refused.value.code == "draft.open"
    approve(draft, cast)
    assert policy_drafts.draft(first, by=cast.lin, at=MONDAY).version == 3


def test_saving_replaces_what_the_draft_says_with_its_steps_in_time(
    cast: Cast, draft: Policy
) -> None:
    steps = (
        Step(2, 2 * HOURS, roles=("director",)),
        Step(1, 0, roles=("supervisor",)),
        Step(0, -20, tells_debtor=True),
    )
    vip = Length("apology", 40, steps, severity="major", channel="p12345")
    saved = rewrite(draft, cast, vip, apology=Length("apology", 90, steps))
    assert saved.note == "改"
    rows = {(row.severity, row.channel): row for row in saved.clocks.filter(kind="apology")}
    assert {place: row.minutes for place, row in rows.items()} == {
        ("", ""): 90, ("major", "p12345"): 40,
    }  # fmt: skip
    told = list(rows["", ""].steps.values_list("number", "level", "offset_minutes", "roles"))
    assert told == [(0, 0, -20, []), (1, 1, 0, ["supervisor"]), (2, 2, 120, ["director"])]
    assert saved.clocks.count() == 6


UNSTORABLE: list[tuple[str, dict[str, Any]]] = [
    ("row.length", {"minutes": 0}),
    ("row.length", {"minutes": 90 * 24 * HOURS + 1}),
    ("step.offset", {"steps": (Step(0, 0, roles=("quality",)),)}),
    ("step.offset", {"steps": (Step(1, -1, roles=("quality",)),)}),
    ("step.offset", {"steps": (Step(1, 90 * 24 * HOURS + 1, roles=("quality",)),)}),
    ("step.level", {"steps": (Step(1, 0), Step(1, 5))}),
    ("step.level", {"steps": (Step(4, 0),)}),
    ("step.many", {"steps": tuple(Step(0, -n) for n in range(1, 8))}),
]


@pytest.mark.parametrize(("code", "change"), UNSTORABLE)
def test_what_the_tables_cannot_hold_is_refused_in_a_sentence(
    cast: Cast, draft: Policy, code: str, change: dict[str, Any]
) -> None:
    before = content(draft)
    with pytest.raises(RuleBroken) as refused:
        rewrite(draft, cast, apology=replace(length(draft, "apology"), **change))
    assert refused.value.code == code
    assert content(draft) == before


def test_one_row_for_a_kind_of_case_and_twenty_in_all(cast: Cast, draft: Policy) -> None:
    with pytest.raises(RuleBroken) as refused:
        rewrite(draft, cast, length(draft, "apology"))
    assert refused.value.code == "row.twice"
    usual = length(draft, "apology")
    many = [
        replace(usual, severity=severity, channel=channel)
        for severity in Severity.values for channel in Channel.values
    ]  # fmt: skip
    rewrite(draft, cast, *many[:15])
    with pytest.raises(RuleBroken) as refused:
        policy_drafts.save(draft.pk, [*content(draft), many[15]], "", by=cast.chen, at=MONDAY)
    assert refused.value.code == "row.many"


def test_nobody_writes_over_nor_approves_what_they_have_not_seen(cast: Cast, draft: Policy) -> None:
    mine = [replace(each, minutes=each.minutes + 1) for each in content(draft)]
    policy_drafts.save(
        draft.pk, mine, "甲", by=cast.chen, at=MONDAY + MINUTE, seen=draft.drafted_at
    )
    theirs = [replace(each, minutes=each.minutes + 2) for each in content(draft)]
    with pytest.raises(Conflict) as refused:
        policy_drafts.save(
            draft.pk, theirs, "乙", by=cast.lin, at=MONDAY + HOUR, seen=draft.drafted_at
        )
    assert refused.value.code == "draft.changed"
    assert "陈洁" in refused.value.message
    with pytest.raises(Conflict):
        policy_drafts.approve(draft.pk, by=cast.lin, at=MONDAY + HOUR, seen=draft.drafted_at)
    draft.refresh_from_db()
    assert (draft.note, draft.state) == ("甲", "draft")
    approved = policy_drafts.approve(draft.pk, by=cast.lin, at=MONDAY + HOUR, seen=MONDAY + MINUTE)
    assert approved.effective_from == MONDAY + HOUR


def test_the_same_form_sent_twice_is_written_once(cast: Cast, draft: Policy) -> None:
    mine = [replace(each, minutes=each.minutes + 1) for each in content(draft)]
    for minute in (1, 2):
        policy_drafts.save(
            draft.pk, mine, "改", by=cast.chen, at=MONDAY + minute * MINUTE, seen=MONDAY
        )
    draft.refresh_from_db()
    assert draft.drafted_at == MONDAY + MINUTE


def test_a_draft_that_went_wrong_is_written_anew(cast: Cast, first: Policy, draft: Policy) -> None:
    rewrite(draft, cast, apology=None, result=None)
    policy_drafts.reset(draft.pk, first, by=cast.lin, at=MONDAY + HOUR)
    draft.refresh_from_db()
    assert content(draft) == content(first)
    assert (draft.drafted_by, draft.drafted_at) == (cast.lin, MONDAY + HOUR)


# Asking for approval


def test_the_directors_hear_of_one_content_once(cast: Cast, draft: Policy) -> None:
    for minute in (1, 2):
        told = policy_drafts.submit(draft.pk, by=cast.chen, at=MONDAY + minute * MINUTE)
        assert told == [cast.lin]
    message = Message.objects.get()
    assert (message.recipient, message.url) == (cast.lin, "/policies/2/")
    assert message.text % message.params == "时限策略 V2 已起草，陈洁提请批准"
    rewrite(draft, cast, apology=replace(length(draft, "apology"), minutes=50))
    Policy.objects.filter(pk=draft.pk).update(drafted_at=MONDAY + HOUR)
    policy_drafts.submit(draft.pk, by=cast.chen, at=MONDAY + HOUR)
    assert Message.objects.count() == 2


def test_without_directors_the_general_manager_is_asked(cast: Cast, draft: Policy) -> None:
    Person.objects.filter(pk=cast.lin.pk).update(is_active=False)
    assert policy_drafts.submit(draft.pk, by=cast.chen, at=MONDAY) == [cast.gao]
    Person.objects.filter(pk=cast.gao.pk).update(is_active=False)
    with pytest.raises(Conflict) as refused:
        policy_drafts.submit(draft.pk, by=cast.chen, at=MONDAY)
    assert refused.value.code == "approver.none"


# What may be approved


def test_the_first_policy_and_its_copy_are_sound(first: Policy, draft: Policy) -> None:
    assert check(first) == check(draft) == []


WARNING, ONE, TWO, THREE = (
    Step(0, -30, tells_debtor=True),
    Step(1, 0, roles=("supervisor",)),
    Step(2, 30, roles=("director",)),
    Step(3, 120, roles=("gm",)),
)
#: code, number of the step at fault, and the ladder of an apology clock of 60 minutes.
FAULTY: list[tuple[str, int | None, tuple[Step, ...]]] = [
    ("level.none", None, ()),
    ("level.none", None, (WARNING,)),
    ("level.gap", None, (WARNING, TWO)),
    ("level.gap", None, (ONE, THREE)),
    ("level.critical", None, (WARNING, ONE)),
    ("level.early", 0, (replace(TWO, offset_minutes=10), replace(ONE, offset_minutes=11))),
    ("warning.early", 0, (replace(WARNING, offset_minutes=-60), ONE, TWO)),
    ("warning.early", 0, (replace(WARNING, offset_minutes=-61), ONE, TWO)),
    ("step.nobody", 0, (replace(WARNING, tells_debtor=False), ONE, TWO)),
    ("step.nobody", 1, (WARNING, replace(ONE, roles=()), TWO)),
    ("step.nobody", 1, (WARNING, replace(ONE, roles=(), tells_debtor=True), TWO)),
    ("step.role", 0, (replace(ONE, roles=("admin",)), TWO)),
    ("step.role", 0, (replace(ONE, roles=("frontline", "supervisor")), TWO)),
]  # fmt: skip


@pytest.mark.parametrize(("code", "step", "ladder"), FAULTY)
def test_a_faulty_ladder_is_named_with_its_place_and_not_approved(
    cast: Cast, draft: Policy, code: str, step: int | None, ladder: tuple[Step, ...]
) -> None:
    rewrite(draft, cast, apology=Length("apology", 60, ladder))
    found = [(each.code, each.kind, each.step) for each in check(draft)]
    assert (code, "apology", step) in found
    assert {kind for _code, kind, _step in found} == {"apology"}
    with pytest.raises(RuleBroken) as refused:
        approve(draft, cast)
    assert refused.value.code == "policy.faulty"
    with pytest.raises(RuleBroken):
        policy_drafts.submit(draft.pk, by=cast.chen, at=MONDAY)
    assert Policy.objects.get(pk=draft.pk).state == PolicyState.DRAFT


SOUND: list[tuple[Step, ...]] = [
    (ONE, TWO),
    (WARNING, ONE, TWO, THREE),
    (replace(WARNING, offset_minutes=-59), ONE, TWO),
    (ONE, replace(TWO, offset_minutes=0)),
    (replace(WARNING, tells_debtor=False, roles=("quality",)), ONE, TWO),
    (ONE, replace(TWO, tells_debtor=True)),
]


@pytest.mark.parametrize("ladder", SOUND)
def test_a_sound_ladder_is_approved(cast: Cast, draft: Policy, ladder: tuple[Step, ...]) -> None:
    rewrite(draft, cast, apology=Length("apology", 60, ladder))
    assert check(draft) == []
    assert approve(draft, cast).state == PolicyState.APPROVED


@pytest.mark.parametrize("kind", ClockKind.values)
def test_every_kind_of_clock_needs_its_general_row(cast: Cast, draft: Policy, kind: str) -> None:
    special = replace(length(draft, kind), channel="p12345")
    rewrite(draft, cast, special, **{kind: None})
    assert [(each.code, each.kind) for each in check(draft)] == [("row.missing", kind)]


@pytest.mark.parametrize(
    ("kind", "severity", "channel", "faulty"),
    [
        ("apology", "critical", "", True),
        ("apology", "critical", "phone", True),
        ("apology", "", "phone", True),
        ("apology", "major", "", False),
        ("sheet", "critical", "", True),
        ("callback", "critical", "", False),
    ],
)
def test_a_ladder_for_critical_cases_has_a_level_two(
    cast: Cast, draft: Policy, kind: str, severity: str, channel: str, faulty: bool
) -> None:
    one_level = Length(kind, 60, (ONE,), severity, channel)
    rewrite(draft, cast, one_level)
    found = [(each.code, each.severity, each.channel) for each in check(draft)]
    assert found == ([("level.critical", severity, channel)] if faulty else [])


def test_a_row_that_never_holds_for_critical_cases_may_do_with_one_level(
    cast: Cast, draft: Policy
) -> None:
    critical = replace(length(draft, "apology"), severity="critical")
    general = replace(length(draft, "apology"), steps=(WARNING, ONE))
    rewrite(draft, cast, critical, replace(general, channel="phone"), apology=general)
    assert check(draft) == []


def test_a_ladder_that_reaches_nobody_in_some_branch_is_refused_by_name(
    cast: Cast, draft: Policy
) -> None:
    leading = [Role.QUALITY, Role.DIRECTOR, Role.GENERAL_MANAGER]
    Person.objects.filter(role__in=leading).update(is_active=False)
    found = check(draft)
    assert {each.code for each in found} == {"step.unreachable"}
    assert "西北平台" in found[0].message  # Lanzhou has a supervisor, the region above has none
    assert "兰州分公司" not in found[0].message
    Person.objects.filter(pk=cast.lin.pk).update(is_active=True)
    assert check(draft) == []


def test_where_nobody_holds_any_post_at_all_the_branches_are_counted(
    cast: Cast, draft: Policy
) -> None:
    Person.objects.update(is_active=False)
    levels = sum(bool(step.level) for each in content(draft) for step in each.steps)
    assert [each.code for each in check(draft)] == ["step.unreachable"] * levels
    assert "等 6 个机构" in check(draft)[0].message


# Approval


@pytest.mark.parametrize(
    ("start", "code"),
    [
        (-timedelta(microseconds=1), "effective_from.past"),
        (timedelta(0), None),
        (timedelta(days=730), None),
        (timedelta(days=730, microseconds=1), "effective_from.far"),
    ],
)
def test_a_policy_is_never_in_force_before_its_approval(
    cast: Cast, draft: Policy, start: timedelta, code: str | None
) -> None:
    if code is None:
        assert approve(draft, cast, MONDAY + start).effective_from == MONDAY + start
        return
    with pytest.raises(RuleBroken) as refused:
        approve(draft, cast, MONDAY + start)
    assert (refused.value.code, refused.value.field) == (code, "effective_from")


def test_an_approved_policy_is_not_changed_by_any_service(
    cast: Cast, first: Policy, draft: Policy
) -> None:
    approve(draft, cast)
    for deed in (
        lambda: policy_drafts.save(draft.pk, [], "", by=cast.chen, at=MONDAY),
        lambda: policy_drafts.reset(draft.pk, first, by=cast.chen, at=MONDAY),
        lambda: policy_drafts.submit(draft.pk, by=cast.chen, at=MONDAY),
        lambda: policy_drafts.approve(draft.pk, by=cast.lin, at=MONDAY),
    ):
        with pytest.raises(Conflict) as refused:
            deed()
        assert refused.value.code == "policy.approved"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE complaints_policy SET effective_from = effective_from - interval '1 day'",
        "UPDATE complaints_policy SET note = 'x'",
        "UPDATE complaints_policy SET state = 'draft', approved_at = NULL, approved_by_id = NULL",
        "UPDATE complaints_policyclock SET minutes = minutes + 1",
        "UPDATE complaints_policystep SET offset_minutes = offset_minutes + 1 WHERE level > 0",
        "DELETE FROM complaints_policystep",
        "INSERT INTO complaints_policyclock (policy_id, kind, minutes)"
        " SELECT id, 'other', 1 FROM complaints_policy",
        "INSERT INTO complaints_policy (version) VALUES (99);"
        "INSERT INTO complaints_policyclock (policy_id, kind, minutes)"
        " SELECT id, 'other', 1 FROM complaints_policy WHERE version = 99;"
        "UPDATE complaints_policyclock SET policy_id ="
        " (SELECT id FROM complaints_policy WHERE version = 1) WHERE kind = 'other'",
    ],
)
def test_the_database_refuses_to_change_an_approved_policy(
    cast: Cast, draft: Policy, statement: str
) -> None:
    approve(draft, cast)
    with (
        pytest.raises(DatabaseError, match="never changes"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


@pytest.mark.parametrize(
    ("received", "version"),
    [(-timedelta(microseconds=1), 1), (timedelta(0), 2), (timedelta(days=9), 2)],
)
def test_a_case_falls_under_the_policy_of_the_instant_it_was_received(
    cast: Cast, register: Register, draft: Policy, received: timedelta, version: int
) -> None:
    start = MONDAY + timedelta(days=2)
    rewrite(draft, cast, apology=replace(length(draft, "apology"), minutes=45))
    approve(draft, cast, start)
    case = register(at=MONDAY + timedelta(days=12), received_at=start + received, by=cast.chen)
    assert case.policy.version == version
    minutes = {1: 60, 2: 45}[version]
    assert clock(case, ClockKind.APOLOGY).due_at == start + received + minutes * MINUTE


def test_a_case_keeps_its_version(cast: Cast, register: Register, draft: Policy) -> None:
    case = register()
    rewrite(draft, cast, apology=replace(length(draft, "apology"), minutes=45))
    approve(draft, cast)
    sweep(until=MONDAY + 5 * HOUR)
    case.refresh_from_db()
    assert case.policy.version == 1
    assert clock(case, ClockKind.APOLOGY).due_at == MONDAY + HOUR


def test_of_two_that_are_approved_the_later_start_takes_over(
    cast: Cast, first: Policy, draft: Policy
) -> None:
    approve(draft, cast, MONDAY + timedelta(days=5))
    third = policy_drafts.draft(first, by=cast.chen, at=MONDAY)
    approve(third, cast, MONDAY + timedelta(days=2))
    days = [policies.in_force(MONDAY + timedelta(days=day)).version for day in (1, 2, 4, 5, 9)]
    assert days == [1, 3, 3, 2, 2]


def test_the_closest_row_counts(cast: Cast, register: Register, draft: Policy) -> None:
    usual = length(draft, "apology")
    special = [
        replace(usual, minutes=50, channel="p12345"),
        replace(usual, minutes=40, severity="major"),
        replace(usual, minutes=35, severity="major", channel="p12345"),
    ]
    approve(rewrite(draft, cast, *special), cast)
    expected = [
        (Severity.MINOR, Channel.PHONE, 60),
        (Severity.MINOR, Channel.P12345, 50),
        (Severity.MAJOR, Channel.PHONE, 40),
        (Severity.MAJOR, Channel.P12345, 35),
    ]
    for severity, channel, minutes in expected:
        case = register(severity=severity, channel=channel)
        assert clock(case, ClockKind.APOLOGY).due_at == MONDAY + minutes * MINUTE
        assert clock(case, ClockKind.RESULT).due_at == MONDAY + 24 * HOUR


# Many at once


@pytest.mark.django_db(transaction=True)
@pytest.mark.xdist_group("races")
def test_of_two_approvals_at_once_one_wins(cast: Cast, draft: Policy) -> None:
    def by(person: Person, days: int) -> Any:
        start = MONDAY + timedelta(days=days)
        return lambda: policy_drafts.approve(draft.pk, effective_from=start, by=person, at=MONDAY)

    results = at_once([by(cast.lin, 1), by(cast.gao, 2)] * 3)
    assert codes(results) == ["policy.approved"] * 5
    [winner] = done(results)
    kept = Policy.objects.get(pk=draft.pk)
    assert (kept.approved_by, kept.effective_from) == (winner.approved_by, winner.effective_from)


@pytest.mark.django_db(transaction=True)
@pytest.mark.xdist_group("races")
def test_of_many_drafts_at_once_one_is_made(cast: Cast, first: Policy) -> None:
    results = at_once([lambda: policy_drafts.draft(first, by=cast.chen, at=MONDAY)] * 6)
    assert codes(results) == ["draft.open"] * 5
    assert [policy.version for policy in done(results)] == [2]


@pytest.mark.django_db(transaction=True)
@pytest.mark.xdist_group("races")
def test_a_draft_is_saved_or_approved_but_not_both_unseen(cast: Cast, draft: Policy) -> None:
    mine = [replace(each, minutes=each.minutes + 1) for each in content(draft)]

    def save() -> Policy:
        return policy_drafts.save(draft.pk, mine, "", by=cast.chen, at=MONDAY + MINUTE, seen=MONDAY)

    def approve_it() -> Policy:
        return policy_drafts.approve(draft.pk, by=cast.lin, at=MONDAY + MINUTE, seen=MONDAY)

    results = at_once([save, approve_it])
    assert len(done(results)) == 1
    assert codes(results) in (["policy.approved"], ["draft.changed"])


# The preview


def told(courses: list[Course], owner: Person) -> list[tuple[str, datetime, int, tuple[int, ...]]]:
    return sorted(
        (
            course.kind.value,
            alarm.at,
            alarm.level,
            tuple(
                dict.fromkeys(
                    [*([owner.pk] if alarm.tells_owner else []), *(p.pk for p in alarm.people)]
                )
            ),
        )
        for course in courses
        for alarm in course.alarms
    )


def taken() -> list[tuple[str, datetime, int, tuple[int, ...]]]:
    return sorted(
        (row.clock.kind, row.rang_at, row.level, tuple(row.recipient_ids))
        for row in Escalation.objects.select_related("clock")
    )


CASES: list[dict[str, Any]] = [
    {},
    {"severity": Severity.CRITICAL},
    {"severity": Severity.CRITICAL, "anonymous": True, "complainant_name": ""},
    {"anonymous": True},
    {"channel": Channel.P12345},
]


@pytest.mark.parametrize("said", CASES)
@pytest.mark.parametrize("owner", ["li", "wang", "zhao"])
def test_the_preview_is_what_the_sweep_then_does(
    cast: Cast, register: Register, draft: Policy, said: dict[str, Any], owner: str
) -> None:
    """With hours of service, a row for one channel, and vacant posts."""
    calendar = Calendar.objects.create(name="白班", weekly="mon-fri 09:00-17:30")
    cast.wuxi.calendar = calendar
    branches.save(cast.wuxi)
    Person.objects.filter(pk=cast.ma.pk).update(is_active=False)
    special = replace(length(draft, "apology"), minutes=50, channel="p12345")
    policy = approve(rewrite(draft, cast, special), cast)
    person: Person = getattr(cast, owner)
    asked = {"severity": Severity.MINOR, "channel": Channel.PHONE, **said}
    courses = preview(
        policy,
        received_at=FRIDAY,
        branch=person.branch,
        severity=asked["severity"],
        channel=asked["channel"],
        anonymous=asked.get("anonymous", False),
    )
    case = register(by=person, at=FRIDAY, **said)
    for raised in Escalation.objects.filter(level__gt=0):  # a critical one, at once
        acknowledge(raised.pk, note="", by=cast.lin, at=FRIDAY)
    sweep(until=FRIDAY + timedelta(days=30))
    assert told(courses, person) == taken()
    assert taken()
    running = Clock.objects.filter(complaint=case, voided_at=None)
    assert {(c.kind, c.started_at, c.due_at) for c in courses} == set(
        running.values_list("kind", "started_at", "due_at")
    )


@pytest.mark.parametrize("said", CASES)
def test_the_preview_knows_what_rises_when_nobody_acknowledges(
    cast: Cast, register: Register, first: Policy, said: dict[str, Any]
) -> None:
    courses = preview(
        first,
        received_at=FRIDAY,
        branch=cast.wuxi,
        severity=said.get("severity", Severity.MINOR),
        channel=said.get("channel", Channel.PHONE),
        anonymous=said.get("anonymous", False),
    )
    register(at=FRIDAY, **said)
    while ring := Clock.objects.aggregate(next=Min("next_at"))["next"]:
        sweep(until=ring)
    expected = {
        (course.kind.value, alarm.level, alarm.sooner_at)
        for course in courses
        for alarm in course.alarms
        if alarm.level
    }
    rows = Escalation.objects.filter(level__gt=0).values_list("clock__kind", "level", "rang_at")
    assert set(rows) == expected
    assert any(alarm.sooner_at < alarm.at for course in courses for alarm in course.alarms)


def test_on_friday_evening_the_apology_waits_for_monday_morning(cast: Cast, first: Policy) -> None:
    cast.wuxi.calendar = Calendar.objects.create(name="白班", weekly="mon-fri 09:00-17:30")
    branches.save(cast.wuxi)
    asked: dict[str, Any] = {"received_at": FRIDAY, "branch": cast.wuxi, "channel": Channel.PHONE}
    starts = {
        severity: {c.kind: c.started_at for c in preview(first, severity=severity, **asked)}
        for severity in (Severity.MINOR, Severity.CRITICAL)
    }
    monday = datetime.fromisoformat("2026-11-23T09:00:00+08:00")
    assert starts[Severity.MINOR][ClockKind.APOLOGY] == monday
    assert starts[Severity.MINOR][ClockKind.RESULT] == FRIDAY
    assert starts[Severity.CRITICAL][ClockKind.APOLOGY] == FRIDAY


def test_a_preview_stores_nothing(cast: Cast, draft: Policy) -> None:
    preview(draft, received_at=FRIDAY, branch=cast.suzhou, severity="critical", channel="phone")
    assert not Clock.objects.exists()
    assert not Escalation.objects.exists()
