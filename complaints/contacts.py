"""Talks with the customer; the only thing that stops the 1H and 24H clocks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from common import text
from common.errors import RuleBroken
from complaints import cases, clocks, events, evidence
from complaints.models import Complaint, Contact, ContactKind, Means, Status
from complaints.rules import Action
from staff.models import Person

SAID_LIMIT = 4000


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
    complaint = cases.lock(complaint_id, to=Action.RECORD_CONTACT, by=by, at=at)
    contact = heard(complaint, talk, by, at)
    leads = leads_to(complaint, contact)
    cases.act(complaint, Action.RECORD_CONTACT, by=by, at=at, data=data_of(contact), **leads)
    return _stored(complaint, contact)


def write(complaint: Complaint, talk: Talk, *, by: Person, at: datetime) -> Contact:
    """`record` for a case that its registration has just written in this transaction."""
    contact = heard(complaint, talk, by, at)
    events.record(complaint, Action.RECORD_CONTACT, by=by, at=at, data=data_of(contact))
    return _stored(complaint, contact)


def result_told(complaint: Complaint) -> bool:
    """Whether the customer has heard the result in this round."""
    return Contact.objects.filter(
        complaint=complaint, round=complaint.round, kind=ContactKind.RESULT, reached=True
    ).exists()


def heard(complaint: Complaint, talk: Talk, by: Person, at: datetime) -> Contact:
    """The checked talk, not stored yet, in the round it was held in. Raises RuleBroken as
    `record` does."""
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
    round_, start = clocks.round_at(complaint, occurred_at)
    return Contact(
        complaint=complaint,
        round=round_,
        kind=talk.kind,
        means=talk.means,
        reached=talk.reached,
        said=said,
        occurred_at=max(occurred_at, start),
        recorded_at=at,
        by=by,
    )


def leads_to(complaint: Complaint, contact: Contact) -> dict[str, Status]:
    """The status that this talk leads the case to, as a change; none for most."""
    answers = contact.kind == ContactKind.RESULT and contact.reached
    current = contact.round == complaint.round and complaint.status == Status.HANDLING
    return {"status": Status.ANSWERED} if answers and current else {}


def data_of(contact: Contact) -> dict[str, object]:
    """The talk as its event keeps it."""
    return {
        "contact": contact.kind,
        "means": contact.means,
        "reached": contact.reached,
        "said": contact.said,
        "occurred_at": contact.occurred_at.isoformat(),
    }


def _stored(complaint: Complaint, contact: Contact) -> Contact:
    contact.save()
    kind = evidence.KIND_OF.get(ContactKind(contact.kind))
    if kind and contact.round == complaint.round:
        clocks.settle(complaint, kind)
    return contact
