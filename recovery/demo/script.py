"""Writes the steps of one story, each verb at so many hours after receipt."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from recovery.demo import replies, steps
from recovery.demo.firm import COMPENSATION_LIMITS, branch_of, parent_of, people_in
from recovery.demo.sheets import sheets_for
from recovery.demo.steps import Step, Story
from recovery.demo.stories import Template

MEANS = ("phone", "phone", "phone", "wechat", "sms")
DIRECTOR = people_in("HQ", "director")[0].username


class Script:
    """Who acts is settled at the start; words come from `words`, times from the caller."""

    def __init__(
        self, story: Story, template: Template, slots: Mapping[str, str], words: Random
    ) -> None:
        self.story = story
        self.template = template
        self.slots = dict(slots)
        self.words = words
        self.steps: list[Step] = []
        self.again = False
        self.owner_branch = branch_of(story.owner)
        self.rectifier = self._a_rectifier()
        self.sorter = self._a_sorter()
        self.caller = words.choice(people_in("HQ", "quality")).username
        self.pay = Decimal(self.slots.get("pay", "0"))

    def at(self, hours: float) -> datetime:
        """This long after receipt, never before the case was typed in, to the second."""
        moment = self.story.received_at + timedelta(seconds=round(hours * 3600))
        return max(moment, self.story.entered_at)

    def finished(self, now: datetime) -> tuple[Step, ...]:
        """What has happened by `now`, in order of time."""
        return tuple(sorted((s for s in self.steps if s.at <= now), key=lambda s: s.at))

    def apologise(self, hours: float, recorded: float = 0) -> None:
        """Reached the customer; typed in at `recorded` hours when that is later."""
        said = self.words.choice(
            replies.SECOND_APOLOGIES if self.again else replies.APOLOGIES[self._top]
        ).format(name=self.slots["greeting"])
        means = self.words.choice(MEANS)
        self.steps.append(self._contact(steps.Apology, hours, recorded, means, True, said))

    def attempt(self, hours: float) -> None:
        """Tried to apologise and reached nobody."""
        said = self.words.choice(replies.NO_ANSWER)
        self.steps.append(self._contact(steps.Apology, hours, 0, "phone", False, said))

    def progress(self, hours: float) -> None:
        """A word in between."""
        said = self.words.choice(replies.PROGRESS[self._top])
        self.steps.append(self._contact(steps.Progress, hours, 0, "wechat", True, said))

    def result(self, hours: float) -> None:
        """The decision told, by the owner or now and then by the rectifier."""
        if self.again:
            said = self.words.choice(replies.SECOND_RESULTS)
        else:
            said = self.template.result.format_map(self.slots)
        told = self._contact(steps.Result, hours, 0, self.words.choice(MEANS), True, said)
        self.steps.append(told)

    def accept(self, hours: float) -> None:
        """Sorted as valid."""
        self.steps.append(steps.Accept(at=self.at(hours), by=self.sorter))

    def invalidate(self, hours: float, reason: str, note: str) -> None:
        """Sorted out."""
        self.steps.append(
            steps.Invalid(at=self.at(hours), by=self.sorter, reason=reason, note=note)
        )

    def rule(self, hours: float) -> None:
        """The branch concerned and a person in it answer for the fix."""
        name = self.slots["branch"]
        basis = replies.BASES[self.story.category].format(branch=name)
        self.steps.append(
            steps.Rule(
                at=self.at(hours), by=self.sorter, branch=self.story.branch,
                rectifier=self.rectifier, basis=basis,
            )
        )  # fmt: skip

    def acknowledge(self, hours: float, clock: str, by: str = "") -> None:
        """Seen by the supervisor of whoever owes it, by the director for a late callback, or by
        whoever is named."""
        branch = self.story.branch if clock == "sheet" else self.owner_branch
        supervisor = people_in(branch, "supervisor")[0].username
        who = by or (DIRECTOR if clock == "callback" else supervisor)
        note = self.words.choice(replies.ACKNOWLEDGED)
        self.steps.append(steps.Acknowledge(at=self.at(hours), by=who, clock=clock, note=note))

    def seen_at_once(self, hours: float) -> None:
        """The director has seen a case that was escalated on receipt."""
        note = "已知悉，重大投诉由我盯办，请随时报告进展。"
        at = self.at(hours)
        self.steps.append(steps.Acknowledge(at=at, by=DIRECTOR, clock="apology", note=note))

    def remedy(self, hours: float) -> None:
        """What the template gives, offered by the owner."""
        kind = self.template.remedy
        self.steps.append(
            steps.Remedy(
                at=self.at(hours), by=self.story.owner, kind=kind, amount=self.pay,
                description=replies.REMEDIES[kind].format_map(self.slots),
                needs_approval=self.needs_approval,
            )
        )  # fmt: skip

    def approve(self, hours: float) -> None:
        """Granted by the lowest in line whose limit covers it and who has no part in the case."""
        note = self.words.choice(replies.GRANTED)
        self.steps.append(steps.RemedyApproved(at=self.at(hours), by=self._approver, note=note))

    def deliver(self, hours: float) -> None:
        """The customer has it."""
        proof = replies.PROOFS[self.template.remedy]
        self.steps.append(
            steps.RemedyDelivered(at=self.at(hours), by=self.story.owner, proof=proof)
        )

    def sheet(self, hours: float) -> None:
        """Handed in, with a date to be done by."""
        at = self.at(hours)
        text = self.words.choice(sheets_for(self.story.category)).filled(self.slots)
        until = (at + timedelta(days=self.words.randint(5, 14))).date()
        self.steps.append(
            steps.SheetSubmitted(at=at, by=self.rectifier, sheet=text, committed_on=until)
        )

    def send_back(self, hours: float) -> None:
        """The sheet does not do yet."""
        reason = self.words.choice(replies.RETURN_REASONS)
        self.steps.append(steps.SheetReturned(at=self.at(hours), by=self.caller, reason=reason))

    def verify(self, hours: float) -> None:
        """The fix works."""
        guidance = self.words.choice(replies.GUIDANCE)
        self.steps.append(steps.SheetVerified(at=self.at(hours), by=self.caller, guidance=guidance))

    def no_answer(self, hours: float) -> None:
        """A callback that reached nobody."""
        words = self.words.choice(replies.NOT_REACHED)
        self.steps.append(self._callback(hours, None, None, words))

    def satisfied(self, hours: float) -> None:
        """Called back, and done."""
        words = self.words.choice(replies.SATISFIED)
        self.steps.append(self._callback(hours, True, self.words.choice((4, 5, 5)), words))

    def dissatisfied(self, hours: float) -> None:
        """Called back, and a second round begins."""
        words = self.words.choice(replies.DISSATISFIED)
        self.steps.append(self._callback(hours, False, self.words.choice((1, 1, 2, 2, 3)), words))
        self.again = True

    def come_back(self, hours: float) -> None:
        """The customer of a closed case calls again, and a second round begins."""
        reason = self.words.choice(replies.CAME_BACK)
        self.steps.append(steps.Reopen(at=self.at(hours), by=self.story.owner, reason=reason))
        self.again = True

    def withdraw(self, hours: float) -> None:
        """The customer takes it back."""
        said_by = self.story.name or "客户"
        note = self.words.choice(replies.WITHDRAW_REASONS)
        self.steps.append(
            steps.Withdraw(at=self.at(hours), by=self.story.owner, said_by=said_by, note=note)
        )

    def close(self, hours: float) -> None:
        """Closed by hand."""
        self.steps.append(steps.Close(at=self.at(hours), by=self.story.owner))

    @property
    def needs_approval(self) -> bool:
        """Whether the remedy is beyond what the owner may promise."""
        return self.pay > COMPENSATION_LIMITS["frontline"]

    @property
    def _top(self) -> str:
        return self.story.category.split("-")[0]

    @property
    def _approver(self) -> str:
        if self.pay > COMPENSATION_LIMITS["supervisor"]:
            return DIRECTOR
        first = people_in(self.owner_branch, "supervisor")[0].username
        if first != self.rectifier:
            return first
        return people_in(parent_of(self.owner_branch), "supervisor")[0].username

    def _contact(
        self,
        kind: type[steps.Apology] | type[steps.Progress] | type[steps.Result],
        hours: float,
        recorded: float,
        means: str,
        reached: bool,
        said: str,
    ) -> Step:
        occurred_at = self.story.received_at + timedelta(seconds=round(hours * 3600))
        ruled = any(isinstance(step, steps.Rule) for step in self.steps)
        by_rectifier = kind is steps.Result and ruled and self.words.random() < 0.2
        return kind(
            at=max(self.at(hours), self.at(recorded)),
            by=self.rectifier if by_rectifier else self.story.owner,
            occurred_at=occurred_at, means=means, reached=reached, text=said,
        )  # fmt: skip

    def _callback(self, hours: float, satisfied: bool | None, score: int | None, said: str) -> Step:
        return steps.Callback(
            at=self.at(hours), by=self.caller, means="phone", reached=satisfied is not None,
            satisfied=satisfied, solved=satisfied, score=score, words=said,
        )  # fmt: skip

    def _a_rectifier(self) -> str:
        """Mostly the supervisor; otherwise somebody of the branch who does not own the case."""
        others = [p for p in people_in(self.story.branch, "frontline")
                  if p.username != self.story.owner]  # fmt: skip
        supervisors = people_in(self.story.branch, "supervisor")
        return self.words.choice((*supervisors, *supervisors, *others)).username

    def _a_sorter(self) -> str:
        """Quality of headquarters, or of the region for the cases that it can see."""
        near = people_in(parent_of(self.owner_branch), "quality")
        return self.words.choice((*near, *people_in("HQ", "quality"))).username
