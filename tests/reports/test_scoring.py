"""The score and the places, on numbers alone."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.scoring import WEIGHTS, Rate, places, score
from reports.text_file import percent

NOTHING = Rate(0, 0)


def rates(**known: tuple[int, int]) -> dict[str, Rate]:
    return {name: Rate(*known[name]) if name in known else NOTHING for name in WEIGHTS}


@pytest.mark.parametrize(
    ("known", "points"),
    [
        ({}, None),
        (dict.fromkeys(WEIGHTS, (3, 3)), "100.00"),
        (dict.fromkeys(WEIGHTS, (0, 3)), "0.00"),
        ({"apology": (1, 3)}, "33.33"),
        ({"apology": (2, 3)}, "66.67"),
        ({"apology": (1, 1), "satisfaction": (0, 1)}, "40.00"),
        ({"apology": (1, 1), "sheet": (0, 4)}, "55.56"),
        ({"callback": (1, 8)}, "12.50"),
        ({"callback": (1, 800)}, "0.13"),  # 0.125 rounds half up
    ],
)
def test_a_rate_without_denominator_falls_out_of_the_score(
    known: dict[str, tuple[int, int]], points: str | None
) -> None:
    assert score(rates(**known)) == (Decimal(points) if points is not None else None)


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([], []),
        (["90", "80", "70"], [1, 2, 3]),
        (["80", "90", "90"], [3, 1, 1]),
        (["90", "90", "90", "10"], [1, 1, 1, 4]),
        (["90", "80", "80", "70"], [1, 2, 2, 4]),
        (["90.0", "90.00"], [1, 1]),
    ],
)
def test_equal_scores_share_a_place_and_the_next_is_left_out(
    scores: list[str], expected: list[int]
) -> None:
    assert places([Decimal(each) for each in scores]) == expected


@given(st.lists(st.decimals(0, 100, places=2), max_size=30))
def test_a_place_is_one_more_than_the_number_of_better_scores(scores: list[Decimal]) -> None:
    better = [sum(other > each for other in scores) for each in scores]
    assert places(scores) == [number + 1 for number in better]


part_and_whole = st.integers(0, 500).flatmap(
    lambda whole: st.tuples(st.integers(0, whole), st.just(whole))
)


@given(st.fixed_dictionaries(dict.fromkeys(WEIGHTS, part_and_whole)))
def test_a_score_lies_between_the_worst_and_the_best_of_its_rates(
    known: dict[str, tuple[int, int]],
) -> None:
    points = score(rates(**known))
    counted = [Fraction(part, whole) for part, whole in known.values() if whole]
    if points is None:
        assert not counted
    else:
        slack = Fraction(1, 200)
        assert 100 * min(counted) - slack <= Fraction(points) <= 100 * max(counted) + slack


@pytest.mark.parametrize(
    ("value", "written"),
    [((0, 1), "0.00%"), ((1, 1), "100.00%"), ((1, 3), "33.33%"), ((2, 3), "66.67%"),
     ((29, 31), "93.55%"), ((1, 20000), "0.01%"), ((1, 20001), "0.00%")],
)  # fmt: skip
def test_percentages_are_rounded_half_up(value: tuple[int, int], written: str) -> None:
    assert percent(Fraction(*value)) == written
