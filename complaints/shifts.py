"""The hand-over of a shift (交接班): all open cases offered at once, each for itself, and accepted
at once by whoever comes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from common.errors import RuleBroken
from complaints import handovers
from complaints.handovers import Offer
from complaints.models import Complaint, Handover
from staff.models import Person


@dataclass(frozen=True)
class Result:
    """What became of one case: its handover, or the rule that stood against it."""

    complaint: Complaint
    handover: Handover | None = None
    problem: RuleBroken | None = None


def offer_all(
    offers: Sequence[tuple[Complaint, Offer]], *, by: Person, at: datetime
) -> list[Result]:
    """Offer each case under the same rules as a single offer; what fails leaves the rest alone."""
    return [_offer(complaint, offered, by, at) for complaint, offered in offers]


def accept_all(complaints: Sequence[Complaint], *, by: Person, at: datetime) -> list[Result]:
    """Accept what was offered of each case; what fails leaves the rest alone."""
    return [_accept(complaint, by, at) for complaint in complaints]


def _offer(complaint: Complaint, offered: Offer, by: Person, at: datetime) -> Result:
    try:
        return Result(complaint, handovers.offer(complaint.pk, offered, by=by, at=at))
    except RuleBroken as broken:
        return Result(complaint, problem=broken)


def _accept(complaint: Complaint, by: Person, at: datetime) -> Result:
    try:
        return Result(complaint, handovers.accept(complaint.pk, by=by, at=at))
    except RuleBroken as broken:
        return Result(complaint, problem=broken)
