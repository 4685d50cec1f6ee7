"""What is wrong with a policy before it may be approved: each fault a sentence, with its place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from django.utils.translation import gettext as _

from complaints import policies
from complaints.ladder import CRITICAL_LEVEL
from complaints.models import ClockKind, Policy, PolicyClock, PolicyStep, Severity
from staff.models import Branch, Role
from staff.posts import Roster

#: Who may be told: whoever can see the board and acknowledge what is on it.
TOLD = (Role.SUPERVISOR, Role.QUALITY, Role.DIRECTOR, Role.GENERAL_MANAGER)
#: The clocks of which a critical case tells level 2 at its start (`complaints.ladder.rises`).
_RISING = (ClockKind.APOLOGY, ClockKind.SHEET)
_NAMED = 3


@dataclass(frozen=True)
class Problem:
    """A fault of one row of the policy; of one of its steps when `step` is its number."""

    code: str
    message: str
    kind: str
    severity: str = ""
    channel: str = ""
    step: int | None = None


def check(policy: Policy) -> list[Problem]:
    """All that stands in the way of approving it, in the order of the page; who could be told is
    read now."""
    rows = policies.rows_of(policy)
    reach = _Reach()
    return [
        *_missing(rows),
        *(problem for row in rows for problem in _of_row(row, rows, reach)),
    ]


def _missing(rows: Sequence[PolicyClock]) -> Iterator[Problem]:
    """Every kind of clock needs a row for all the cases that no other row is about."""
    general = {row.kind for row in rows if not row.severity and not row.channel}
    for kind in ClockKind:
        if kind not in general:
            words = _("缺少“%(clock)s”的通用时限（不限严重程度和渠道）。") % {"clock": kind.label}
            yield Problem("row.missing", words, kind)


def _of_row(row: PolicyClock, rows: Sequence[PolicyClock], reach: _Reach) -> Iterator[Problem]:
    steps = list(row.steps.all())
    levels = sorted((step for step in steps if step.level), key=lambda step: step.level)
    yield from _of_levels(row, levels)
    if _rises(row, rows) and levels and CRITICAL_LEVEL not in {step.level for step in levels}:
        words = _("重大投诉一开始就通知二级，所以这里必须有二级。")
        yield _problem(row, "level.critical", words)
    for step in steps:
        yield from _of_step(row, step, reach)


def _of_levels(row: PolicyClock, levels: Sequence[PolicyStep]) -> Iterator[Problem]:
    if not levels:
        yield _problem(row, "level.none", _("没有升级：超时以后没有人会知道。"))
    elif [step.level for step in levels] != list(range(1, len(levels) + 1)):
        words = _("升级必须从一级起逐级设置：没有人确认时，要升到紧接着的上一级。")
        yield _problem(row, "level.gap", words)
    for lower, higher in pairwise(levels):
        if higher.offset_minutes < lower.offset_minutes:
            words = _("不能早于比它低的一级。")
            yield _problem(row, "level.early", words, higher)


def _of_step(row: PolicyClock, step: PolicyStep, reach: _Reach) -> Iterator[Problem]:
    if not step.level and step.offset_minutes <= -row.minutes:
        words = _("预警必须晚于计时开始：这个时限一共只有 %(minutes)d 分钟。")
        yield _problem(row, "warning.early", words % {"minutes": row.minutes}, step)
    if set(step.roles) - set(TOLD):
        words = _("只能通知主管、品质管理员、服务总监和总经理。")
        yield _problem(row, "step.role", words, step)
    if step.level and not step.roles:
        yield _problem(row, "step.nobody", _("升级至少要通知一个岗位。"), step)
    elif not step.roles and not step.tells_debtor:
        yield _problem(row, "step.nobody", _("没有选择通知谁。"), step)
    elif step.level and (out := reach.out_of(step.roles)):
        words = _("在%(branches)s没有人能接到：本机构、各级上级的这些岗位和更高的岗位都空缺。")
        yield _problem(row, "step.unreachable", words % {"branches": _names(out)}, step)


def _rises(row: PolicyClock, rows: Sequence[PolicyClock]) -> bool:
    """Whether a critical case can fall under the row: one for its severity goes before it."""
    if row.kind not in _RISING:
        return False
    preferred = any(
        other.kind == row.kind
        and other.severity == Severity.CRITICAL
        and other.channel in ("", row.channel)
        for other in rows
    )
    return row.severity == Severity.CRITICAL or (not row.severity and not preferred)


def _problem(row: PolicyClock, code: str, message: str, step: PolicyStep | None = None) -> Problem:
    number = step.number if step else None
    return Problem(code, message, row.kind, row.severity, row.channel, number)


class _Reach:
    """In which branches an alarm for some roles would find nobody at all."""

    def __init__(self) -> None:
        self.roster = Roster()
        self.branches = list(Branch.objects.live())

    def out_of(self, roles: Sequence[str]) -> list[Branch]:
        """The branches where nobody holds any of the roles, nor any post above."""
        return [
            branch for branch in self.branches if not self.roster.holders_of_any(roles, branch.pk)
        ]


def _names(branches: Sequence[Branch]) -> str:
    named = "、".join(branch.name for branch in branches[:_NAMED])
    if len(branches) <= _NAMED:
        return named
    words = _("%(branches)s等 %(count)d 个机构")
    return words % {"branches": named, "count": len(branches)}
