"""Talks with the customer; the only thing that stops the 1H and 24H clocks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from common import text
from common.errors import RuleBroken
from complaints import cases, clocks, events
from complaints.models import ClockKind, Complaint, Contact, ContactKind, Means, Status
from complaints.rules import Action
from staff.models import Person

SAID_LIMIT = 4000

_CLOCK_OF = {ContactKind.APOLOGY: ClockKind.APOLOGY, ContactKind.RESULT: ClockKind.RESULT}


@dataclass(frozen=True, kw_only=True)
class Talk:
    """What a door has read of a talk. `occurred_at` None means now."""

    kind: ContactKind
    means: Means
    said: str
    occurred_at: datetime | None = None
    reached: bool = True


@transaction.atomic
def record(complaint_id: int, talk: Talk, *, by: Person, at: datetime) -> Contact:
    """Write down a talk with the customer; stops the clock that this kind of talk is owed to,
    at the talk's own time, when the customer was reached. A talk from before a reopening belongs
    to the round it was held in, which is frozen, and stops nothing.

    Raises RuleBroken `said.blank`, `occurred_at.future`, `occurred_at.before_receipt`,
    `text.*`; NotAllowed, Conflict.
    """
    complaint = cases.lock(complaint_id, by=by, at=at)
    talk, said_in = _checked(complaint, talk, at)
    leads = _leads(complaint, talk) if said_in == complaint.round else {}
    cases.act(complaint, Action.RECORD_CONTACT, by=by, at=at, data=_data(talk), **leads)
    return _stored(complaint, talk, said_in, by, at)


def write(complaint: Complaint, talk: Talk, *, by: Person, at: datetime) -> Contact:
    """`record` for a case that its registration has just written in this transaction."""
    talk, said_in = _checked(complaint, talk, at)
    events.record(complaint, Action.RECORD_CONTACT, by=by, at=at, data=_data(talk))
    return _stored(complaint, talk, said_in, by, at)


def result_told(complaint: Complaint) -> bool:
    """Whether the customer has heard the result in this round."""
    return Contact.objects.filter(
        complaint=complaint, round=complaint.round, kind=ContactKind.RESULT, reached=True
    ).exists()


def _checked(complaint: Complaint, talk: Talk, at: datetime) -> tuple[Talk, int]:
    """The talk as it is stored, and the round it was held in."""
    occurred_at = talk.occurred_at or at
    if occurred_at > at:
        raise RuleBroken("occurred_at.future", _("联系时间不能晚于现在。"), field="occurred_at")
    if occurred_at < complaint.received_at.replace(second=0, microsecond=0):
        raise RuleBroken(
            "occurred_at.before_receipt", _("联系时间不能早于受理时间。"), field="occurred_at"
        )
    said = text.clean(talk.said, limit=SAID_LIMIT, field="said", lines=True)
    if text.is_blank(said):
        raise RuleBroken("said.blank", _("请写明和客户说了什么。"), field="said")
    said_in, start = clocks.round_at(complaint, occurred_at)
    return replace(talk, said=said, occurred_at=max(occurred_at, start)), said_in


def _leads(complaint: Complaint, talk: Talk) -> dict[str, Status]:
    answers = talk.kind == ContactKind.RESULT and talk.reached
    return {"status": Status.ANSWERED} if answers and complaint.status == Status.HANDLING else {}


def _data(talk: Talk) -> dict[str, object]:
    assert talk.occurred_at is not None
    return {
        "contact": talk.kind.value,
        "means": talk.means.value,
        "reached": talk.reached,
        "said": talk.said,
        "occurred_at": talk.occurred_at.isoformat(),
    }


def _stored(complaint: Complaint, talk: Talk, said_in: int, by: Person, at: datetime) -> Contact:
    assert talk.occurred_at is not None
    contact = Contact.objects.create(
        complaint=complaint,
        round=said_in,
        kind=talk.kind,
        means=talk.means,
        reached=talk.reached,
        said=talk.said,
        occurred_at=talk.occurred_at,
        recorded_at=at,
        by=by,
    )
    current = said_in == complaint.round
    if current and talk.reached and (kind := _CLOCK_OF.get(talk.kind)):
        clocks.meet(complaint, kind, at=talk.occurred_at)
    return contact
