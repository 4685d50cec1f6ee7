"""The outcome never depends on when sweeps ran: the same history of deeds, swept every time, at
random or once at the end, leaves the same outcomes, the same breaches told and the same refusals,
and they are those of a small model that knows nothing of sweeps.

EXAMPLES=5000 plays more of them than the 300 of an ordinary run.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.errors import RuleBroken
from complaints import closing
from complaints.escalation import sweep
from complaints.models import Clock, Complaint, Escalation, Means, Severity
from complaints.outcome import outcome
from quality import sheets
from tests.complaints.scenes import (
    HOUR,
    MINUTE,
    accept,
    answer,
    apologise,
    call_back,
    reject,
    rule,
    submit,
)
from tests.conftest import MONDAY, Cast, Register

EXAMPLES = int(os.environ.get("EXAMPLES", "300"))
END = MONDAY + 400 * HOUR
LENGTHS = {"apology": 1, "result": 24, "sheet": 48, "callback": 72}

#: What people do, each after so many minutes, and how long before it was typed in it took place.
deeds = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "apologise", "try_by_phone", "try_by_sms", "answer", "accept", "reject", "rule",
                "submit", "return", "reopen", "call", "ring_phone", "ring_wechat", "withdraw",
            ]
        ),
        st.one_of(st.integers(1, 40), st.integers(40, 2000)),
        st.sampled_from([0, 0, 10, 20, 45, 90]),
    ),
    max_size=9,
)  # fmt: skip
sweeps = st.lists(st.integers(0, 200 * 60), max_size=6)


@dataclass
class Round:
    """What the model keeps of one round: times only."""

    start: datetime
    reached: dict[str, list[datetime]] = field(default_factory=dict)
    tries: list[tuple[datetime, str]] = field(default_factory=list)
    calls: list[tuple[datetime, str]] = field(default_factory=list)
    returns: int = 0
    void_at: dict[str, datetime] = field(default_factory=dict)

    def outcomes(self, at: datetime) -> dict[str, str]:
        return {kind: self._outcome(kind, at) for kind in LENGTHS}

    def proof(self, kind: str) -> tuple[datetime, str] | None:
        due = self.start + LENGTHS[kind] * HOUR
        met = [(at, "met") for at in sorted(self.reached.get(kind, []))[:1]]
        other = self._attempted(due) if kind == "apology" else None
        other = self._unreachable() if kind == "callback" else other
        found = met + ([other] if other else [])
        in_time = [one for one in found if one[0] <= due]
        return in_time[0] if in_time else min(found, default=None)

    def _outcome(self, kind: str, at: datetime) -> str:
        due = self.start + LENGTHS[kind] * HOUR
        met = self.proof(kind)
        if kind == "sheet" and self.returns > 1:
            met = None
        ended = met[0] if met else self.void_at.get(kind, at)
        if ended > due:
            return "breached"
        return met[1] if met else "na" if kind in self.void_at else "running"

    def _attempted(self, due: datetime) -> tuple[datetime, str] | None:
        tries = sorted(one for one in self.tries if one[0] <= due)
        pairs = [
            later[0]
            for number, earlier in enumerate(tries)
            for later in tries[number:]
            if later[1] != earlier[1] and later[0] - earlier[0] >= 15 * MINUTE
        ]
        return (min(pairs), "attempted") if pairs else None

    def _unreachable(self) -> tuple[datetime, str] | None:
        calls = sorted(self.calls)
        for count in range(3, len(calls) + 1):
            hours = [(at + timedelta(hours=8)).hour for at, _means in calls[:count]]
            parts = {0 if hour < 12 else 1 if hour < 18 else 2 for hour in hours}
            if len(parts) > 1 and len({means for _at, means in calls[:count]}) > 1:
                return calls[count - 1][0], "unreachable"
        return None


class Played:
    """One case, a history of deeds, and sweeps where the schedule wants them."""

    def __init__(self, cast: Cast, register: Register, severity: Severity) -> None:
        self.cast, self.severity = cast, severity
        self.case = register(severity=severity)
        self.refused: list[str] = []
        self.rounds = [Round(MONDAY)]

    def play(self, history: Sequence[tuple[str, int, int]], sweeping: Callable[[datetime], Any]):
        at = MONDAY
        for deed, after, before in history:
            at += after * MINUTE
            sweeping(at)
            try:
                with transaction.atomic():
                    getattr(self, deed)(at, max(at - before * MINUTE, MONDAY))
            except RuleBroken as reason:
                self.refused.append(f"{deed} {reason.code}")
            except Complaint.DoesNotExist:
                self.refused.append(f"{deed} unseen")
        sweep(until=END)
        while sweep(until=END):
            pass

    # each deed: what is done, and what the model keeps of it when it was not refused

    def _round_of(self, moment: datetime) -> Round | None:
        """The present round, if the talk took place in it."""
        now = self.rounds[-1]
        return now if len(self.rounds) == 1 or moment >= now.start else None

    def _talk(self, kind: str, moment: datetime) -> None:
        found = self._round_of(moment)
        if found and kind not in found.void_at:
            found.reached.setdefault(kind, []).append(moment)

    def apologise(self, at: datetime, said_at: datetime) -> None:
        apologise(self.case, by=self.cast.li, at=at, occurred_at=said_at)
        self._talk("apology", said_at)

    def _attempt(self, at: datetime, said_at: datetime, means: Means) -> None:
        apologise(
            self.case, by=self.cast.li, at=at, occurred_at=said_at, reached=False, means=means
        )
        found = self._round_of(said_at)
        if found and "apology" not in found.void_at:
            found.tries.append((said_at, means))

    def try_by_phone(self, at: datetime, said_at: datetime) -> None:
        self._attempt(at, said_at, Means.PHONE)

    def try_by_sms(self, at: datetime, said_at: datetime) -> None:
        self._attempt(at, said_at, Means.SMS)

    def answer(self, at: datetime, said_at: datetime) -> None:
        answer(self.case, by=self.cast.li, at=at, occurred_at=said_at)
        self._talk("result", said_at)

    def accept(self, at: datetime, _said_at: datetime) -> None:
        was_invalid = Complaint.objects.get(pk=self.case.pk).status == "invalid"
        accept(self.case, self.cast, at=at)
        if was_invalid:
            self.rounds[-1].void_at.clear()

    def reject(self, at: datetime, _said_at: datetime) -> None:
        reject(self.case, self.cast, at=at)
        self._void(at, LENGTHS)

    def rule(self, at: datetime, _said_at: datetime) -> None:
        rule(self.case, self.cast, at=at)

    def submit(self, at: datetime, _said_at: datetime) -> None:
        submit(self.case, by=self.cast.ma, at=at)
        if "sheet" not in self.rounds[-1].void_at:
            self.rounds[-1].reached.setdefault("sheet", []).append(at)

    def _void(self, at: datetime, kinds: Any) -> None:
        now = self.rounds[-1]
        for kind in kinds:
            stopped = now.proof(kind) is not None and not (kind == "sheet" and now.returns > 1)
            if not stopped:
                now.void_at.setdefault(kind, at)

    def reopen(self, at: datetime, _said_at: datetime) -> None:
        closing.reopen(self.case.pk, reason="仍不满意", by=self.cast.li, at=at)
        self._void(at, LENGTHS)
        self.rounds.append(Round(at))

    def call(self, at: datetime, _said_at: datetime) -> None:
        call_back(self.case, by=self.cast.chen, at=at)
        self.rounds[-1].reached.setdefault("callback", []).append(at)

    def _ring(self, at: datetime, means: Means) -> None:
        answers = {"satisfied": None, "solved": None}
        call_back(self.case, by=self.cast.chen, at=at, reached=False, means=means, **answers)
        self.rounds[-1].calls.append((at, means))

    def ring_phone(self, at: datetime, _said_at: datetime) -> None:
        self._ring(at, Means.PHONE)

    def ring_wechat(self, at: datetime, _said_at: datetime) -> None:
        self._ring(at, Means.WECHAT)

    def withdraw(self, at: datetime, _said_at: datetime) -> None:
        closing.withdraw(self.case.pk, said_by="客户本人", note="来电撤诉", by=self.cast.li, at=at)
        minor = self.severity == Severity.MINOR
        self._void(at, LENGTHS if minor else ("apology", "result", "callback"))

    def found(self) -> dict[str, Any]:
        """All that must not depend on the sweeps."""
        clocks = Clock.objects.filter(complaint=self.case)
        told = Escalation.objects.filter(complaint=self.case, level__lte=1)
        return {
            "outcomes": {(row.round, row.kind): outcome(row, END).value for row in clocks},
            "told": sorted(told.values_list("clock__round", "clock__kind", "step", "rang_at")),
            "refused": self.refused,
        }

    def expected(self) -> dict[tuple[int, str], str]:
        return {
            (number, kind): said
            for number, one in enumerate(self.rounds, start=1)
            for kind, said in one.outcomes(END).items()
        }


setattr(
    Played,
    "return",
    lambda self, at, _said_at: (
        sheets.send_back(self.case.pk, opinion="原因不清", by=self.cast.chen, at=at),
        setattr(self.rounds[-1], "returns", self.rounds[-1].returns + 1),
    ),
)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=deeds, schedule=sweeps, severity=st.sampled_from([Severity.MINOR, Severity.MAJOR]))
def test_outcomes_and_breaches_do_not_depend_on_the_sweeps(
    cast: Cast,
    register: Register,
    history: list[tuple[str, int, int]],
    schedule: list[int],
    severity: Severity,
) -> None:
    moments = [MONDAY + minute * MINUTE for minute in schedule]
    found = []
    for sweeping in (
        lambda at: None,  # once, at the end
        lambda at: [sweep(until=moment) for moment in moments if moment <= at],
        lambda at: sweep(until=at),
    ):
        with transaction.atomic():
            played = Played(cast, register, severity)
            played.play(history, sweeping)
            found.append(played.found())
            expected = played.expected()
            transaction.set_rollback(True)
    assert found[0] == found[1] == found[2]
    outcomes = {key: said for key, said in found[0]["outcomes"].items() if key[1] != "resubmit"}
    assert outcomes == expected
