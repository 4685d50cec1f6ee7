"""The weekly ranking of branches (周排名): a handful of aggregates, however many the cases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import F, TextChoices
from django.utils.translation import gettext_lazy as _

from common import walls
from complaints.models import ROUND_KINDS, ClockKind
from reports.figures import FIGURES, SOURCES, Source
from reports.grouping import ranked_unit, tree_of
from reports.periods import Week
from reports.scoring import Rate, places, score
from staff.models import Branch, BranchKind
from staff.tree import Tree

#: With fewer complaints in the week a branch is listed, not ranked (`docs/domain.md` section 6).
ENOUGH = 3

Numbers = Mapping[str, Any]


class Standing(TextChoices):
    """Why a branch has a place, or none."""

    RANKED = "ranked", _("参加排名")
    TOO_FEW = "too_few", _("样本不足")
    NOTHING_DUE = "nothing_due", _("尚无可比项")


@dataclass(frozen=True)
class Tally:
    """The week of a branch, or of all together. `numbers` has a value for each name in FIGURES."""

    numbers: Numbers

    @property
    def complaints(self) -> Decimal:
        """Valid and ruled, received in the week, by shares: half the blame is half a complaint."""
        return Decimal(self.numbers["complaints"])

    @property
    def compensation(self) -> Decimal:
        """Yuan promised or delivered."""
        return Decimal(self.numbers["compensation"])

    @property
    def satisfaction(self) -> Rate:
        """Satisfied of reached."""
        return self._rate("callbacks_satisfied", "callbacks_reached")

    @property
    def reach(self) -> Rate:
        """Reached of attempted."""
        return self._rate("callbacks_reached", "callbacks_attempted")

    def on_time(self, kind: ClockKind) -> Rate:
        """Met of met and breached; every other outcome stands apart."""
        return self._rate(f"{kind.value}_met", f"{kind.value}_decided")

    @property
    def rates(self) -> dict[str, Rate]:
        """What the score is made of."""
        on_time = {kind.value: self.on_time(kind) for kind in ROUND_KINDS}
        return {**on_time, "satisfaction": self.satisfaction}

    def _rate(self, part: str, whole: str) -> Rate:
        return Rate(self.numbers[part], self.numbers[whole])


@dataclass(frozen=True)
class Row(Tally):
    """A branch in the ranking; `rank` and `score` are there exactly when it is ranked."""

    branch: Branch
    standing: Standing
    rank: int | None = None
    score: Decimal | None = None


@dataclass(frozen=True)
class Ranking:
    """A week's places as of `made_at`: the ranked by place, then the others by name. `total` is
    the sum of the rows and `score` its score (None: nothing to score); `unruled`, `elsewhere` and
    `suppliers` are the week's cases, or their shares, that no row holds, and `converted` those
    that were turned into inquiries or praise."""

    week: Week
    made_at: datetime
    rows: list[Row]
    total: Tally
    score: Decimal | None
    unruled: int
    elsewhere: Decimal
    suppliers: Decimal
    converted: int


def weekly(week: Week, *, at: datetime) -> Ranking:
    """The ranking of all branches as things stand at `at`, in the tree of the week's end
    (`docs/ranking.md`)."""
    tree = tree_of(week, at)
    by_unit = _numbers_by_unit(week, at, tree)
    rows = [_row(each, by_unit.get(each.pk, _zeros())) for each in _branches(tree, by_unit)]
    total = Tally(_sum([row.numbers for row in rows]))
    everything = _sum(list(by_unit.values()))
    return Ranking(
        week=week,
        made_at=at,
        rows=_placed(rows),
        total=total,
        score=score(total.rates),
        unruled=everything["unruled"],
        elsewhere=Decimal(everything["elsewhere"]),
        suppliers=Decimal(everything["suppliers"]),
        converted=everything["converted"],
    )


def _branches(tree: Tree, by_unit: Mapping[int | None, Numbers]) -> list[Branch]:
    """What is ranked: the branches that were open at the end, by name, and those closed before it
    whose figures no other branch has taken over."""
    units = [each for each in tree.branches.values() if each.kind == BranchKind.BRANCH]
    left = {unit for unit in by_unit if unit is not None and unit not in tree.branches}
    units += Branch.objects.filter(pk__in=left, kind=BranchKind.BRANCH)
    return sorted(units, key=lambda branch: (branch.sort_key, branch.code))


def _numbers_by_unit(week: Week, at: datetime, tree: Tree) -> dict[int | None, Numbers]:
    """All figures of each unit that answers for any ruled case; None holds what is not yet
    ruled. The firm publishes them; the cases behind them open only for those who may see them."""
    found: dict[int | None, dict[str, Any]] = {}
    with walls.lifted():
        for source in SOURCES:
            for ruled_to, numbers in _grouped(source, week, at):
                sums = found.setdefault(ruled_to and ranked_unit(tree, ruled_to), _zeros())
                for name, number in numbers.items():
                    sums[name] += number
    return dict(found)


def _grouped(source: Source, week: Week, at: datetime) -> list[tuple[int | None, dict[str, Any]]]:
    aggregates = {
        figure.name: figure.aggregate() for figure in FIGURES.values() if figure.source is source
    }
    groups = source.rows(week, at).order_by().values(of_unit=F(source.unit)).annotate(**aggregates)
    return [(group.pop("of_unit"), {k: v or 0 for k, v in group.items()}) for group in groups]


def _zeros() -> dict[str, Any]:
    return dict.fromkeys(FIGURES, 0)


def _sum(many: list[Numbers]) -> dict[str, Any]:
    return {name: sum(numbers[name] for numbers in many) for name in FIGURES}


def _row(branch: Branch, numbers: Numbers) -> Row:
    row = Row(numbers, branch, Standing.TOO_FEW)
    if row.complaints < ENOUGH:
        return row
    reached = score(row.rates)
    if reached is None:
        return replace(row, standing=Standing.NOTHING_DUE)
    return replace(row, standing=Standing.RANKED, score=reached)


def _placed(rows: list[Row]) -> list[Row]:
    """The ranked with their places, in order; then the others as they came."""
    scored = [(row, row.score) for row in rows if row.score is not None]
    ranks = places([reached for _row, reached in scored])
    ranked = [replace(row, rank=rank) for (row, _score), rank in zip(scored, ranks, strict=True)]
    ranked.sort(key=lambda row: row.rank or 0)
    return ranked + [row for row in rows if row.score is None]
