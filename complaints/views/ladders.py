"""A policy in words: its rows as lines of a table, and how it would run as alarms by the clock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints import policies
from complaints.models import Channel, ClockKind, Policy, PolicyClock, PolicyStep, Severity
from complaints.policy_checks import Problem
from complaints.preview import Alarm, Course
from staff.models import Role

#: Who owes each clock (`docs/domain.md` section 3).
DEBTORS = {
    ClockKind.APOLOGY: gettext_lazy("首问责任人"),
    ClockKind.RESULT: gettext_lazy("首问责任人"),
    ClockKind.SHEET: gettext_lazy("整改责任人"),
    ClockKind.CALLBACK: gettext_lazy("品质管理员"),
    ClockKind.RESUBMISSION: gettext_lazy("整改责任人"),
}


@dataclass(frozen=True)
class Rung:
    """A step: when it comes, and whom it tells."""

    when: str
    told: list[str]


@dataclass(frozen=True)
class Line:
    """A row of the policy; `levels` has three places, None where there is no such level."""

    row: PolicyClock
    is_general: bool
    span: str
    warnings: list[Rung]
    levels: list[Rung | None]


def lines(policy: Policy) -> list[Line]:
    """The policy as the table shows it."""
    return [_line(row) for row in policies.rows_of(policy)]


def _line(row: PolicyClock) -> Line:
    steps = list(row.steps.all())
    by_level = {step.level: _rung(row, step) for step in steps}
    return Line(
        row=row,
        is_general=not row.severity and not row.channel,
        span=span(row.minutes),
        warnings=[_rung(row, step) for step in steps if not step.level],
        levels=[by_level.get(level) for level in (1, 2, 3)],
    )


def _rung(row: PolicyClock, step: PolicyStep) -> Rung:
    return Rung(_when(step.offset_minutes), told(row.kind, step.roles, step.tells_debtor))


def told(kind: str, roles: Iterable[str], tells_debtor: bool) -> list[str]:
    """Whom a step tells, by what they are."""
    debtor = [str(DEBTORS[ClockKind(kind)])] if tells_debtor else []
    return list(dict.fromkeys([*debtor, *(str(Role(role).label) for role in roles)]))


def _when(offset: int) -> str:
    if not offset:
        return _("到期时")
    words = _("到期前 %(span)s") if offset < 0 else _("到期后 %(span)s")
    return words % {"span": span(abs(offset))}


def span(minutes: int) -> str:
    """`90` as 1 小时 30 分钟."""
    hours, rest = divmod(minutes, 60)
    words = [_("%(hours)d 小时") % {"hours": hours}] if hours else []
    if rest or not hours:
        words.append(_("%(minutes)d 分钟") % {"minutes": rest})
    return " ".join(words)


def alarms(course: Course) -> list[dict[str, Any]]:
    """The alarms of a clock as the preview shows them."""
    return [
        {
            "alarm": alarm,
            "is_sooner": alarm.sooner_at < alarm.at,
            "told": told(course.kind, alarm.roles, alarm.tells_debtor),
            "people": _people(alarm),
        }
        for alarm in course.alarms
    ]


def _people(alarm: Alarm) -> list[str]:
    owner = [_("登记的人")] if alarm.tells_owner else []
    return [*owner, *(person.name for person in alarm.people)]


def place(problem: Problem) -> str:
    """Which row of the policy a fault is in."""
    names = [ClockKind(problem.kind).label]
    if problem.severity:
        names.append(Severity(problem.severity).label)
    if problem.channel:
        names.append(Channel(problem.channel).label)
    return " · ".join(map(str, names))
