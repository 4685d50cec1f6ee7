"""The ladder: who is told when, each step once, however the sweeps run."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.errors import Conflict, NotAllowed
from complaints import acknowledgement, escalation
from complaints.escalation import catch_up, sweep
from complaints.models import (
    Clock,
    ClockKind,
    Complaint,
    Escalation,
    Event,
    Policy,
    PolicyClock,
    PolicyState,
    PolicyStep,
    Severity,
)
from notify.models import Message
from staff import people
from staff.models import Person, Role
from tests.complaints.scenes import HOUR, MINUTE, accept, apologise, clock, rule
from tests.conftest import MONDAY, Cast, Register

#: (clock, minutes from receipt, level, who is told) — `docs/domain.md` section 3, case of Li.
LADDER = [
    ("apology", 30, 0, {"li"}),
    ("apology", 48, 0, {"li", "wang"}),
    ("apology", 60, 1, {"wang"}),
    ("apology", 90, 2, {"chen", "lin"}),
    ("apology", 180, 3, {"gao"}),
    ("result", 12 * 60, 0, {"li"}),
    ("result", 18 * 60, 0, {"li", "wang"}),
    ("result", 24 * 60, 1, {"wang", "chen"}),
    ("result", 28 * 60, 2, {"lin"}),
    ("result", 48 * 60, 3, {"gao"}),
    ("sheet", 24 * 60, 0, {"chen"}),  # nobody ruled yet: whoever has to rule
    ("sheet", 40 * 60, 0, {"chen", "wang"}),
    ("sheet", 48 * 60, 1, {"wang", "chen"}),
    ("sheet", 72 * 60, 2, {"lin"}),
    ("sheet", 120 * 60, 3, {"gao"}),
    ("callback", 48 * 60, 0, {"chen"}),
    ("callback", 66 * 60, 0, {"chen", "wang"}),
    ("callback", 72 * 60, 1, {"lin"}),
    ("callback", 96 * 60, 2, {"gao"}),
]
THE_END = 121 * HOUR


def taken(case: Complaint) -> list[tuple[str, int, int, set[str]]]:
    names = dict(Person.objects.values_list("pk", "username"))
    rows = Escalation.objects.filter(complaint=case).select_related("clock")
    return sorted(
        (
            row.clock.kind,
            int((row.rang_at - MONDAY) / MINUTE),
            row.level,
            {names[pk] for pk in row.recipient_ids},
        )
        for row in rows
    )


@pytest.mark.parametrize(("kind", "minute", "level", "told"), LADDER)
def test_each_step_comes_at_its_minute_to_its_people(
    cast: Cast, register: Register, kind: str, minute: int, level: int, told: set[str]
) -> None:
    case = register()
    sweep(until=MONDAY + minute * MINUTE - timedelta(microseconds=1))
    assert (kind, minute, level, told) not in taken(case)
    sweep(until=MONDAY + minute * MINUTE)
    assert (kind, minute, level, told) in taken(case)
    row = Escalation.objects.get(clock__kind=kind, rang_at=MONDAY + minute * MINUTE)
    key = f"clock:{row.clock_id}:{row.step}"
    heard = Message.objects.filter(key=key).values_list("recipient__username", flat=True)
    assert sorted(heard) == sorted(told)


def test_the_whole_ladder_and_nothing_else(cast: Cast, register: Register) -> None:
    case = register()
    sweep(until=MONDAY + THE_END)
    assert taken(case) == sorted(LADDER)
    assert not Clock.objects.filter(next_at__isnull=False).exists()


def test_the_sheets_steps_go_to_the_rectifier_and_the_responsible_branch(
    cast: Cast, register: Register
) -> None:
    case = register()
    accept(case, cast, at=MONDAY)
    rule(case, cast, at=MONDAY, person=cast.zhao)
    sweep(until=MONDAY + THE_END)
    assert [step for step in taken(case) if step[0] == "sheet"] == [
        ("sheet", 24 * 60, 0, {"zhao"}),
        ("sheet", 40 * 60, 0, {"zhao", "ma"}),
        ("sheet", 48 * 60, 1, {"ma", "chen"}),
        ("sheet", 72 * 60, 2, {"lin"}),
        ("sheet", 120 * 60, 3, {"gao"}),
    ]


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(minutes=st.lists(st.integers(0, 130 * 60), max_size=6))
def test_whenever_the_sweeps_run_the_same_steps_are_taken_once(
    cast: Cast, register: Register, minutes: list[int]
) -> None:
    with transaction.atomic():
        case = register()
        for minute in minutes:  # in any order: a slow machine's clock may lag
            sweep(until=MONDAY + minute * MINUTE)
        sweep(until=MONDAY + 130 * HOUR)
        for found, planned in zip(taken(case), sorted(LADDER), strict=True):
            # a level nobody acknowledged rises sooner than its own moment, never later
            assert (found[0], found[2:]) == (planned[0], planned[2:])
            assert found[1] == planned[1] or (found[1] < planned[1] and found[2] > 1)
        steps = Escalation.objects.filter(complaint=case)
        assert steps.values("clock", "step").distinct().count() == steps.count()
        assert all(row.fired_at >= row.rang_at for row in steps)
        told = sum(len(row.recipient_ids) for row in steps)
        clocks = Clock.objects.filter(complaint=case).values_list("pk", flat=True)
        keys = [f"clock:{pk}:{number}" for pk in clocks for number in range(5)]
        assert Message.objects.filter(key__in=keys).count() == told
        transaction.set_rollback(True)


def test_sweeping_again_takes_nothing(cast: Cast, register: Register) -> None:
    register()
    assert sweep(until=MONDAY + 2 * HOUR) == 4
    counted = (Escalation.objects.count(), Event.objects.count(), Message.objects.count())
    assert sweep(until=MONDAY + 2 * HOUR) == 0
    assert sweep(until=MONDAY) == 0
    assert counted == (
        Escalation.objects.count(), Event.objects.count(), Message.objects.count(),
    )  # fmt: skip


def test_after_six_dark_hours_every_step_is_made_good(cast: Cast, register: Register) -> None:
    case = register()
    sweep(until=MONDAY + 20 * MINUTE)
    sweep(until=MONDAY + 6 * HOUR + 20 * MINUTE)
    rows = Escalation.objects.filter(complaint=case).order_by("rang_at")
    assert [int((row.rang_at - MONDAY) / MINUTE) for row in rows] == [30, 48, 60, 90, 180]
    assert {row.fired_at for row in rows} == {MONDAY + 6 * HOUR + 20 * MINUTE}
    events = Event.objects.filter(complaint=case).exclude(kind="register")
    assert [(event.kind, event.actor_id, event.data["level"]) for event in events] == [
        ("warn", None, 0), ("warn", None, 0),
        ("escalate", None, 1), ("escalate", None, 2), ("escalate", None, 3),
    ]  # fmt: skip


def test_a_critical_case_is_at_level_two_from_its_first_minute(
    cast: Cast, register: Register
) -> None:
    case = register(severity=Severity.CRITICAL)
    assert taken(case) == [("apology", 0, 2, {"chen", "lin"})]
    sweep(until=MONDAY + 12 * HOUR - MINUTE)  # nobody has acknowledged level 2 within two hours
    assert taken(case) == [("apology", 0, 2, {"chen", "lin"}), ("apology", 120, 3, {"gao"})]
    sweep(until=MONDAY + THE_END)
    rest = [step for step in LADDER if step[0] != "apology"]
    assert [step for step in taken(case) if step[0] != "apology"] == sorted(rest)


def test_a_critical_case_settled_on_the_spot_is_told_of_all_the_same(
    cast: Cast, register: Register
) -> None:
    case = register(
        severity=Severity.CRITICAL,
        settled_on_spot=True,
        settlement="当场赔付",
        received_at=MONDAY - 5 * HOUR,
    )
    assert taken(case) == [("apology", -300, 2, {"chen", "lin"})]
    assert Escalation.objects.get().fired_at == MONDAY


def test_an_anonymous_critical_case_is_told_of_through_its_sheet(
    cast: Cast, register: Register
) -> None:
    case = register(severity=Severity.CRITICAL, anonymous=True)
    assert taken(case) == [("sheet", 0, 2, {"lin"})]
    sweep(until=MONDAY + THE_END)
    assert taken(case) == [
        ("sheet", 0, 2, {"lin"}),
        ("sheet", 2 * 60, 3, {"gao"}),
        ("sheet", 24 * 60, 0, {"chen"}),
        ("sheet", 40 * 60, 0, {"chen", "wang"}),
        ("sheet", 48 * 60, 1, {"wang", "chen"}),
    ]


VACANT = [
    ({"wang"}, 1, {"xu"}),
    ({"wang", "xu"}, 1, {"chen"}),
    ({"wang", "xu", "chen"}, 1, {"lin"}),
    ({"wang", "xu", "chen", "lin"}, 1, {"gao"}),
    ({"chen"}, 2, {"lin"}),
    ({"lin"}, 2, {"chen", "gao"}),
    ({"chen", "lin"}, 2, {"gao"}),
    ({"gao"}, 3, {"lin"}),  # nobody is left above: the highest post that is held
    ({"gao", "lin", "chen"}, 3, {"wang"}),
]


@pytest.mark.parametrize(("gone", "level", "told"), VACANT)
def test_a_vacant_post_passes_to_the_next_one_up(
    cast: Cast, register: Register, gone: set[str], level: int, told: set[str]
) -> None:
    case = register()
    Person.objects.filter(username__in=gone).update(is_active=False)
    sweep(until=MONDAY + 3 * HOUR)
    found = [step[3] for step in taken(case) if step[:1] == ("apology",) and step[2] == level]
    assert found == [told]


def test_two_holders_of_a_post_are_both_told(cast: Cast, register: Register) -> None:
    people.hire("wu", name="吴", role=Role.SUPERVISOR, branch=cast.wuxi, password=None)
    case = register()
    sweep(until=MONDAY + HOUR)
    assert ("apology", 60, 1, {"wang", "wu"}) in taken(case)


def test_an_owner_who_is_the_supervisor_too_hears_a_step_once(
    cast: Cast, register: Register
) -> None:
    case = register(by=cast.wang)
    sweep(until=MONDAY + HOUR)
    row = Escalation.objects.get(complaint=case, step=1)
    assert row.recipient_ids == [cast.wang.pk]
    assert Message.objects.filter(recipient=cast.wang).count() == 3


def test_a_batch_takes_so_many_cases_and_the_next_one_the_rest(
    cast: Cast, register: Register
) -> None:
    for _ in range(5):
        register()
    assert [sweep(until=MONDAY + 30 * MINUTE, batch=2) for _ in range(4)] == [2, 2, 1, 0]


def test_however_many_apologies_are_due_the_others_have_their_turn(
    cast: Cast, register: Register
) -> None:
    case = register(received_at=MONDAY - MINUTE)
    apologise(case, by=cast.li, at=MONDAY)
    for _ in range(3):
        register()
    sweep(until=MONDAY + 13 * HOUR, batch=1)
    assert [step[0] for step in taken(case)] == ["result"]


def test_catching_up_ends_though_more_keeps_coming(cast: Cast, register: Register) -> None:
    for _ in range(3):
        register()
    moments = iter([MONDAY + 30 * MINUTE, MONDAY + 60 * MINUTE, MONDAY + 90 * MINUTE])
    assert catch_up(lambda: next(moments)) == 3
    assert next(moments) == MONDAY + 60 * MINUTE


def test_catching_up_goes_on_while_a_round_was_full(cast: Cast, register: Register) -> None:
    for _ in range(5):
        register()
    assert catch_up(lambda: MONDAY + 30 * MINUTE, batch=2) == 5


def test_whoever_acts_on_an_overdue_case_fires_its_breach_first(
    cast: Cast, register: Register
) -> None:
    case = register()
    apologise(case, by=cast.li, at=MONDAY + 70 * MINUTE)
    kinds = list(Event.objects.filter(complaint=case).values_list("kind", flat=True))
    assert kinds == ["register", "warn", "warn", "escalate", "record_contact"]
    assert Escalation.objects.filter(complaint=case, level=1).count() == 1
    assert clock(case, ClockKind.APOLOGY).next_at is None


def test_a_deed_that_is_refused_fires_nothing(cast: Cast, register: Register) -> None:
    case = register()
    with pytest.raises(Complaint.DoesNotExist):
        apologise(case, by=cast.zhao, at=MONDAY + 70 * MINUTE)
    with pytest.raises(NotAllowed):
        accept(case, _only(cast, chen=cast.li), at=MONDAY + 70 * MINUTE)
    assert not Escalation.objects.exists()


def _only(cast: Cast, **people: Person) -> Cast:
    return Cast(**{**vars(cast), **people})


def test_a_case_keeps_the_policy_it_was_received_under(cast: Cast, register: Register) -> None:
    old = register()
    strict = Policy.objects.create(version=2)
    hurry = PolicyClock.objects.create(policy=strict, kind=ClockKind.APOLOGY, minutes=10)
    # numbered out of their order in time: still each once, in time's order
    PolicyStep.objects.create(
        clock=hurry, number=0, level=1, offset_minutes=0, roles=[Role.DIRECTOR]
    )
    PolicyStep.objects.create(clock=hurry, number=1, level=0, offset_minutes=-5, tells_debtor=True)
    strict.state, strict.effective_from = PolicyState.APPROVED, MONDAY + MINUTE
    strict.save(update_fields=["state", "effective_from"])
    new = register(at=MONDAY + MINUTE)
    assert [each.kind for each in new.clocks.all()] == ["apology"]
    assert new.clocks.get().policy_clock == hurry
    sweep(until=MONDAY + 6 * MINUTE)
    assert taken(new) == [("apology", 6, 0, {"li"})]
    sweep(until=MONDAY + 20 * MINUTE)
    assert taken(new) == [("apology", 6, 0, {"li"}), ("apology", 11, 1, {"lin"})]
    assert taken(old) == []
    assert clock(old, ClockKind.APOLOGY).due_at == MONDAY + HOUR


def test_a_clock_to_look_at_that_has_no_steps_stops_no_sweep(
    cast: Cast, register: Register
) -> None:
    silent = PolicyClock.objects.create(
        policy=Policy.objects.create(version=9), kind=ClockKind.RESUBMISSION, minutes=60
    )
    case = register()
    times = {"started_at": MONDAY, "due_at": MONDAY + HOUR, "original_due_at": MONDAY + HOUR}
    Clock.objects.create(
        complaint=case, round=1, kind=silent.kind, policy_clock=silent, next_at=MONDAY, **times
    )
    assert sweep(until=MONDAY + 13 * HOUR) == 6  # the apology's ladder, the result's warning
    assert sweep(until=MONDAY + 13 * HOUR) == 0
    assert clock(case, ClockKind.RESUBMISSION).next_at is None


def test_fifty_due_cases_cost_no_more_statements_than_one(cast: Cast, register: Register) -> None:
    register()
    with CaptureQueriesContext(
        connection,
    ) as one:
        assert sweep(until=MONDAY + 31 * MINUTE) == 1
    for _ in range(50):
        register()
    with CaptureQueriesContext(connection) as many:
        assert sweep(until=MONDAY + 31 * MINUTE) == 50
    assert (len(one), len(many)) == (12, 13)  # one more: fifty notes to one person are a digest


def test_a_sweep_with_nothing_due_is_one_statement(cast: Cast, register: Register) -> None:
    register()
    with CaptureQueriesContext(connection) as idle:
        assert sweep(until=MONDAY) == 0
    assert len([query for query in idle if "SAVEPOINT" not in query["sql"]]) == 1


def test_messages_say_what_is_due_when_in_chinese(cast: Cast, register: Register) -> None:
    case = register()
    with translation.override("en"):  # whatever language the one who acts has chosen
        sweep(until=MONDAY + 3 * HOUR)
    with translation.override("zh-hans"):
        said = [str(message) for message in Message.objects.order_by("pk")]
    due = "11-16 13:00"
    assert said == [
        f"{case.no} 的致歉时限将于 {due} 到期",
        f"{case.no} 的致歉时限将于 {due} 到期",
        f"{case.no} 的致歉时限将于 {due} 到期",
        f"{case.no} 的致歉已超时（一级升级），应于 {due} 完成",
        f"{case.no} 的致歉二级升级，应于 {due} 完成",
        f"{case.no} 的致歉二级升级，应于 {due} 完成",
        f"{case.no} 的致歉三级升级，应于 {due} 完成",
    ]
    assert {message.url for message in Message.objects.all()} == {f"/complaints/{case.no}/"}
    assert {m.urgent for m in Message.objects.filter(recipient=cast.gao)} == {True}
    assert {m.urgent for m in Message.objects.filter(recipient=cast.li)} == {False}


def level_one(case: Complaint) -> Escalation:
    sweep(until=MONDAY + HOUR)
    return Escalation.objects.get(complaint=case, level=1)


@pytest.mark.parametrize("who", ["wang", "xu", "chen", "lin", "gao"])
def test_an_escalation_is_acknowledged_once_by_those_above(
    cast: Cast, register: Register, who: str
) -> None:
    case = register()
    raised = level_one(case)
    by, at = getattr(cast, who), MONDAY + 65 * MINUTE
    done = acknowledgement.acknowledge(raised.pk, note=" 已联系 ", by=by, at=at)
    assert (done.acknowledged_by, done.acknowledged_at) == (by, at)
    event = Event.objects.filter(complaint=case).last()
    assert event is not None
    assert (event.kind, event.actor_id, event.data) == (
        "acknowledge", by.pk, {"clock": "apology", "level": 1, "note": "已联系"},
    )  # fmt: skip
    with pytest.raises(Conflict) as refused:
        acknowledgement.acknowledge(raised.pk, note="", by=cast.lin, at=at)
    assert refused.value.code == "already_acknowledged"


def test_a_warning_wants_no_acknowledgement(cast: Cast, register: Register) -> None:
    case = register()
    sweep(until=MONDAY + 30 * MINUTE)
    with pytest.raises(Conflict) as refused:
        acknowledgement.acknowledge(
            Escalation.objects.get(complaint=case).pk, note="", by=cast.wang, at=MONDAY + HOUR
        )
    assert refused.value.code == "nothing_to_acknowledge"


@pytest.mark.parametrize(
    ("who", "error"),
    [
        ("li", NotAllowed),
        ("zhao", Complaint.DoesNotExist),
        ("ma", Complaint.DoesNotExist),
        ("root", Complaint.DoesNotExist),
    ],
)
def test_the_front_line_and_strangers_acknowledge_nothing(
    cast: Cast, register: Register, who: str, error: type[Exception]
) -> None:
    raised = level_one(register())
    with pytest.raises(error):
        acknowledgement.acknowledge(
            raised.pk, note="", by=getattr(cast, who), at=MONDAY + 65 * MINUTE
        )
    raised.refresh_from_db()
    assert raised.acknowledged_at is None


def test_fire_takes_only_the_cases_it_is_given(cast: Cast, register: Register) -> None:
    mine, other = register(), register()
    assert escalation.fire(mine, until=MONDAY + HOUR) == 3
    assert taken(other) == []
