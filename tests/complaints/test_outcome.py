"""The outcome is the same pure function of stored times in Python and in SQL."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from complaints.models import Clock, ClockKind, MetAs
from complaints.outcome import Outcome, outcome, outcome_sql
from tests.complaints.scenes import HOUR, MINUTE, clock
from tests.conftest import MONDAY, Cast, Register

times = st.one_of(
    st.integers(-300, 300).map(lambda minutes: MONDAY + minutes * MINUTE),
    st.integers(-5, 5).map(lambda tick: MONDAY + HOUR + timedelta(microseconds=tick)),
)
#: What the constraints allow: running, met in one of three ways, or made void.
ends = st.one_of(
    st.just((None, "", None)),
    st.tuples(times, st.sampled_from([how.value for how in MetAs]), st.none()),
    st.tuples(st.none(), st.just(""), times),
)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(ended=ends, at=times)
@example(ended=(MONDAY + HOUR, "met", None), at=MONDAY)
@example(ended=(None, "", None), at=MONDAY + HOUR)
@example(ended=(None, "", MONDAY + HOUR), at=MONDAY + 2 * HOUR)
def test_python_and_sql_agree_over_any_times(
    cast: Cast,
    register: Register,
    ended: tuple[datetime | None, str, datetime | None],
    at: datetime,
) -> None:
    row = Clock.objects.filter(kind=ClockKind.APOLOGY).first() or clock(
        register(), ClockKind.APOLOGY
    )
    met_at, met_as, voided_at = ended
    Clock.objects.filter(pk=row.pk).update(
        met_at=met_at, met_as=met_as, voided_at=voided_at, next_at=None
    )
    stored = Clock.objects.annotate(said=outcome_sql(at)).get(pk=row.pk)
    assert outcome(stored, at) == stored.said


DUE = MONDAY + HOUR


@pytest.mark.parametrize(
    ("met_at", "met_as", "voided_at", "at", "expected"),
    [
        (None, "", None, DUE, Outcome.RUNNING),
        (None, "", None, DUE + MINUTE, Outcome.BREACHED),
        (DUE, "met", None, DUE + HOUR, Outcome.MET),
        (DUE, "attempted", None, DUE + HOUR, Outcome.ATTEMPTED),
        (DUE, "unreachable", None, DUE + HOUR, Outcome.UNREACHABLE),
        (DUE + MINUTE, "attempted", None, DUE + HOUR, Outcome.BREACHED),
        (DUE + MINUTE, "met", None, DUE - HOUR, Outcome.BREACHED),
        (None, "", DUE, DUE + HOUR, Outcome.NOT_APPLICABLE),
        (None, "", DUE + MINUTE, DUE + HOUR, Outcome.BREACHED),
    ],
)
def test_what_each_combination_of_times_means(
    met_at: datetime | None, met_as: str, voided_at: datetime | None, at: datetime, expected: str
) -> None:
    row = Clock(due_at=DUE, met_at=met_at, met_as=met_as, voided_at=voided_at)
    assert outcome(row, at) == expected


@settings(max_examples=200, deadline=None)
@given(at=times, later=st.integers(0, 600), ended=ends)
def test_once_breached_always_breached(
    at: datetime, later: int, ended: tuple[datetime | None, str, datetime | None]
) -> None:
    met_at, met_as, voided_at = ended
    row = Clock(due_at=DUE, met_at=met_at, met_as=met_as, voided_at=voided_at)
    if outcome(row, at) == Outcome.BREACHED:
        assert outcome(row, at + later * MINUTE) == Outcome.BREACHED
