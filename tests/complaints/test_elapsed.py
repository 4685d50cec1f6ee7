"""How long a clock has run: raw, and net of its pauses; pure arithmetic without a database."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from complaints import elapsed
from complaints.models import Allowance, AllowanceKind, AllowanceState, Clock
from tests.complaints.scenes import HOUR, MINUTE
from tests.conftest import MONDAY

INSTANT = timedelta(microseconds=1)


def clock(*, met: float | None = None, voided: float | None = None) -> Clock:
    """Started on Monday, ended so many hours later."""
    return Clock(
        started_at=MONDAY,
        met_at=None if met is None else MONDAY + met * HOUR,
        voided_at=None if voided is None else MONDAY + voided * HOUR,
    )


def pause(since: float, hours: float, *, resumed: float | None = None) -> Allowance:
    return Allowance(
        kind=AllowanceKind.PAUSE,
        state=AllowanceState.GRANTED,
        decided_at=MONDAY + since * HOUR,
        minutes=round(hours * 60),
        resumed_at=None if resumed is None else MONDAY + resumed * HOUR,
    )


NO_PAUSES = [
    Allowance(kind="extension", state="granted", decided_at=MONDAY, minutes=600),
    Allowance(kind="pause", state="asked", minutes=600),
    Allowance(kind="pause", state="refused", decided_at=MONDAY, minutes=600),
]


@pytest.mark.parametrize(
    ("ran", "pauses", "at", "raw", "net"),
    [
        (clock(), [], 5, 5, 5),
        (clock(), [], -1, 0, 0),
        (clock(met=3), [], 9, 3, 3),
        (clock(voided=4), [], 9, 4, 4),
        (clock(), [pause(10, 5)], 10, 10, 10),
        (clock(), [pause(10, 5)], 12, 12, 10),
        (clock(), [pause(10, 5)], 15, 15, 10),
        (clock(), [pause(10, 5)], 20, 20, 15),
        (clock(), [pause(10, 5, resumed=12)], 20, 20, 18),
        (clock(), [pause(10, 5), pause(15, 1), pause(18, 24)], 20, 20, 12),
        (clock(met=12), [pause(10, 5)], 40, 12, 10),  # told in the midst of the pause
        (clock(met=8), [pause(10, 5)], 40, 8, 8),  # told before, typed in afterwards
        (clock(voided=11), [pause(10, 5)], 40, 11, 10),
        (clock(), NO_PAUSES, 20, 20, 20),
    ],
)
def test_the_net_leaves_out_what_fell_into_pauses_up_to_the_end(
    ran: Clock, pauses: list[Allowance], at: float, raw: float, net: float
) -> None:
    moment = MONDAY + at * HOUR
    assert elapsed.raw(ran, moment) == raw * HOUR
    assert elapsed.net(ran, pauses, moment) == net * HOUR


@pytest.mark.parametrize(
    ("given_", "at", "active"),
    [
        (pause(10, 5), MONDAY + 10 * HOUR - INSTANT, False),
        (pause(10, 5), MONDAY + 10 * HOUR, True),
        (pause(10, 5), MONDAY + 15 * HOUR - INSTANT, True),
        (pause(10, 5), MONDAY + 15 * HOUR, False),
        (pause(10, 5, resumed=12), MONDAY + 12 * HOUR - INSTANT, True),
        (pause(10, 5, resumed=12), MONDAY + 12 * HOUR, False),
        *((each, MONDAY + MINUTE, False) for each in NO_PAUSES),
    ],
)
def test_a_pause_stands_from_its_grant_until_it_has_run_out_or_was_ended(
    given_: Allowance, at: datetime, active: bool
) -> None:
    assert (elapsed.active_pause([given_], at) is given_) == active


def test_only_a_granted_pause_has_an_end() -> None:
    assert elapsed.pause_end(pause(10, 5)) == MONDAY + 15 * HOUR
    assert elapsed.pause_end(pause(10, 5, resumed=12)) == MONDAY + 12 * HOUR
    assert [elapsed.pause_end(each) for each in NO_PAUSES] == [None] * 3


@pytest.mark.parametrize(
    ("span", "said"), [(12 * HOUR, "12"), (90 * MINUTE, "1.5"), (MINUTE, "0.02"), (0 * HOUR, "0")]
)
def test_a_span_is_said_in_hours(span: timedelta, said: str) -> None:
    assert elapsed.hours(span) == said


@settings(max_examples=200, deadline=None)
@given(
    spans=st.lists(st.tuples(st.integers(0, 90), st.integers(1, 40)), max_size=4),
    end=st.integers(0, 4000),
    later=st.integers(0, 600),
)
def test_net_never_exceeds_raw_and_never_runs_backwards(
    spans: list[tuple[int, int]], end: int, later: int
) -> None:
    pauses, since = [], 0
    for gap, length in spans:  # one after the other, as they can be granted
        pauses.append(pause((since + gap) / 60, length / 60))
        since += gap + length
    at, ran = MONDAY + end * MINUTE, clock()
    assert timedelta() <= elapsed.net(ran, pauses, at) <= elapsed.raw(ran, at)
    assert elapsed.net(ran, pauses, at) <= elapsed.net(ran, pauses, at + later * MINUTE)
    counted = sum(
        elapsed.active_pause(pauses, MONDAY + minute * MINUTE) is None for minute in range(end)
    )
    assert elapsed.net(ran, pauses, at) == counted * MINUTE
