"""How an unstaged case goes from apology to callback: verbs of the script, at chosen hours."""

from collections.abc import Callable
from datetime import timedelta
from random import Random

from recovery.demo.drafts import Draft
from recovery.demo.script import DIRECTOR, Script
from recovery.demo.stories import NOT_VALID

_DAY = range(8, 21)


class Course:
    """Draws hours after receipt, by day where people of the day shift act."""

    def __init__(self, draft: Draft, script: Script, times: Random) -> None:
        self.draft = draft
        self.script = script
        self.times = times
        self.entered = (script.story.entered_at - script.story.received_at) / timedelta(hours=1)

    def run(self) -> None:
        """Plays the ending that the draft has."""
        ways: dict[str, Callable[[], None]] = {
            "invalid": self._invalid,
            "withdrawn": self._withdrawn,
            "anonymous": self._anonymous,
            "on_spot": self._on_spot,
            "dissatisfied": self._dissatisfied,
            "came_back": self._came_back,
        }
        ways.get(self.draft.ending, self._ordinary)()

    @property
    def _severe(self) -> bool:
        """Escalated to the director on receipt, so that nobody below is asked to acknowledge."""
        return self.draft.template.severity == "critical"

    def _late(self, clock: str) -> bool:
        return clock in self.draft.late

    def _by_day(self, low: float, high: float) -> float:
        """An hour between the two, at daytime when there is one."""
        drawn = high
        for _ in range(24):
            drawn = self.times.uniform(low, high)
            if (self.script.story.received_at + timedelta(hours=drawn)).hour in _DAY:
                break
        return drawn

    def _next_day(self, hours: float) -> float:
        """This hour, or the next morning when it falls into the night."""
        moment = self.script.story.received_at + timedelta(hours=hours)
        if moment.hour in _DAY:
            return hours
        morning = moment.replace(hour=8, minute=0) + timedelta(days=moment.hour >= _DAY.stop)
        opened = (morning - self.script.story.received_at) / timedelta(hours=1)
        return opened + self.times.uniform(0.1, 1.4)

    def _apologise(self) -> None:
        """Inside the hour or late; now and then typed in later."""
        late = self._late("apology")
        said = self.times.uniform(1.15, 3.2) if late else self.times.uniform(0.08, 0.88)
        if self.times.random() < 0.08:
            self.script.attempt(said * 0.5)
        typed_later = self.times.uniform(0.6, 1.6) if self.times.random() < 0.07 else 0.05
        recorded = max(said, self.entered) + typed_later
        self.script.apologise(said, recorded)
        self._apology_escalated(recorded)

    def _apology_escalated(self, recorded: float) -> None:
        """Whoever was told before the apology was on record has seen it."""
        if self._severe:
            self.script.seen_at_once(self.times.uniform(0.1, 0.6))
            if recorded > 3:
                self.script.acknowledge(recorded + 0.1, "apology", DIRECTOR)
        elif recorded > 1.5:
            if self.entered < 1.05:
                self.script.acknowledge(self.times.uniform(1.05, 1.45), "apology")
            self.script.acknowledge(recorded + 0.1, "apology", DIRECTOR)
        elif recorded > 1:
            self.script.acknowledge(recorded + 0.1, "apology")

    def _sort_and_rule(self) -> float:
        """When it was ruled."""
        accepted = self._next_day(self.entered + self.times.uniform(0.2, 3.5))
        ruled = accepted + self.times.uniform(0.1, 1.2)
        self.script.accept(accepted)
        self.script.rule(ruled)
        return ruled

    def _tell_result(self, ruled: float) -> float:
        """When the result was told, with the remedy before it."""
        if self._late("result"):
            told = self._by_day(24.6, 38)
            self.script.acknowledge(24 + self.times.uniform(0.1, 0.55), "result")
            if told > 28:
                self.script.acknowledge(told + 0.2, "result", DIRECTOR)
        else:
            told = self._by_day(ruled + 0.3, max(ruled + 1, self.times.uniform(10, 23.4)))
        if told - ruled > 4:
            self.script.progress(self._by_day(ruled + 0.3, told - 1))
        self._make_good(ruled, told)
        self.script.result(told)
        return told

    def _make_good(self, ruled: float, told: float) -> None:
        if not self.draft.template.remedy:
            return
        left = told - ruled
        offered = self._by_day(ruled + left * 0.1, told - left * 0.2)
        self.script.remedy(offered)
        if self.script.needs_approval:
            left = told - offered
            self.script.approve(self._by_day(offered + left * 0.1, told - left * 0.1))
        self.script.deliver(self._by_day(told + 2, told + 44))

    def _rectify(self, ruled: float, start: float = 0, late: bool = False) -> None:
        """The sheet of a round that began at `start`, perhaps returned once, then verified."""
        if late:
            handed_in = self._by_day(start + 48.5, start + 64)
            self.script.acknowledge(start + 48 + self.times.uniform(0.1, 0.4), "sheet")
        else:
            handed_in = self._by_day(ruled + 5, start + 47.2)
        self.script.sheet(handed_in)
        if self.times.random() < 0.08:
            returned = self._next_day(handed_in + self.times.uniform(2, 9))
            self.script.send_back(returned)
            handed_in = self._by_day(returned + 2, returned + 22)
            self.script.sheet(handed_in)
        self.script.verify(self._by_day(handed_in + 18, handed_in + 120))

    def _call_time(self, told: float) -> float:
        """When the callback reached the customer in round 1."""
        if self._late("callback"):
            self.script.acknowledge(72 + self.times.uniform(0.2, 0.9), "callback")
            return self._by_day(73, 88)
        called = self._by_day(max(told + 2, 24), max(told + 15, self.times.uniform(38, 69)))
        if self.times.random() < 0.12:
            self.script.no_answer(self._by_day(told + 0.5, called - 0.5))
        return called

    def _round(self) -> float:
        """Everything of round 1 up to the callback; when that is."""
        self._apologise()
        ruled = self._sort_and_rule()
        told = self._tell_result(ruled)
        if self.draft.ending not in ("dissatisfied", "came_back"):
            self._rectify(ruled, late=self._late("sheet"))
        return self._call_time(told)

    def _second_round(self, start: float) -> None:
        self.script.apologise(start + self.times.uniform(0.1, 0.85))
        if self._severe:
            self.script.seen_at_once(start + self.times.uniform(0.1, 0.6))
        told = self._by_day(start + 2, start + 22)
        self.script.result(told)
        self._rectify(start, start)
        self.script.satisfied(self._by_day(told + 3, start + 60))

    def _ordinary(self) -> None:
        self.script.satisfied(self._round())

    def _first_sheet(self, before: float) -> None:
        """A sheet that stands when the next round begins."""
        self.script.sheet(min(self._by_day(20, 45), before - 0.5))

    def _dissatisfied(self) -> None:
        called = self._round()
        self._first_sheet(called)
        self.script.dissatisfied(called)
        self._second_round(called)

    def _came_back(self) -> None:
        called = self._round()
        self._first_sheet(called)
        self.script.satisfied(called)
        again = self._next_day(called + self.times.uniform(14, 60))
        self.script.come_back(again)
        self._second_round(again)

    def _invalid(self) -> None:
        self._apologise()
        found = next(fate for fate in NOT_VALID if fate[0] is self.draft.template)
        hours = self._next_day(self.entered + self.times.uniform(1.2, 4))
        self.script.invalidate(max(hours, 3.4) if self._late("apology") else hours, *found[1:])

    def _withdrawn(self) -> None:
        """A minor case owes nothing more; any other still owes its sheet."""
        self._apologise()
        ruled = max(self._sort_and_rule(), 3.5)
        self.script.withdraw(self._by_day(ruled + 0.5, ruled + 9))
        if self.draft.template.severity != "minor":
            self._rectify(ruled)

    def _anonymous(self) -> None:
        """Nobody to talk to; the firm still owes itself the fix."""
        ruled = self._sort_and_rule()
        handed_in = self._by_day(ruled + 5, 46)
        verified = self._by_day(handed_in + 16, handed_in + 60)
        self.script.sheet(handed_in)
        self.script.verify(verified)
        self.script.close(verified + 0.2)

    def _on_spot(self) -> None:
        ruled = self._sort_and_rule()
        self._rectify(ruled, late=self._late("sheet"))
        self.script.satisfied(self._call_time(ruled))
