"""Suggesting how to sort a case or whom to rule responsible, to those who decide it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from common import text
from common.errors import RuleBroken
from complaints import cases
from complaints.models import InvalidReason, Suggestion, SuggestionKind
from complaints.rules import Action
from staff.models import Branch, Person

NOTE_LIMIT = 500


@transaction.atomic
def suggest_triage(
    complaint_id: int, *, reason: InvalidReason | None, note: str, by: Person, at: datetime
) -> Suggestion:
    """Suggest to sort the case out for a reason, or (None) as valid. Raises RuleBroken
    `note.blank`, `text.*`; NotAllowed, Conflict."""
    complaint = cases.lock(complaint_id, to=Action.SUGGEST_TRIAGE, by=by, at=at)
    made = Suggestion(
        complaint=complaint,
        kind=SuggestionKind.TRIAGE,
        reason=reason or "",
        note=_checked(note),
        by=by,
        at=at,
    )
    made.save()
    data = {"reason": made.reason, "note": made.note}
    cases.act(complaint, Action.SUGGEST_TRIAGE, by=by, at=at, data=data)
    return made


@transaction.atomic
def suggest_ruling(
    complaint_id: int,
    *,
    branch: Branch,
    note: str,
    by: Person,
    at: datetime,
    person: Person | None = None,
) -> Suggestion:
    """Suggest whom to rule responsible. Raises RuleBroken `note.blank`, `person.elsewhere`,
    `text.*`; NotAllowed, Conflict."""
    complaint = cases.lock(complaint_id, to=Action.SUGGEST_RULING, by=by, at=at)
    note = _checked(note)
    if person and (person.branch_id != branch.pk or not person.is_active):
        raise RuleBroken("person.elsewhere", _("责任人必须是所选机构的在职人员。"), field="person")
    made = Suggestion(
        complaint=complaint,
        kind=SuggestionKind.RULING,
        branch=branch,
        person=person,
        note=note,
        by=by,
        at=at,
    )
    made.save()
    data = {"branch": branch.name, "person": person.name if person else "", "note": note}
    cases.act(complaint, Action.SUGGEST_RULING, by=by, at=at, data=data)
    return made


def _checked(note: str) -> str:
    """The note as it is stored."""
    note = text.clean(note, limit=NOTE_LIMIT, field="note", lines=True)
    if text.is_blank(note):
        raise RuleBroken("note.blank", _("请写明建议的理由。"), field="note")
    return note
