"""The bars of a ranking's chart: where each lies, in units of an SVG that has no fixed width."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from reports.rankings import Ranking, Row

#: Pixels from one bar to the next, and above the first.
_STEP, _TOP = 28, 26
#: Per cent of the width where the bars begin, and that 100 points take.
_LEFT, _SPAN = Decimal(32), Decimal(54)
#: Longer names would run out of the left side of a phone's screen; the table has them in full.
_NAME = 7


@dataclass(frozen=True)
class Bar:
    """`width` is per cent of the chart's width, `y` and `middle` (the words' base) are pixels."""

    name: str
    short_name: str
    score: str
    y: int
    middle: int
    width: str


@dataclass(frozen=True)
class Tick:
    """A number on the scale, and where it stands."""

    label: str
    x: str


@dataclass(frozen=True)
class Chart:
    """`mean` is where all branches together stand (None: no score), `bottom` the last pixel."""

    bars: list[Bar]
    ticks: list[Tick]
    mean: str | None
    left: str
    name_end: str
    top: int
    bottom: int


def draw(ranking: Ranking) -> Chart | None:
    """The scores of those ranked, the best on top; None when nobody is."""
    scored = [(row, row.score) for row in ranking.rows if row.score is not None]
    if not scored:
        return None
    return Chart(
        bars=[_bar(row, score, _TOP + index * _STEP) for index, (row, score) in enumerate(scored)],
        ticks=[Tick(str(points), _x(Decimal(points))) for points in (0, 50, 100)],
        mean=None if ranking.score is None else _x(ranking.score),
        left=_per_cent(_LEFT),
        name_end=_per_cent(_LEFT - 2),
        top=_TOP - 6,
        bottom=_TOP + len(scored) * _STEP,
    )


def _bar(row: Row, score: Decimal, y: int) -> Bar:
    name = row.branch.name
    return Bar(
        name=name,
        short_name=name if len(name) <= _NAME else name[: _NAME - 1] + "…",
        score=f"{score:.2f}",
        y=y,
        middle=y + 13,
        width=_per_cent(score * _SPAN / 100),
    )


def _x(points: Decimal) -> str:
    return _per_cent(_LEFT + points * _SPAN / 100)


def _per_cent(value: Decimal) -> str:
    return f"{value:.2f}%"
