"""The outcome is the same pure function of stored times in Python and in SQL."""

from __future__ import annotations

import os
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from complaints.models import Clock, ClockKind, MetAs
from complaints.outcome import Outcome, outcome, outcome_sql
from tests.complaints.scenes import HOUR, MINUTE, clock
from tests.conftest import MONDAY, Cast, Register

#: EXAMPLES=5000 tries more than an ordinary run.
EXAMPLES = int(os.environ.get("EXAMPLES", "300"))
DUE = MONDAY + HOUR

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
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(ended=ends, at=times, forfeited=st.booleans())
@example(ended=(MONDAY + HOUR, "met", None), at=MONDAY, forfeited=False)
@example(ended=(MONDAY + HOUR, "met", None), at=MONDAY + HOUR, forfeited=True)
@example(ended=(None, "", None), at=MONDAY + HOUR, forfeited=False)
@example(ended=(None, "", MONDAY + HOUR), at=MONDAY + 2 * HOUR, forfeited=True)
def test_python_and_sql_agree_over_any_times(
    cast: Cast,
    register: Register,
    ended: tuple[datetime | None, str, datetime | None],
    at: datetime,
    forfeited: bool,
) -> None:
    kind = ClockKind.SHEET if forfeited else ClockKind.APOLOGY
    row = Clock.objects.filter(kind=kind).first() or clock(register(), kind)
    shift = row.due_at - DUE  # the times lie around the due time of the 1H
    met_at, met_as, voided_at = ended
    Clock.objects.filter(pk=row.pk).update(
        met_at=met_at and met_at + shift,
        met_as=met_as,
        voided_at=voided_at and voided_at + shift,
        forfeited_at=row.started_at if forfeited else None,
        next_at=None,
    )
    stored = Clock.objects.annotate(said=outcome_sql(at + shift)).get(pk=row.pk)
    assert outcome(stored, at + shift) == stored.said


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


@pytest.mark.parametrize(
    ("met_at", "voided_at", "at", "expected"),
    [
        (None, None, DUE, Outcome.RUNNING),
        (DUE - MINUTE, None, DUE, Outcome.RUNNING),  # what met it was refused for good
        (DUE - MINUTE, None, DUE + MINUTE, Outcome.BREACHED),
        (None, DUE, DUE + MINUTE, Outcome.NOT_APPLICABLE),
        (None, DUE + MINUTE, DUE + HOUR, Outcome.BREACHED),
    ],
)
def test_a_forfeited_clock_is_breached_from_its_due_time_on(
    met_at: datetime | None, voided_at: datetime | None, at: datetime, expected: str
) -> None:
    row = Clock(
        due_at=DUE, met_at=met_at, met_as="met" if met_at else "", voided_at=voided_at,
        forfeited_at=DUE - HOUR,
    )  # fmt: skip
    assert outcome(row, at) == expected
