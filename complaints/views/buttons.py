"""What may be done to a case now, as buttons."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.urls import reverse

from complaints import closing, disputing, rules, selectors
from complaints.models import AllowanceState, ClockKind, Complaint, Status
from complaints.rules import Action
from complaints.views.steps import STEPS
from staff.models import Person

#: The button of each action: URL name and icon; in the order a case usually takes.
BUTTONS: list[tuple[Action, str, str]] = [
    (Action.RECORD_CONTACT, "contact-new", "phone"),
    (Action.ACCEPT, "acceptance-new", "circle-check"),
    (Action.REJECT, "rejection-new", "circle-x"),
    (Action.REVIEW_TRIAGE, "triage-review", "list-checks"),
    (Action.SUGGEST_TRIAGE, "triage-suggest", "lightbulb"),
    (Action.RULE, "ruling-new", "gavel"),
    (Action.SUGGEST_RULING, "ruling-suggest", "lightbulb"),
    (Action.DISPUTE, "dispute-new", "scale"),
    (Action.PROPOSE_REMEDY, "remedy-new", "hand-coins"),
    (Action.ACCEPT_OFFER, "handover-accept", "user-check"),
    (Action.REFUSE_OFFER, "handover-refuse", "user-x"),
    (Action.DECIDE_OFFER, "handover-decide", "scale"),
    (Action.SUBMIT_SHEET, "sheet-new", "file-text"),
    (Action.RETURN_SHEET, "sheet-return", "undo-2"),
    (Action.VERIFY_SHEET, "sheet-verify", "badge-check"),
    (Action.WAIVE_SHEET, "sheet-waive", "file-x"),
    (Action.RECORD_CALLBACK, "callback-new", "phone-call"),
    (Action.ASK_TIME, "allowance-new", "clock-plus"),
    (Action.GRANT_TIME, "allowance-grant", "circle-pause"),
    (Action.CLOSE, "closure-new", "lock"),
    (Action.REOPEN, "reopening-new", "rotate-ccw"),
    (Action.OFFER, "handover-new", "arrow-right-left"),
    (Action.WITHDRAW_OFFER, "handover-withdraw", "undo-2"),
    (Action.WITHDRAW, "withdrawal-new", "undo-2"),
    (Action.ATTACH, "attachment-new", "paperclip"),
]


_DANGER = (
    Action.REJECT,
    Action.WITHDRAW,
    Action.RETURN_SHEET,
    Action.WAIVE_SHEET,
    Action.REFUSE_OFFER,
)


def buttons(complaint: Complaint, person: Person, at: datetime) -> list[dict[str, Any]]:
    """What this person may do to the case now; what they owe it most urgently comes first."""
    allowed = set(rules.allowed_actions(complaint, person, at))
    found = [
        {
            "label": action.label,
            "url": reverse(url_name, args=[complaint.no]),
            "icon": icon,
            "action": action.value,
            "danger": action in _DANGER,
        }
        for action, url_name, icon in BUTTONS
        if action in allowed and _makes_sense(complaint, action, person, at)
    ]
    first, url = _most_urgent(complaint, person)
    for button in found:
        if button["action"] == first:
            button |= {"primary": True, "url": url or button["url"]}
    return sorted(found, key=lambda button: ("primary" not in button, button["danger"]))


def _most_urgent(complaint: Complaint, person: Person) -> tuple[Action | None, str]:
    """The action this person owes the case first, and the address of its form."""
    if clock := selectors.owed_by(person).filter(complaint=complaint).first():
        step = STEPS[clock.kind]
        return step.action, step.url(complaint)
    if person.role not in selectors.SORTING:
        return None, ""
    if complaint.status == Status.TRIAGE:
        return Action.ACCEPT, ""
    return (Action.RULE, "") if complaint.responsible_branch_id is None else (None, "")


def _makes_sense(complaint: Complaint, action: Action, person: Person, at: datetime) -> bool:
    """Whether the action fits the state of what hangs on the case, beyond its status."""
    if action in (Action.RULE, Action.DISPUTE, Action.SUGGEST_RULING):
        return _fits_ruling(complaint, action, person, at)
    if action == Action.REVIEW_TRIAGE:
        unseen = complaint.triages.filter(superseded_at=None, reviewed_at=None)
        return unseen.exclude(by=person).exists()
    if action in (Action.ASK_TIME, Action.GRANT_TIME):
        return _has_time_to_give(complaint, action, at)
    if action == Action.CLOSE:
        return not closing.what_is_missing(complaint)
    if action in (
        Action.SUBMIT_SHEET,
        Action.RETURN_SHEET,
        Action.VERIFY_SHEET,
        Action.WAIVE_SHEET,
    ):
        if _another_writes_it(complaint):
            return False
        state = _sheet_state(complaint)
        waiting = {
            "": (Action.SUBMIT_SHEET, Action.WAIVE_SHEET),
            "returned": (Action.SUBMIT_SHEET,),
            "submitted": (Action.RETURN_SHEET, Action.VERIFY_SHEET),
        }
        return action in waiting.get(state, ())
    return True


def _has_time_to_give(complaint: Complaint, action: Action, at: datetime) -> bool:
    """Whether the 24H runs and is not overdue; and for asking, nothing is asked for already."""
    for clock in complaint.clocks.all():
        if clock.round == complaint.round and clock.kind == ClockKind.RESULT:
            asked = any(each.state == AllowanceState.ASKED for each in clock.allowances.all())
            runs = clock.is_running and at <= clock.due_at
            return runs and not (action == Action.ASK_TIME and asked)
    return False


def _fits_ruling(complaint: Complaint, action: Action, person: Person, at: datetime) -> bool:
    """Whether there is something to rule, to suggest or to dispute."""
    ruling = disputing.standing(complaint.rulings.all())
    if action == Action.SUGGEST_RULING:
        return ruling is None
    if action == Action.RULE:
        return ruling is None or not disputing.open_dispute(ruling)
    return (
        ruling is not None
        and disputing.is_open_to_dispute(ruling, at)
        and disputing.speaks_for(ruling, person) is not None
    )


def _another_writes_it(complaint: Complaint) -> bool:
    """Whether the leading case of its incident has the one sheet of this round."""
    member = complaint.memberships.filter(left_at=None, round=complaint.round)
    return member.exclude(incident__lead=complaint).exists()


def _sheet_state(complaint: Complaint) -> str:
    """The state of the round's sheet; "" when there is none. The sheets live a room above and
    hang on the case by their own rows."""
    sheet = complaint.sheets.filter(round=complaint.round).first()
    return sheet.state if sheet else ""
