"""What the customer says besides, in a case that is in already: kept, and the owner is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from common import text, walls
from common.errors import RuleBroken
from complaints import cases
from complaints.models import Channel, Complaint, Statement
from complaints.rules import Action
from notify.post import Note, post
from staff.models import Person
from staff.presence import with_stand_ins

SAID_LIMIT = 10_000


@dataclass(frozen=True, kw_only=True)
class Said:
    """What the customer said; `occurred_at` None means now."""

    channel: Channel
    said: str
    occurred_at: datetime | None = None


@transaction.atomic
def record(complaint_id: int, words: Said, *, at: datetime, by: Person | None = None) -> Statement:
    """Write down what the customer has said besides, in whatever state the case is; no clock
    stops by it. `by` None: it came in by itself. Raises RuleBroken `said.blank`, `text.*`;
    Complaint.DoesNotExist."""
    complaint = Complaint.objects.select_for_update(of=("self",)).get(pk=complaint_id)
    walls.hold(complaint.pk)
    return write(complaint, words, at=at, by=by)


def write(
    complaint: Complaint, words: Said, *, at: datetime, by: Person | None = None
) -> Statement:
    """`record` for a case whose lock the caller holds."""
    said = text.clean(words.said, limit=SAID_LIMIT, field="said", lines=True)
    if text.is_blank(said):
        raise RuleBroken("said.blank", _("没有写内容。"), field="said")
    occurred_at = min(max(words.occurred_at or at, complaint.received_at), at)
    statement = Statement.objects.create(
        complaint=complaint,
        channel=words.channel,
        said=said,
        occurred_at=occurred_at,
        recorded_at=at,
        by=by,
    )
    data = {"said": said, "channel": words.channel, "occurred_at": occurred_at.isoformat()}
    cases.write(complaint, Action.HEAR, by=by, at=at, data=data)
    _tell(complaint, statement, by, at)
    return statement


def _tell(complaint: Complaint, statement: Statement, by: Person | None, at: datetime) -> None:
    told = [] if by and by.pk == complaint.owner_id else [complaint.owner_id]
    note = Note(
        key=f"heard:{statement.pk}",
        recipient_ids=with_stand_ins(told, at),
        text=gettext_noop("%(no)s 客户又补充了内容，请查看"),
        params={"no": complaint.no},
        url=f"/complaints/{complaint.no}/",
    )
    post([note], at=at)
