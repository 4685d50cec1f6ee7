"""What proves that a clock was answered, at its boundaries: the functions alone, then through
the services, typed in whatever order."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from complaints import advice, closing, evidence
from complaints.evidence import Proof
from complaints.models import (
    Callback,
    Clock,
    ClockKind,
    Complaint,
    Contact,
    ContactKind,
    Means,
    MetAs,
    Status,
)
from complaints.outcome import outcome
from tests.complaints.scenes import (
    HOUR,
    MINUTE,
    accept,
    answer,
    apologise,
    call_back,
    clock,
    fresh,
)
from tests.conftest import MONDAY, Cast, Register

SECOND = timedelta(seconds=1)
INSTANT = timedelta(microseconds=1)
DUE = MONDAY + HOUR
PHONE, SMS, WECHAT, VISIT = Means.PHONE, Means.SMS, Means.WECHAT, Means.VISIT

#: A try: minutes after receipt, its means, and whether it reached the customer.
Try = tuple[float, Means, bool]


def talks(tries: list[Try], kind: ContactKind = ContactKind.APOLOGY) -> list[Contact]:
    return [
        Contact(kind=kind, means=means, reached=reached, occurred_at=MONDAY + minutes * MINUTE)
        for minutes, means, reached in tries
    ]


def apart(minutes: int, seconds: int = 0) -> float:
    return 20 + minutes + seconds / 60


# 1H: reached, or tried twice


@pytest.mark.parametrize(
    ("tries", "expected"),
    [
        ([], None),
        ([(59, PHONE, True)], (59, "met")),
        ([(60, PHONE, True)], (60, "met")),
        ([(61, PHONE, True)], (61, "met")),  # late, and known as late by its own time
        ([(10, PHONE, True), (5, SMS, True)], (5, "met")),  # the first that reached
        ([(20, PHONE, False)], None),
        ([(20, PHONE, False), (apart(14, 59), SMS, False)], None),
        ([(20, PHONE, False), (apart(15), SMS, False)], (35, "attempted")),
        ([(20, PHONE, False), (apart(16), SMS, False)], (36, "attempted")),
        ([(20, PHONE, False), (apart(30), PHONE, False)], None),  # the same means
        ([(20, PHONE, False), (30, PHONE, False), (50, SMS, False)], (50, "attempted")),
        ([(20, PHONE, False), (30, SMS, False), (36, SMS, False)], (36, "attempted")),
        ([(20, PHONE, False), (30, SMS, False), (44, SMS, False)], (44, "attempted")),
        ([(20, PHONE, False), (59, SMS, False)], (59, "attempted")),
        ([(20, PHONE, False), (60, SMS, False)], (60, "attempted")),
        ([(20, PHONE, False), (61, SMS, False)], None),  # the second one came after the hour
        ([(20, PHONE, False), (40, SMS, False), (59, PHONE, True)], (59, "met")),
        ([(20, PHONE, False), (40, SMS, False), (60, PHONE, True)], (60, "met")),
        ([(20, PHONE, False), (40, SMS, False), (61, PHONE, True)], (40, "attempted")),
        ([(20, PHONE, False), (61, SMS, False), (70, PHONE, True)], (70, "met")),
        ([(0, VISIT, False), (15, PHONE, False)], (15, "attempted")),
        # several pairs fit: the earliest moment at which one of them was complete
        ([(10, PHONE, False), (26, SMS, False), (50, VISIT, False)], (26, "attempted")),
    ],
)
def test_an_apology_is_proved_by_reaching_or_by_two_fitting_attempts(
    tries: list[Try], expected: tuple[float, str] | None
) -> None:
    proof = expected and Proof(MONDAY + expected[0] * MINUTE, MetAs(expected[1]))
    for order in permutations(talks(tries)):
        assert evidence.of_talks(list(order), DUE) == proof


def test_attempts_prove_an_apology_only() -> None:
    tries: list[Try] = [(20, PHONE, False), (40, SMS, False)]
    assert evidence.of_talks(talks(tries, ContactKind.RESULT), DUE) is None


tries = st.tuples(
    st.one_of(st.integers(0, 90), st.sampled_from([34.99, 35, 35.01, 60, 60.01])),
    st.sampled_from([PHONE, SMS, VISIT]),
    st.booleans(),
)


@settings(max_examples=300, deadline=None)
@given(said=st.lists(tries, max_size=6), order=st.randoms(use_true_random=False))
def test_the_order_of_typing_proves_nothing_else(said: list[Try], order: object) -> None:
    shuffled = list(said)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    proof = evidence.of_talks(talks(said), DUE)
    assert evidence.of_talks(talks(shuffled), DUE) == proof
    if proof and proof.how == MetAs.ATTEMPTED:
        assert proof.at <= DUE
        assert not any(reached and minutes <= 60 for minutes, _means, reached in said)
    if proof is None:
        assert not any(reached for _minutes, _means, reached in said)


TYPED = [
    (20 * MINUTE, PHONE, False),
    (40 * MINUTE, SMS, False),
    (59 * MINUTE, PHONE, True),
]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_typed_in_any_order_the_hour_ends_the_same(
    cast: Cast, register: Register, order: tuple[int, ...]
) -> None:
    case = register()
    for number, which in enumerate(order):
        after, means, reached = TYPED[which]
        at = MONDAY + 2 * HOUR + number * MINUTE
        apologise(case, by=cast.li, at=at, occurred_at=MONDAY + after, means=means, reached=reached)
    stopped = clock(case, ClockKind.APOLOGY)
    assert (stopped.met_at, stopped.met_as) == (MONDAY + 59 * MINUTE, "met")


@pytest.mark.parametrize(
    ("second", "means", "expected"),
    [
        (35 * MINUTE - SECOND, SMS, "breached"),
        (35 * MINUTE, SMS, "attempted"),
        (40 * MINUTE, PHONE, "breached"),
        (60 * MINUTE, SMS, "attempted"),
        (60 * MINUTE + SECOND, SMS, "breached"),
    ],
)
def test_two_attempts_are_their_own_outcome(
    cast: Cast, register: Register, second: timedelta, means: Means, expected: str
) -> None:
    case = register()
    apologise(case, by=cast.li, at=MONDAY + 20 * MINUTE, reached=False)
    apologise(case, by=cast.li, at=MONDAY + second, means=means, reached=False)
    assert outcome(clock(case, ClockKind.APOLOGY), MONDAY + 9 * HOUR) == expected


def test_reached_late_after_two_attempts_the_attempts_stand(cast: Cast, register: Register) -> None:
    case = register()
    apologise(case, by=cast.li, at=MONDAY + 20 * MINUTE, reached=False)
    apologise(case, by=cast.li, at=MONDAY + 40 * MINUTE, means=SMS, reached=False)
    apologise(case, by=cast.li, at=MONDAY + 2 * HOUR)
    stopped = clock(case, ClockKind.APOLOGY)
    assert (stopped.met_at, stopped.met_as) == (MONDAY + 40 * MINUTE, "attempted")


def test_an_attempt_typed_in_after_the_late_call_still_counts(
    cast: Cast, register: Register
) -> None:
    case = register()
    apologise(case, by=cast.li, at=MONDAY + 2 * HOUR)
    assert outcome(clock(case, ClockKind.APOLOGY), MONDAY + 9 * HOUR) == "breached"
    for after, means in ((20 * MINUTE, PHONE), (40 * MINUTE, SMS)):
        apologise(
            case, by=cast.li, at=MONDAY + 3 * HOUR, occurred_at=MONDAY + after, means=means,
            reached=False,
        )  # fmt: skip
    assert outcome(clock(case, ClockKind.APOLOGY), MONDAY + 9 * HOUR) == "attempted"


# 72H: reached, or called three times in two parts of the day and by two means

CALLBACK_DUE = MONDAY + 72 * HOUR
#: MONDAY is noon in Shanghai: -1 h is morning, +1 h afternoon, +7 h evening.
MORNING, AFTERNOON, EVENING = 23.0, 25.0, 31.0


def calls(made: list[tuple[float, Means, bool]]) -> list[Callback]:
    return [
        Callback(means=means, reached=reached, occurred_at=MONDAY + hours * HOUR)
        for hours, means, reached in made
    ]


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        ([], None),
        ([(72, PHONE, True)], (72, "met")),
        ([(73, PHONE, True)], (73, "met")),
        ([(MORNING, PHONE, False), (AFTERNOON, SMS, False)], None),
        ([(MORNING, PHONE, False), (AFTERNOON, PHONE, False), (EVENING, PHONE, False)], None),
        ([(AFTERNOON, PHONE, False), (26, SMS, False), (27, VISIT, False)], None),  # one part
        (
            [(MORNING, PHONE, False), (AFTERNOON, SMS, False), (26, PHONE, False)],
            (26, "unreachable"),
        ),
        (
            [(AFTERNOON, PHONE, False), (26, SMS, False), (27, PHONE, False), (31, PHONE, False)],
            (31, "unreachable"),  # from the call that made it complete
        ),
        (
            [(MORNING, PHONE, False), (AFTERNOON, PHONE, False), (EVENING, PHONE, False),
             (48, SMS, False)],
            (48, "unreachable"),
        ),
        # two days, the same part of them
        ([(AFTERNOON, PHONE, False), (49, SMS, False), (50, PHONE, False)], None),
        # reached by due counts before having given up
        (
            [(MORNING, PHONE, False), (AFTERNOON, SMS, False), (EVENING, PHONE, False),
             (72, PHONE, True)],
            (72, "met"),
        ),
        (
            [(MORNING, PHONE, False), (AFTERNOON, SMS, False), (EVENING, PHONE, False),
             (73, PHONE, True)],
            (31, "unreachable"),
        ),
        # both too late: whichever came first
        (
            [(MORNING, PHONE, False), (AFTERNOON, SMS, False), (73, PHONE, False),
             (74, PHONE, True)],
            (73, "unreachable"),
        ),
        (
            [(MORNING, PHONE, False), (AFTERNOON, SMS, False), (73, PHONE, True),
             (74, PHONE, False)],
            (73, "met"),
        ),
    ],
)  # fmt: skip
def test_a_callback_is_proved_by_an_answer_or_by_three_calls(
    made: list[tuple[float, Means, bool]], expected: tuple[float, str] | None
) -> None:
    proof = expected and Proof(MONDAY + expected[0] * HOUR, MetAs(expected[1]))
    for order in permutations(calls(made)):
        assert evidence.of_callbacks(order, CALLBACK_DUE) == proof


@pytest.mark.parametrize(
    ("hour", "part"),
    [
        (0, "morning"), (11.99, "morning"), (12, "afternoon"), (17.99, "afternoon"),
        (18, "evening"), (23.99, "evening"),
    ],
)  # fmt: skip
def test_the_day_has_three_parts_in_the_firms_zone(hour: float, part: str) -> None:
    midnight = MONDAY - 12 * HOUR  # in Shanghai
    assert evidence.part_of_day(midnight + hour * HOUR) == part


def out_of_reach(case: Complaint, cast: Cast, which: slice) -> None:
    """Of three calls on Tuesday, in the morning, in the afternoon and in the evening, these."""
    made = [(MORNING, PHONE), (AFTERNOON, SMS), (EVENING, PHONE)]
    for hours, means in made[which]:
        call_back(
            case, by=cast.chen, at=MONDAY + hours * HOUR, means=means, reached=False,
            satisfied=None, solved=None,
        )  # fmt: skip


def test_out_of_reach_ends_the_clock_and_lets_the_case_be_closed(
    cast: Cast, register: Register
) -> None:
    case = register()
    accept(case, cast, at=MONDAY)
    answer(case, by=cast.li, at=MONDAY + HOUR)
    out_of_reach(case, cast, slice(2))
    assert clock(case, ClockKind.CALLBACK).is_running
    assert closing.what_is_missing(fresh(case)) == ["还没有回访到客户。"]
    out_of_reach(case, cast, slice(2, 3))
    stopped = clock(case, ClockKind.CALLBACK)
    assert stopped.met_at is not None
    assert outcome(stopped, CALLBACK_DUE + HOUR) == "unreachable"
    assert fresh(case).status == Status.CALLED_BACK
    closing.close(case.pk, by=cast.li, at=MONDAY + 40 * HOUR)
    assert fresh(case).status == Status.CLOSED


# What is still wanted


def wanted(case: Complaint, at: datetime) -> list[str]:
    clocks = list(Clock.objects.filter(complaint=case, round=fresh(case).round))
    return advice.still_wanted(clocks, case.contacts.all(), case.callbacks.all(), at)


def test_after_an_attempt_the_page_says_how_to_try_again(cast: Cast, register: Register) -> None:
    case = register()
    at = MONDAY + 25 * MINUTE
    assert wanted(case, at) == []
    apologise(case, by=cast.li, at=MONDAY + 20 * MINUTE, reached=False)
    assert wanted(case, at) == [
        "已尝试 1 次；在 12:35 到 13:00 之间换一种方式（第一次是电话）再试一次，算尽力未达。"
    ]
    apologise(case, by=cast.li, at=MONDAY + 25 * MINUTE, reached=False)
    assert wanted(case, at)[0].startswith("已尝试 2 次；在 12:35 ")
    assert wanted(case, DUE) != []
    assert wanted(case, DUE + INSTANT) == []
    apologise(case, by=cast.li, at=MONDAY + 35 * MINUTE, means=SMS, reached=False)
    assert wanted(case, at) == []
    assert outcome(clock(case, ClockKind.APOLOGY), DUE + HOUR) == "attempted"


@pytest.mark.parametrize(("first", "says"), [(45, True), (46, False)])
def test_an_attempt_too_late_for_a_second_one_promises_nothing(
    cast: Cast, register: Register, first: int, says: bool
) -> None:
    case = register()
    apologise(case, by=cast.li, at=MONDAY + first * MINUTE, reached=False)
    assert bool(wanted(case, MONDAY + first * MINUTE)) == says


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        ([(AFTERNOON, PHONE)],
         "回访 1 次没有联系上；再于另一时段（上午、下午、晚上）、换一种方式，"
         "共试 2 次，算无法联系。"),
        ([(AFTERNOON, PHONE), (26, SMS)],
         "回访 2 次没有联系上；再于另一时段（上午、下午、晚上）试 1 次，算无法联系。"),
        ([(MORNING, PHONE), (AFTERNOON, PHONE)],
         "回访 2 次没有联系上；再换一种方式试 1 次，算无法联系。"),
        ([(MORNING, PHONE), (AFTERNOON, SMS)], "回访 2 次没有联系上；再试 1 次，算无法联系。"),
        ([(AFTERNOON, PHONE), (26, PHONE), (27, PHONE)],
         "回访 3 次没有联系上；再于另一时段（上午、下午、晚上）、换一种方式，"
         "共试 1 次，算无法联系。"),
    ],
)  # fmt: skip
def test_after_a_call_without_an_answer_the_page_says_what_is_missing(
    cast: Cast, register: Register, made: list[tuple[float, Means]], sentence: str
) -> None:
    case = register()
    accept(case, cast, at=MONDAY)
    for hours, means in made:
        call_back(
            case, by=cast.chen, at=MONDAY + hours * HOUR, means=means, reached=False,
            satisfied=None, solved=None,
        )  # fmt: skip
    assert wanted(case, MONDAY + 40 * HOUR) == [sentence]


def test_attempts_of_a_frozen_round_are_wanted_no_more(cast: Cast, register: Register) -> None:
    case = register()
    accept(case, cast, at=MONDAY)
    apologise(case, by=cast.li, at=MONDAY + 20 * MINUTE, reached=False)
    out_of_reach(case, cast, slice(1))
    answer(case, by=cast.li, at=MONDAY + 30 * HOUR)
    closing.reopen(case.pk, reason="仍不满意", by=cast.li, at=MONDAY + 31 * HOUR)
    assert wanted(case, MONDAY + 31 * HOUR) == []
