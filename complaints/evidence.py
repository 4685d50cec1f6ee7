"""What proves that a clock was answered: pure functions of the talks of one round, in whatever
order they were typed in (`docs/domain.md` section 3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product

from django.utils import timezone

from complaints.models import Callback, ClockKind, Contact, ContactKind, MetAs

#: Two attempts count as such when they lie at least so far apart.
APART = timedelta(minutes=15)
#: So many calls without an answer, in two parts of the day and by two means: out of reach.
ENOUGH_CALLS = 3

KIND_OF = {ContactKind.APOLOGY: ClockKind.APOLOGY, ContactKind.RESULT: ClockKind.RESULT}


@dataclass(frozen=True)
class Proof:
    """When a clock was answered, and how."""

    at: datetime
    how: MetAs


def of_talks(contacts: Sequence[Contact], due_at: datetime) -> Proof | None:
    """The proof in these talks of one kind. Somebody reached by `due_at` counts before attempts;
    an apology that was tried twice, by two means and 15 minutes apart, all by `due_at`, is
    尽力未达; somebody reached later is late."""
    reached = min((talk.occurred_at for talk in contacts if talk.reached), default=None)
    if reached and reached <= due_at:
        return Proof(reached, MetAs.MET)
    tried = _attempted([talk for talk in contacts if talk.kind == ContactKind.APOLOGY], due_at)
    if tried:
        return Proof(tried, MetAs.ATTEMPTED)
    return Proof(reached, MetAs.MET) if reached else None


def _attempted(contacts: Iterable[Contact], due_at: datetime) -> datetime | None:
    """When the second of two fitting attempts was made, the earliest such moment."""
    tries = [talk for talk in contacts if not talk.reached and talk.occurred_at <= due_at]
    return min(
        (
            later.occurred_at
            for earlier, later in product(tries, tries)
            if later.means != earlier.means and later.occurred_at - earlier.occurred_at >= APART
        ),
        default=None,
    )


def of_callbacks(callbacks: Iterable[Callback], due_at: datetime) -> Proof | None:
    """The proof in the callbacks of one round: answered; else, when three calls in two parts of
    the day and by two means stayed without an answer, 无法联系 from the last of them on. What came
    by `due_at` counts before what came later."""
    calls = sorted(callbacks, key=lambda call: call.occurred_at)
    answered = next((call.occurred_at for call in calls if call.reached), None)
    given_up = _given_up([call for call in calls if not call.reached])
    proofs = [Proof(answered, MetAs.MET)] if answered else []
    proofs += [Proof(given_up, MetAs.UNREACHABLE)] if given_up else []
    return next((proof for proof in proofs if proof.at <= due_at), None) or min(
        proofs, key=lambda proof: proof.at, default=None
    )


def _given_up(calls: Sequence[Callback]) -> datetime | None:
    """When the call was made with which the customer counts as out of reach."""
    for count in range(ENOUGH_CALLS, len(calls) + 1):
        made = calls[:count]
        parts = {part_of_day(call.occurred_at) for call in made}
        if len(parts) >= 2 and len({call.means for call in made}) >= 2:
            return made[-1].occurred_at
    return None


def part_of_day(at: datetime) -> str:
    """Morning until noon, afternoon until six, then evening, in the firm's zone."""
    hour = timezone.localtime(at).hour
    return "morning" if hour < 12 else "afternoon" if hour < 18 else "evening"
