"""The period of a ranking: an ISO week in the firm's zone."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from common.errors import RuleBroken

_WRITTEN = re.compile(r"([0-9]{4})-?W([0-9]{1,2})")
#: Years in which a week can be asked for; the others are slips of the keyboard.
_YEARS = range(2000, 2101)


@dataclass(frozen=True, order=True)
class Week:
    """Monday 00:00 up to the next Monday 00:00, the second not included (ISO 8601)."""

    year: int
    number: int

    @classmethod
    def parse(cls, written: str) -> Week:
        """`2026-W47`, also `2026w47`. Raises RuleBroken `week.unreadable`, `week.no_such`."""
        found = _WRITTEN.fullmatch(unicodedata.normalize("NFKC", written).strip().upper())
        if found is None:
            raise RuleBroken(
                "week.unreadable",
                _("看不懂这个周次，请写成年份和周数，例如 2026-W47。"),
                field="week",
            )
        week = cls(int(found[1]), int(found[2]))
        if week.year not in _YEARS or not week._exists():
            raise RuleBroken(
                "week.no_such",
                _("没有这一周：年份须在 2000 到 2100 之间，每年有 52 或 53 周。"),
                field="week",
            )
        return week

    @classmethod
    def containing(cls, at: datetime) -> Week:
        """The week in which the firm's clocks show `at`."""
        year, number, _day = timezone.localtime(at, timezone.get_default_timezone()).isocalendar()
        return cls(year, number)

    def __str__(self) -> str:
        return f"{self.year}-W{self.number:02d}"

    @property
    def monday(self) -> date:
        """Its first day."""
        return date.fromisocalendar(self.year, self.number, 1)

    @property
    def sunday(self) -> date:
        """Its last day."""
        return self.monday + timedelta(days=6)

    @property
    def start(self) -> datetime:
        """Monday 00:00, inside the week."""
        return _midnight(self.monday)

    @property
    def end(self) -> datetime:
        """The next Monday 00:00, outside the week."""
        return _midnight(self.monday + timedelta(days=7))

    @property
    def last_moment(self) -> datetime:
        """The last one inside the week."""
        return self.end - timedelta(microseconds=1)

    @property
    def previous(self) -> Week:
        """The week before; in the first days of the year, one of last year."""
        return self._moved(-7)

    @property
    def next(self) -> Week:
        """The week after."""
        return self._moved(7)

    @property
    def label(self) -> str:
        """`2026 年第 47 周(11-16 至 11-22)`."""
        return _("%(year)d 年第 %(number)d 周（%(monday)s 至 %(sunday)s）") % {
            "year": self.year,
            "number": self.number,
            "monday": f"{self.monday:%m-%d}",
            "sunday": f"{self.sunday:%m-%d}",
        }

    def _exists(self) -> bool:
        try:
            return bool(self.monday)
        except ValueError:
            return False

    def _moved(self, days: int) -> Week:
        year, number, _day = (self.monday + timedelta(days=days)).isocalendar()
        return Week(year, number)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=timezone.get_default_timezone())
