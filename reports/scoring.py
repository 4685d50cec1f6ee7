"""A week's score, and places by score (`docs/ranking.md`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

#: What each rate weighs; those without a denominator fall out, above and below the line.
WEIGHTS = {"apology": 10, "result": 10, "sheet": 8, "callback": 7, "satisfaction": 15}

_CENT = Decimal("0.01")


@dataclass(frozen=True)
class Rate:
    """`part` of `whole`; no rate at all when there is no whole."""

    part: int
    whole: int

    @property
    def value(self) -> Fraction | None:
        """Between 0 and 1; None for a denominator of 0."""
        return Fraction(self.part, self.whole) if self.whole else None


def score(rates: Mapping[str, Rate]) -> Decimal | None:
    """0 to 100, two decimals, half up: the weighted mean of the rates that have a denominator;
    None when none has. `rates` has the keys of WEIGHTS."""
    parts = [
        (weight, value)
        for name, weight in WEIGHTS.items()
        if (value := rates[name].value) is not None
    ]
    if not parts:
        return None
    exact = 100 * sum((w * v for w, v in parts), Fraction()) / sum(w for w, _v in parts)
    cents = (Decimal(exact.numerator) * 100 / exact.denominator).to_integral_value(ROUND_HALF_UP)
    return (cents * _CENT).quantize(_CENT)


def places(scores: Sequence[Decimal]) -> list[int]:
    """The place of each score, the highest first; equal scores share a place: 1, 1, 3."""
    ordered = sorted(scores, reverse=True)
    return [ordered.index(each) + 1 for each in scores]
