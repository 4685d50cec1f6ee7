"""What all parts share: the house, the cases in it, and moments that the steps are due by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from common.time import database_now
from recovery.bench import firm, sql
from recovery.bench.bare import bare
from recovery.bench.cases import FIRST, WITHIN, Cases
from recovery.bench.house import House
from recovery.bench.size import Size

#: Nothing rings by itself while the bench runs.
_HORIZON = timedelta(days=2)


@dataclass
class Desk:
    """The loaded house. Of the steps that are due at once all are due by `cases.horizon`."""

    house: House
    size: Size
    cases: Cases

    def due_by(self, count: int) -> datetime:
        """A moment by which just so many steps are due."""
        if count >= self.size.due:
            return self.cases.horizon
        share = count / self.size.due
        return self.cases.horizon - WITHIN * (1 - share) - timedelta(milliseconds=1)

    @property
    def base(self) -> int:
        """The number of the first open case."""
        return FIRST + self.size.closed_cases

    def write_few(self) -> None:
        """All closed cases, and open ones with 10,000 running clocks at full scale."""
        with bare():
            self.cases.write_closed(self.size.closed_cases)
            self._open(self.size.few_cases)

    def write_rest(self) -> None:
        """The other open cases: 1,000,000 running clocks at full scale. Their words count as copied
        for the search, as in a house at rest; else a sweeper would copy all the while."""
        self._open(self.size.open_cases - self.size.few_cases)
        sql.run("TRUNCATE complaints_searchdue")
        settle()

    def write_many(self) -> None:
        """Closed cases opened again: 10,000,000 running clocks at full scale."""
        with bare():
            self.cases.reopen(FIRST, self.size.many_cases)

    def _open(self, count: int) -> None:
        self.cases.write_due(count, of=self.size.open_cases, base=self.base)


def settle() -> None:
    """No dead rows, fresh statistics, nothing left to write to the disk."""
    sql.run("VACUUM (ANALYZE)")
    sql.run("CHECKPOINT")


def furnish(house: House, size: Size) -> Desk:
    """A firm in an empty house."""
    firm.found()
    now = database_now()
    return Desk(house, size, Cases(firm.model_case(now), horizon=now + _HORIZON))


def furnish_with_words(size: Size) -> None:
    """A firm in an empty house, with closed cases that each tell something else."""
    firm.found()
    now = database_now()
    cases = Cases(firm.model_case(now), horizon=now + _HORIZON)
    with bare():
        cases.write_told(size.told_cases)
    settle()
