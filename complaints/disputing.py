"""Where a ruling stands (判定、争议、复核、终裁): pure functions of rows and of the time.

That nobody disputes a ruling is said by the clock, not stored: nothing has to run for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from complaints.models import Dispute, DisputeOutcome, Ruling, RulingStage
from staff.models import Branch, Person, Role

#: How long a ruled branch has to dispute a ruling or to take a review further; its end included.
WINDOW = timedelta(hours=24)


class RulingState(TextChoices):
    FIRST = "first", _("可申诉")
    UNDISPUTED = "undisputed", _("无异议")
    DISPUTED = "disputed", _("争议中")
    REVIEWED = "reviewed", _("已复核")
    FINAL = "final", _("已终裁")


def standing(rulings: Iterable[Ruling]) -> Ruling | None:
    """The one of a case's rulings that stands; None before the first."""
    return next((each for each in rulings if each.superseded_at is None), None)


def until(ruling: Ruling) -> datetime:
    """The last instant at which the ruling may be disputed."""
    return ruling.at + WINDOW


def open_dispute(ruling: Ruling) -> Dispute | None:
    """The dispute about it that waits for its answer."""
    return next(
        (each for each in ruling.disputes.all() if each.outcome == DisputeOutcome.OPEN), None
    )


def state(ruling: Ruling, at: datetime) -> RulingState:
    """Where the ruling stands at `at`, whether it was superseded since or not. `disputes` may be
    prefetched."""
    if open_dispute(ruling):
        return RulingState.DISPUTED
    if ruling.stage == RulingStage.FINAL:
        return RulingState.FINAL
    if ruling.stage == RulingStage.REVIEWED:
        return RulingState.REVIEWED
    return RulingState.UNDISPUTED if at > until(ruling) else RulingState.FIRST


def is_open_to_dispute(ruling: Ruling, at: datetime) -> bool:
    """Whether a branch that it names may still say no: it stands, it is not final, nobody has
    disputed it, and no more than 24 h have passed."""
    return (
        ruling.superseded_at is None
        and ruling.stage != RulingStage.FINAL
        and at <= until(ruling)
        and not ruling.disputes.all()
    )


def is_settled(ruling: Ruling, at: datetime) -> bool:
    """Whether nothing can be said against it any more but by the general manager."""
    final = ruling.stage == RulingStage.FINAL
    return not open_dispute(ruling) and (final or at > until(ruling))


def speaks_for(ruling: Ruling, person: Person) -> Branch | None:
    """The ruled branch for which this person may dispute: the rectifier for the one that leads,
    a supervisor for any that lies in their branch or below it. None: for none."""
    for part in ruling.parts.all():
        if part.branch is None:
            continue
        if part.lead and part.person_id == person.pk:
            return part.branch
        if person.role == Role.SUPERVISOR and part.branch.path.startswith(person.branch.path):
            return part.branch
    return None
