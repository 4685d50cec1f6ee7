"""What a clock still wants after attempts that reached nobody, in a sentence: pure functions of
the talks of one round (`docs/domain.md` section 3)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from complaints.evidence import APART, ENOUGH_CALLS, part_of_day
from complaints.models import Callback, Clock, ClockKind, Contact, ContactKind, Means


def still_wanted(
    clocks: Iterable[Clock],
    contacts: Iterable[Contact],
    callbacks: Iterable[Callback],
    at: datetime,
) -> list[str]:
    """A sentence for each of the clocks that were tried and are still running at `at`: how to
    come to 尽力未达, and to 无法联系."""
    running = {clock.kind: clock for clock in clocks if clock.is_running}
    found = []
    if apology := running.get(ClockKind.APOLOGY):
        tries = [talk for talk in contacts if _is_try(talk, apology)]
        found.append(_second_try(tries, apology.due_at, at))
    if callback := running.get(ClockKind.CALLBACK):
        calls = [c for c in callbacks if c.round == callback.round and not c.reached]
        found.append(_more_calls(calls))
    return [sentence for sentence in found if sentence]


def _is_try(talk: Contact, clock: Clock) -> bool:
    return (
        talk.kind == ContactKind.APOLOGY
        and talk.round == clock.round
        and not talk.reached
        and talk.occurred_at <= clock.due_at
    )


def _second_try(tries: list[Contact], due_at: datetime, at: datetime) -> str:
    """Any other means will do, from a quarter of an hour after the first attempt until due."""
    first = min(tries, key=lambda talk: talk.occurred_at, default=None)
    if first is None or at > due_at or first.occurred_at + APART > due_at:
        return ""
    return _(
        "已尝试 %(count)s 次；在 %(since)s 到 %(until)s 之间换一种方式（第一次是%(means)s）"
        "再试一次，算尽力未达。"
    ) % {
        "count": len(tries),
        "since": _hour(first.occurred_at + APART),
        "until": _hour(due_at),
        "means": Means(first.means).label,
    }


def _more_calls(calls: list[Callback]) -> str:
    if not calls:
        return ""
    one_part = len({part_of_day(call.occurred_at) for call in calls}) < 2
    one_means = len({call.means for call in calls}) < 2
    counts = {"count": len(calls), "more": max(ENOUGH_CALLS - len(calls), 1)}
    match one_part, one_means:
        case True, True:
            wanted = _(
                "回访 %(count)s 次没有联系上；再于另一时段（上午、下午、晚上）、换一种方式，"
                "共试 %(more)s 次，算无法联系。"
            )
        case True, False:
            wanted = _(
                "回访 %(count)s 次没有联系上；再于另一时段（上午、下午、晚上）试 %(more)s 次，"
                "算无法联系。"
            )
        case False, True:
            wanted = _("回访 %(count)s 次没有联系上；再换一种方式试 %(more)s 次，算无法联系。")
        case _:
            wanted = _("回访 %(count)s 次没有联系上；再试 %(more)s 次，算无法联系。")
    return wanted % counts


def _hour(at: datetime) -> str:
    return f"{timezone.localtime(at):%H:%M}"
