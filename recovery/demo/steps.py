"""What can happen to a demo complaint: the story and the dated steps that follow it."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar

from recovery.demo.sheets import SheetText


@dataclass(frozen=True, kw_only=True)
class Step:
    """One act: written down at `at` by the person with this username."""

    at: datetime
    by: str


@dataclass(frozen=True, kw_only=True)
class Contact(Step):
    """A talk with the customer that took place at `occurred_at`, never after `at`."""

    kind: ClassVar[str]
    occurred_at: datetime
    means: str
    reached: bool
    text: str


@dataclass(frozen=True, kw_only=True)
class Apology(Contact):
    """What the 1H clock waits for."""

    kind: ClassVar[str] = "apology"


@dataclass(frozen=True, kw_only=True)
class Progress(Contact):
    """Still looking into it; meets no clock."""

    kind: ClassVar[str] = "progress"


@dataclass(frozen=True, kw_only=True)
class Result(Contact):
    """The decision and the remedy, told: what the 24H clock waits for."""

    kind: ClassVar[str] = "result"


@dataclass(frozen=True, kw_only=True)
class Accept(Step):
    """Sorted as a valid complaint."""


@dataclass(frozen=True, kw_only=True)
class Invalid(Step):
    """Sorted out: not_ours, no_facts, inquiry, praise or malicious, and on what ground."""

    reason: str
    note: str


@dataclass(frozen=True, kw_only=True)
class Rule(Step):
    """The branch and the person who answer for the fix (整改责任人), and why."""

    branch: str
    rectifier: str
    basis: str


@dataclass(frozen=True, kw_only=True)
class Acknowledge(Step):
    """Seen: every escalation of this clock so far (apology, result, sheet or callback)."""

    clock: str
    note: str


@dataclass(frozen=True, kw_only=True)
class Remedy(Step):
    """A compensation offered, in yuan; beyond the author's limit it waits for approval."""

    kind: str
    amount: Decimal
    description: str
    needs_approval: bool


@dataclass(frozen=True, kw_only=True)
class RemedyApproved(Step):
    """The remedy before it is granted by somebody whose limit covers it."""

    note: str


@dataclass(frozen=True, kw_only=True)
class RemedyDelivered(Step):
    """The remedy before it reached the customer, with the proof."""

    proof: str


@dataclass(frozen=True, kw_only=True)
class SheetSubmitted(Step):
    """The rectification sheet handed in, its parts filled and a date committed to."""

    sheet: SheetText
    committed_on: date


@dataclass(frozen=True, kw_only=True)
class SheetReturned(Step):
    """Sent back; 24 h are given."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class SheetVerified(Step):
    """The effect confirmed by the issuing unit, with guidance."""

    guidance: str


@dataclass(frozen=True, kw_only=True)
class Callback(Step):
    """One attempt; the answers and the score (1 to 5) only when reached.

    A satisfied customer's case is closed by it, a dissatisfied one's opens the next round.
    """

    means: str
    reached: bool
    satisfied: bool | None
    solved: bool | None
    score: int | None
    words: str


@dataclass(frozen=True, kw_only=True)
class Reopen(Step):
    """The customer of a closed case came back: a new round with fresh clocks."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class Withdraw(Step):
    """The customer took it back: who said so, and how."""

    said_by: str
    note: str


@dataclass(frozen=True, kw_only=True)
class Close(Step):
    """Closed for the customer by hand: an anonymous case, which nobody can be called about."""


@dataclass(frozen=True, kw_only=True)
class Story:
    """One complaint as registered, and everything that happened to it until now.

    `owner` registered it at `entered_at`. `scene` names a staged case, else it is empty.
    `repeats` is the key of an earlier story of the same matter. What was said for a case
    settled on the spot stands in `settlement`, not in the steps.
    """

    key: str
    scene: str
    channel: str
    received_at: datetime
    entered_at: datetime
    owner: str
    branch: str
    category: str
    severity: str
    anonymous: bool
    name: str
    phone: str
    company: str
    role: str
    order_no: str
    text: str
    remedy_sought: str
    settled_on_spot: bool
    settlement: str
    repeats: str
    template: str
    steps: tuple[Step, ...] = field(default=())


def is_open(story: Story) -> bool:
    """Whether the customer is still owed something: not sorted out, withdrawn or closed."""
    opened = True
    for step in story.steps:
        match step:
            case Invalid() | Withdraw() | Close():
                opened = False
            case Reopen():
                opened = True
            case Callback(reached=True, satisfied=satisfied):
                opened = not satisfied
    return opened
