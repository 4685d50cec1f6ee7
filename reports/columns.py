"""The columns of an exported ranking, the same in the workbook and the text file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from fractions import Fraction

from django.utils.translation import gettext as _

from complaints.models import ROUND_KINDS, ClockKind
from reports.figures import OUTCOMES
from reports.rankings import Row
from reports.scoring import Rate

Value = str | int | Decimal | Fraction | None


class Kind(Enum):
    """How a column's values are written."""

    TEXT = "text"
    COUNT = "count"
    SHARE = "share"  # of complaints: two decimals at most
    PERCENT = "percent"  # a Fraction between 0 and 1, None where there is no denominator
    YUAN = "yuan"
    SCORE = "score"


@dataclass(frozen=True)
class Column:
    """`width` is in characters of a half-width font."""

    label: str
    kind: Kind
    value: Callable[[Row], Value]
    width: int = 9


def _number(label: str, name: str) -> Column:
    return Column(
        label, Kind.COUNT, lambda row: row.numbers[name], width=max(9, len(label) * 2 + 1)
    )


def _percent(label: str, rate: Callable[[Row], Rate]) -> Column:
    return Column(label, Kind.PERCENT, lambda row: rate(row).value, width=13)


def _of_clock(kind: ClockKind) -> list[Column]:
    name, label = kind.value, str(kind.label)
    return [
        _percent(_("%(clock)s及时率") % {"clock": label}, lambda row: row.on_time(kind)),
        _number(_("%(clock)s按时") % {"clock": label}, f"{name}_met"),
        _number(_("%(clock)s按时+超时") % {"clock": label}, f"{name}_decided"),
        *(
            _number(
                _("%(clock)s%(outcome)s") % {"clock": label, "outcome": outcome.label},
                f"{name}_{outcome.value}",
            )
            for outcome in OUTCOMES[1:]
        ),
    ]


def columns() -> list[Column]:
    """From place to compensation, in the present language."""
    return [
        Column(_("名次"), Kind.TEXT, _place, width=10),
        Column(_("分公司"), Kind.TEXT, lambda row: row.branch.name, width=22),
        Column(_("代码"), Kind.TEXT, lambda row: row.branch.code, width=10),
        Column(_("得分"), Kind.SCORE, lambda row: row.score),
        Column(_("投诉"), Kind.SHARE, lambda row: row.complaints),
        *(column for kind in ROUND_KINDS for column in _of_clock(kind)),
        _percent(_("满意度"), lambda row: row.satisfaction),
        _number(_("满意"), "callbacks_satisfied"),
        _number(_("接通"), "callbacks_reached"),
        _percent(_("接通率"), lambda row: row.reach),
        _number(_("打过电话"), "callbacks_attempted"),
        Column(_("补偿（元）"), Kind.YUAN, lambda row: row.compensation, width=14),
        _number(_("补偿笔数"), "remedies"),
    ]


def _place(row: Row) -> Value:
    """The place, or the reason why there is none."""
    return row.rank if row.rank is not None else str(row.standing.label)
