"""The ladder's arithmetic is the same in Python and in SQL, and what the sweep does is what it
says."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from complaints import ladder
from complaints.escalation import sweep
from complaints.models import (
    Clock,
    ClockKind,
    Escalation,
    Policy,
    PolicyClock,
    PolicyStep,
    Severity,
)
from tests.complaints.scenes import HOUR, MINUTE, clock
from tests.conftest import MONDAY, Cast, Register

steps = st.lists(
    st.tuples(st.integers(0, 3), st.integers(-90, 300)).map(
        lambda pair: (pair[0], -abs(pair[1]) - 1 if pair[0] == 0 else abs(pair[1]))
    ),
    max_size=6,
    unique_by=lambda pair: (pair[0], pair[1] if pair[0] == 0 else 0),
)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    steps=steps,
    rises=st.booleans(),
    kind=st.sampled_from([ClockKind.APOLOGY, ClockKind.SHEET]),
    shifted=st.integers(0, 120),
)
def test_python_and_sql_agree_on_every_moment(
    cast: Cast,
    register: Register,
    steps: list[tuple[int, int]],
    rises: bool,
    kind: ClockKind,
    shifted: int,
) -> None:
    row = Clock.objects.filter(kind=kind).first() or clock(register(), kind)
    length = PolicyClock.objects.create(
        policy=Policy.objects.get_or_create(version=2)[0],
        kind=kind,
        minutes=60,
        channel=str(PolicyClock.objects.count()),
    )
    for number, (level, offset) in enumerate(steps):
        PolicyStep.objects.create(clock=length, number=number, level=level, offset_minutes=offset)
    row.rises, row.due_at = rises, row.original_due_at + shifted * MINUTE
    row.save(update_fields=["rises", "due_at"])
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT step.number, {ladder.MOMENT_SQL}"  # noqa: S608  (the statement under test)
            " FROM complaints_clock AS clock,"
            " complaints_policystep AS step WHERE clock.id = %s AND step.clock_id = %s"
            f" AND NOT {ladder.FALLS_AWAY_SQL}",
            [row.pk, length.pk],
        )
        in_sql = dict(cursor.fetchall())
    rings = ladder.rings(row, list(length.steps.all()))
    assert {ring.step.number: ring.at for ring in rings} == in_sql


@pytest.mark.parametrize("severity", Severity)
@pytest.mark.parametrize("anonymous", [False, True])
def test_the_sweep_takes_the_rings_at_the_moments_the_ladder_names(
    cast: Cast, register: Register, severity: Severity, anonymous: bool
) -> None:
    case = register(severity=severity, anonymous=anonymous)
    Escalation.objects.update(acknowledged_at=MONDAY)  # nothing rises by itself
    Clock.objects.update(rise_at=None)
    planned = {
        (row.kind, ring.step.number): ring.at
        for row in Clock.objects.filter(complaint=case, voided_at=None)
        for ring in ladder.rings(row, list(row.policy_clock.steps.all()))
    }
    sweep(until=MONDAY + 200 * HOUR)
    taken = Escalation.objects.values_list("clock__kind", "step", "rang_at")
    assert {(kind, step): at for kind, step, at in taken} == planned


def test_a_clock_waits_for_its_first_step_not_taken(cast: Cast, register: Register) -> None:
    row = clock(register(), ClockKind.APOLOGY)
    all_steps = list(row.policy_clock.steps.all())
    assert ladder.next_at(row, all_steps, ()) == MONDAY + 30 * MINUTE
    assert ladder.next_at(row, all_steps, {0, 1}) == MONDAY + HOUR
    assert ladder.next_at(row, all_steps, range(5)) is None
    row.level, row.rise_at = 1, MONDAY + 80 * MINUTE
    assert ladder.next_at(row, all_steps, {0, 1, 2}) == MONDAY + 80 * MINUTE
    row.level = 3
    assert ladder.next_at(row, all_steps, range(5)) is None


def test_moved_on_a_due_time_takes_its_steps_along(cast: Cast, register: Register) -> None:
    row = clock(register(), ClockKind.RESULT)
    before = [ring.at for ring in ladder.rings(row, list(row.policy_clock.steps.all()))]
    row.due_at += 5 * HOUR
    after = [ring.at for ring in ladder.rings(row, list(row.policy_clock.steps.all()))]
    assert [late - early for early, late in zip(before, after, strict=True)] == [
        timedelta(hours=5)
    ] * 5
