"""A ranking as its page shows it: each figure with its parts and the list of cases it opens."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from complaints.models import ROUND_KINDS, ClockKind
from reports.figures import FIGURES, OUTCOMES, Ending
from reports.periods import Week
from reports.rankings import Ranking, Row, Tally
from reports.scoring import Rate

#: How far back the picker reaches; any other week can be asked for in the address.
_WEEKS_BACK = 26


@dataclass(frozen=True)
class Cell:
    """`text` is the figure, `of` its numerator and denominator (`29/31`) or "", `url` the list
    it opens or "" where there is nothing to open or the reader may not."""

    text: str
    of: str = ""
    url: str = ""


@dataclass(frozen=True)
class Detail:
    """One clock of a branch: how many ended in which way."""

    label: str
    cells: list[Cell]


@dataclass(frozen=True)
class Line:
    """A row of the table; `row` None is their total."""

    row: Row | None
    complaints: Cell
    rates: list[Cell]
    compensation: Cell
    details: list[Detail]

    @property
    def had_clocks(self) -> bool:
        """Whether any clock came due in the week."""
        return any(cell.text != "0" for detail in self.details for cell in detail.cells)


def lines(ranking: Ranking, *, opened: Container[str]) -> list[Line]:
    """The rows; `opened` holds the codes of the branches whose cases the reader may see."""
    return [
        _line(_Cells(row, ranking.week, row.branch.code, row.branch.code in opened), row)
        for row in ranking.rows
    ]


def total_line(ranking: Ranking, *, opens: bool) -> Line:
    """All rows together; `opens`: whether the reader may see every case."""
    return _line(_Cells(ranking.total, ranking.week, None, opens), None)


def address(week: Week, figure: str, branch: str | None = None) -> str:
    """Of the list of cases behind a figure."""
    asked = {"week": str(week), "figure": figure} | ({"branch": branch} if branch else {})
    return f"{reverse('ranking-cases')}?{urlencode(asked)}"


def outcome_labels() -> list[str]:
    """The heads of the details, in the order of their cells."""
    return [str(outcome.label) for outcome in OUTCOMES]


def family(name: str) -> list[str]:
    """The figures that are read together with this one, itself among them."""
    start = name.partition("_")[0]
    together = [other for other in FIGURES if other.partition("_")[0] == start]
    return together if len(together) > 1 else []


def recent_weeks(now: Week, shown: Week) -> list[Week]:
    """For the picker: the present week and those before it, and the one shown; latest first."""
    weeks = [now]
    for _step in range(_WEEKS_BACK):
        weeks.append(weeks[-1].previous)
    return sorted({*weeks, shown}, reverse=True)


class _Cells:
    """Makes the cells of one row."""

    def __init__(self, tally: Tally, week: Week, branch: str | None, opens: bool) -> None:
        self.tally, self.week, self.branch, self.opens = tally, week, branch, opens

    def count(self, figure: str) -> Cell:
        """A number that opens what it counts."""
        number = self.tally.numbers[figure]
        return Cell(plain(number), url=self._url(figure) if number else "")

    def rate(self, rate: Rate, whole: str) -> Cell:
        """A percentage that opens the list of its denominator."""
        if rate.value is None:
            return Cell("")
        return Cell(one_decimal(rate.value), f"{rate.part}/{rate.whole}", self._url(whole))

    def yuan(self) -> Cell:
        """The compensation, and in how many remedies."""
        remedies = self.tally.numbers["remedies"]
        url = self._url("compensation") if remedies else ""
        return Cell(f"{self.tally.compensation:,.2f}", str(remedies), url)

    def _url(self, figure: str) -> str:
        return address(self.week, figure, self.branch) if self.opens else ""


def _line(cells: _Cells, row: Row | None) -> Line:
    tally = cells.tally
    on_time = [cells.rate(tally.on_time(kind), f"{kind.value}_decided") for kind in ROUND_KINDS]
    return Line(
        row=row,
        complaints=cells.count("complaints"),
        rates=[
            *on_time,
            cells.rate(tally.satisfaction, "callbacks_reached"),
            cells.rate(tally.reach, "callbacks_attempted"),
        ],
        compensation=cells.yuan(),
        details=[_detail(kind, cells) for kind in ROUND_KINDS],
    )


def _detail(kind: ClockKind, cells: _Cells) -> Detail:
    return Detail(
        str(kind.label), [cells.count(f"{kind.value}_{outcome.value}") for outcome in OUTCOMES]
    )


def plain(number: int | Decimal) -> str:
    """`3`, `2.5`: a sum of shares as people write it."""
    return f"{Decimal(number).normalize():f}"


def one_decimal(value: Fraction) -> str:
    """`93.5%`, half up; only what is whole is shown as 100.0%, and only nothing as 0.0%."""
    tenths = int(value * 1000 + Fraction(1, 2))
    if 0 < value < 1:
        tenths = min(max(tenths, 1), 999)
    return f"{tenths // 10}.{tenths % 10}%"


def item(row: Any, source: str) -> dict[str, Any]:
    """A counted row as the list of cases shows it."""
    case = row if source == "cases" else row.complaint
    label = Ending(row.ending).label if source == "clocks" else ""
    return {"row": row, "source": source, "case": case, "outcome_label": label}
