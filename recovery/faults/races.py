"""Two deeds on one case at the same instant: real threads, real locks, either order, one result."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from decimal import Decimal
from threading import Barrier
from typing import Any

from django.db import connection

from common.errors import RuleBroken
from complaints import contacts, remedies, rulings
from complaints.contacts import Talk
from complaints.escalation import sweep
from complaints.models import (
    Clock,
    ClockKind,
    Complaint,
    ContactKind,
    Escalation,
    Event,
    Means,
    Remedy,
    RemedyKind,
    RemedyState,
)
from complaints.outcome import Outcome, outcome
from recovery.faults import ask
from recovery.faults.house import until
from recovery.faults.scene import Scene, sleep_until
from staff.models import AuthorityLimit, Person, Role

Deed = Callable[[], object]
MILLISECOND = timedelta(milliseconds=1)
#: So long before it comes due a case is made.
SOON = timedelta(milliseconds=50)
LIMIT, LOWERED, AMOUNT = Decimal(1000), Decimal(500), Decimal(600)
_BINDING = (RemedyState.PROMISED, RemedyState.DELIVERED)


class Together:
    """Runs a few deeds at once, again and again, on threads that keep their connections."""

    def __init__(self, deeds: int, chance: random.Random) -> None:
        self._pool = ThreadPoolExecutor(deeds)
        self._barrier = Barrier(deeds)
        self._chance = chance

    def run(self, deeds: Sequence[Deed], *, after: timedelta = timedelta(0)) -> list[object]:
        """What each returned, or the rule it broke; all begin `after` so long, in any order."""
        begin = time.monotonic() + after.total_seconds()
        order = self._chance.sample(range(len(deeds)), len(deeds))
        futures = {i: self._pool.submit(self._run, deeds[i], begin) for i in order}
        return [futures[i].result(30) for i in range(len(deeds))]

    def _run(self, deed: Deed, begin: float) -> object:
        self._barrier.wait(30)
        sleep_until(begin)
        try:
            return deed()
        except RuleBroken as refused:
            return refused

    def close(self) -> None:
        """Give the connections back."""
        self.run([lambda: connection.close()] * self._barrier.parties)  # each thread its own
        self._pool.shutdown()


def talk_and_sweep(scene: Scene) -> dict[str, Any]:
    """F26: the apology takes place at due, a millisecond before or after, while two sweeps come."""
    wrong = 0
    seen: Counter[str] = Counter()
    rounds = scene.pick(60, 1000)
    together = Together(3, scene.chance)
    for number in range(rounds):
        off = (number % 3 - 1) * MILLISECOND
        ended, right = _talk_at(scene, together, off)
        seen[ended] += 1
        wrong += not right
    together.close()
    return {"rounds": rounds, **seen, "wrong": wrong, "ok": wrong == 0}


def _talk_at(scene: Scene, together: Together, off: timedelta) -> tuple[str, bool]:
    """The outcome of one race, and whether it is what the times alone say."""
    due = ask.now() + SOON
    case = Complaint.objects.select_related("owner").get(pk=scene.winder.wind_at(1, due).ids[0])
    talk = Talk(kind=ContactKind.APOLOGY, means=Means.PHONE, said="向您致歉")
    together.run(
        [
            lambda: sweep(until=due + MILLISECOND),
            lambda: contacts.record(case.pk, talk, by=case.owner, at=due + off),
            lambda: sweep(until=due + MILLISECOND),
        ],
        after=due - ask.now(),
    )
    clock = Clock.objects.get(complaint=case, kind=ClockKind.APOLOGY)
    told = Escalation.objects.filter(clock=clock, step=0).count()
    ended = outcome(clock, due + timedelta(minutes=1))
    expected = Outcome.MET if off <= timedelta(0) else Outcome.BREACHED
    told_enough = told == 1 or (told == 0 and off < timedelta(0))
    return ended.value, ended == expected and clock.next_at is None and told_enough


def transfer_and_sweep(scene: Scene) -> dict[str, Any]:
    """F27: who owes the sheet changes while its warning goes out: told is who owed it then."""
    wrong = 0
    seen: Counter[str] = Counter()
    rounds = scene.pick(40, 500)
    quality = Person.objects.filter(role=Role.QUALITY, branch__parent=None)[0]
    people = list(Person.objects.filter(role=Role.FRONTLINE).select_related("branch")[:2])
    together = Together(2, scene.chance)
    for _ in range(rounds):
        order = _transfer(scene, together, quality, scene.chance.choice(people))
        seen[order or "wrong"] += 1
        wrong += order is None
    together.close()
    return {"rounds": rounds, **seen, "ok": wrong == 0}


def _transfer(scene: Scene, together: Together, quality: Person, to: Person) -> str | None:
    """Which came first; None when the warning went to somebody who did not owe the sheet."""
    due = ask.now() + SOON
    case = scene.winder.wind_at(1, due).ids[0]
    said: dict[str, Any] = {"branch": to.branch, "person": to, "basis": "货在该机构滞留"}
    together.run(
        [
            lambda: sweep(until=due),
            lambda: rulings.rule(case, **said, by=quality, at=due - MILLISECOND),
        ],
        after=due - ask.now(),
    )
    ruled = Event.objects.get(complaint=case, kind="rule").pk
    warned = Event.objects.filter(
        complaint=case, kind="warn", data__clock=ClockKind.SHEET.value
    ).values_list("pk", "data")
    # a sweep leaves out the case that is being ruled just then; the next one takes it
    until(warned.exists, "nobody was warned of the sheet")
    [(pk, data)] = warned.all()
    if ruled < pk:
        return "ruled_first" if data["told"] == [to.pk] else None
    return "warned_first" if data["told"] and to.pk not in data["told"] else None


def money(scene: Scene) -> dict[str, Any]:
    """F28: approve and approve, approve and cancel, approve and propose, approve and a limit
    that is lowered: never more than whoever approved may promise, never decided twice."""
    over = 0
    seen: Counter[str] = Counter()
    rounds = scene.pick(60, 2000)
    together = Together(2, scene.chance)
    cast = _Cast()
    games = (_both_approve, _one_cancels, _one_proposes, _limit_falls)
    ids = scene.winder.wind_at(rounds, ask.now() + timedelta(hours=1)).ids
    for number, case in enumerate(ids):
        game = games[number % len(games)]
        ended, right = game(together, cast, case, ask.now())
        seen[f"{game.__name__.strip('_')}:{ended}"] += 1
        over += not right
    together.close()
    return {"rounds": rounds, **dict(sorted(seen.items())), "over": over, "ok": over == 0}


class _Cast:
    """Two who may approve up to LIMIT, owners who propose more than they may promise."""

    def __init__(self) -> None:
        _set_limit(LIMIT)
        self.first = Person.objects.get(role=Role.SUPERVISOR, branch__parent=None)
        self.second = self.first
        for person in Person.objects.filter(role=Role.DIRECTOR):
            self.second = person

    def propose(self, case: int, at: datetime) -> Remedy:
        owner = Complaint.objects.select_related("owner").get(pk=case).owner
        return remedies.propose(
            case, kind=RemedyKind.REFUND, amount=AMOUNT, description="退款", by=owner, at=at
        )


Ended = tuple[str, bool]


def _decide(remedy: Remedy, by: Person, at: datetime) -> Deed:
    return lambda: remedies.decide(remedy.pk, approve=True, note="", by=by, at=at)


def _both_approve(together: Together, cast: _Cast, case: int, at: datetime) -> Ended:
    remedy = cast.propose(case, at)
    answers = together.run([_decide(remedy, by, at) for by in (cast.first, cast.second)])
    decided = [answer for answer in answers if isinstance(answer, Remedy)]
    events = Event.objects.filter(complaint=case, kind="decide_remedy").count()
    return f"{len(decided)}_decided", len(decided) == events == 1 and _promised(case) == AMOUNT


def _one_cancels(together: Together, cast: _Cast, case: int, at: datetime) -> Ended:
    remedy = cast.propose(case, at)
    approved, cancelled = together.run([
        _decide(remedy, cast.first, at),
        lambda: remedies.cancel(remedy.pk, note="客户改主意", by=cast.second, at=at),
    ])  # fmt: skip
    remedy.refresh_from_db()
    right = isinstance(cancelled, Remedy) and remedy.state == RemedyState.CANCELLED
    order = "approved_first" if isinstance(approved, Remedy) else "cancelled_first"
    return order, right and _promised(case) == 0


def _one_proposes(together: Together, cast: _Cast, case: int, at: datetime) -> Ended:
    remedy = cast.propose(case, at)
    approved, _ = together.run([
        _decide(remedy, cast.first, at),
        lambda: cast.propose(case, at),
    ])  # fmt: skip
    order = "approved_first" if isinstance(approved, Remedy) else "proposed_first"
    return order, _promised(case) == (AMOUNT if isinstance(approved, Remedy) else 0)


def _limit_falls(together: Together, cast: _Cast, case: int, at: datetime) -> Ended:
    remedy = cast.propose(case, at)
    _set_limit(LIMIT)
    approved, _ = together.run([
        _decide(remedy, cast.first, at),
        lambda: _set_limit(LOWERED),
    ])  # fmt: skip
    late = _again(cast, case, at)
    _set_limit(LIMIT)
    order = "approved_first" if isinstance(approved, Remedy) else "lowered_first"
    return order, _promised(case) <= LIMIT and not late


def _again(cast: _Cast, case: int, at: datetime) -> bool:
    """Whether somebody whose limit has fallen still gets through."""
    try:
        more = cast.propose(case, at)
        _decide(more, cast.first, at)()
    except RuleBroken:
        return False
    return True


def _set_limit(amount: Decimal) -> None:
    AuthorityLimit.objects.filter(role=Role.SUPERVISOR).update(amount=amount)


def _promised(case: int) -> Decimal:
    promised = Remedy.objects.filter(complaint=case, state__in=_BINDING)
    return sum((remedy.amount for remedy in promised), Decimal(0))
