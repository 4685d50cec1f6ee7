"""The life of a rectification sheet: submitted, returned, verified or waived."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from common import text
from common.errors import Conflict, RuleBroken
from complaints import cases, clocks, escalation, shared_sheets
from complaints.models import ClockKind, Complaint
from complaints.rules import Action
from notify.post import Note, post
from quality.models import Series, Sheet, SheetState
from quality.numbers import next_serial
from staff.models import Person
from staff.presence import with_stand_ins

PART_LIMIT = 4000
TITLE_LIMIT = 120


@dataclass(frozen=True, kw_only=True)
class Parts:
    """Parts 2 to 6 of the sheet; part 1, the number, is given on submission."""

    title: str
    facts: str
    course: str
    cause: str
    evidence: str
    containment: str
    accountability: str
    prevention: str
    detection: str
    response: str
    effect: str
    committed_on: date


@transaction.atomic
def submit(complaint_id: int, parts: Parts, *, by: Person, at: datetime) -> Sheet:
    """Submit the round's sheet, complete in all six parts; stops the 48H clock, and that of each
    case of the incident that this one leads. A returned one is submitted again under its number,
    which stops the clock of its resubmission.

    Raises RuleBroken `<part>.blank` beside the part, `committed_on.past`, `text.*`; Conflict
    `already_submitted`, `incident.one_sheet`; NotAllowed.
    """
    shared_sheets.hold(complaint_id)
    complaint = cases.lock(complaint_id, to=Action.SUBMIT_SHEET, by=by, at=at)
    parts = _checked(parts, at)
    shared_sheets.check_writes_own(complaint)
    sheet = of_round(complaint)
    if sheet and not sheet.is_returned:
        raise Conflict("already_submitted", _("这一轮的整改单已经提交或免除。"))
    sheet = sheet or Sheet(complaint=complaint, round=complaint.round)
    for name, value in asdict(parts).items():
        setattr(sheet, name, value)
    sheet.state, sheet.submitted_by, sheet.submitted_at = SheetState.SUBMITTED, by, at
    sheet.decided_by = sheet.decided_at = None
    clocks.meet(complaint, ClockKind.SHEET, at=at)
    clocks.meet(complaint, ClockKind.RESUBMISSION, at=at)
    if sheet.serial is None:
        sheet.year = timezone.localtime(at).year
        sheet.serial = next_serial(Series.SHEET, sheet.year)
    sheet.save()
    data = {"no": sheet.no, "title": parts.title, "committed_on": parts.committed_on.isoformat()}
    cases.act(complaint, Action.SUBMIT_SHEET, by=by, at=at, data=data)
    shared_sheets.submitted(complaint, no=sheet.no, by=by, at=at)
    return sheet


def send_back(complaint_id: int, *, opinion: str, by: Person, at: datetime) -> Sheet:
    """Return the sheet to the rectifier, who is told why. Returned once, the first submission
    stands for the 48H clock and 24 hours are given; returned again, the clock counts as breached
    at its original due time. Raises RuleBroken `opinion.blank`; Conflict `not_submitted`;
    NotAllowed."""
    return _decide(
        complaint_id, Action.RETURN_SHEET, SheetState.RETURNED, opinion=opinion, by=by, at=at
    )


def _count_return(complaint: Complaint, sheet: Sheet, at: datetime) -> None:
    sheet.returns += 1
    if sheet.returns == 1:
        clocks.start_resubmission(complaint, at=at)
        return
    clocks.forfeit(complaint, at=at)
    escalation.fire(complaint, until=at)
    shared_sheets.forfeited(complaint, at=at)


def verify(complaint_id: int, *, opinion: str, by: Person, at: datetime) -> Sheet:
    """The effect is confirmed: the case is closed inside. Raises as `send_back`."""
    return _decide(
        complaint_id, Action.VERIFY_SHEET, SheetState.VERIFIED, opinion=opinion, by=by, at=at
    )


@transaction.atomic
def waive(complaint_id: int, *, reason: str, by: Person, at: datetime) -> Sheet:
    """No sheet is wanted (免整改): the 48H clock no longer applies and the case is closed inside,
    and with it the incident it leads. Raises RuleBroken `reason.blank`; Conflict
    `already_submitted`, `incident.one_sheet`; NotAllowed."""
    shared_sheets.hold(complaint_id)
    complaint = cases.lock(complaint_id, to=Action.WAIVE_SHEET, by=by, at=at)
    reason = _words(reason, "reason", _("请写明免整改的原因。"))
    shared_sheets.check_writes_own(complaint)
    if of_round(complaint):
        raise Conflict("already_submitted", _("这一轮的整改单已经提交或免除。"))
    cases.act(
        complaint, Action.WAIVE_SHEET, by=by, at=at, data={"reason": reason}, closed_inside_at=at
    )
    clocks.void(complaint, at=at, kinds=[ClockKind.SHEET, ClockKind.RESUBMISSION])
    shared_sheets.waived(complaint, reason=reason, by=by, at=at)
    return Sheet.objects.create(
        complaint=complaint,
        round=complaint.round,
        state=SheetState.WAIVED,
        decided_by=by,
        decided_at=at,
        opinion=reason,
    )


def of_round(complaint: Complaint) -> Sheet | None:
    """The sheet of the case's present round, if there is one."""
    return Sheet.objects.filter(complaint=complaint, round=complaint.round).first()


@transaction.atomic
def _decide(
    complaint_id: int, action: Action, state: SheetState, *, opinion: str, by: Person, at: datetime
) -> Sheet:
    shared_sheets.hold(complaint_id)
    complaint = cases.lock(complaint_id, to=action, by=by, at=at)
    opinion = _words(opinion, "opinion", _("请写明核实意见。"))
    sheet = of_round(complaint)
    if sheet is None or sheet.state != SheetState.SUBMITTED:
        raise Conflict("not_submitted", _("没有等待核实的整改单。"))
    sheet.state, sheet.decided_by, sheet.decided_at, sheet.opinion = state, by, at, opinion
    if state == SheetState.RETURNED:
        _count_return(complaint, sheet, at)
    sheet.save(update_fields=["state", "decided_by", "decided_at", "opinion", "returns"])
    closed = {"closed_inside_at": at} if state == SheetState.VERIFIED else {}
    data = {"no": sheet.no, "opinion": opinion}
    cases.act(complaint, action, by=by, at=at, data=data, **closed)
    if state == SheetState.VERIFIED:
        shared_sheets.verified(complaint, no=sheet.no, by=by, at=at)
    _tell_rectifier(complaint, sheet, at)
    return sheet


def _checked(parts: Parts, at: datetime) -> Parts:
    words = {
        name: _words(value, name, _("这一部分不能空着。"))
        for name, value in asdict(parts).items()
        if name != "committed_on"
    }
    words["title"] = text.clean(words["title"], limit=TITLE_LIMIT, field="title")
    if parts.committed_on < timezone.localdate(at):
        raise RuleBroken("committed_on.past", _("承诺完成日期不能早于今天。"), field="committed_on")
    return Parts(**words, committed_on=parts.committed_on)


def _words(value: str, field: str, sentence: str) -> str:
    cleaned = text.clean(value, limit=PART_LIMIT, field=field, lines=True)
    if text.is_blank(cleaned):
        raise RuleBroken(f"{field}.blank", sentence, field=field)
    return cleaned


def _tell_rectifier(complaint: Complaint, sheet: Sheet, at: datetime) -> None:
    """Whoever submitted it, and whoever has been ruled to go on with it since."""
    returned = sheet.state == SheetState.RETURNED
    told = dict.fromkeys([sheet.submitted_by_id, complaint.rectifier_id])
    note = Note(
        key=f"sheet:{sheet.pk}:{sheet.state}:{at.isoformat()}",
        recipient_ids=with_stand_ins([pk for pk in told if pk], at),
        text=gettext_noop("%(no)s 被退回，请按意见修改后重新提交")
        if returned
        else gettext_noop("%(no)s 验收通过"),
        params={"no": sheet.no},
        url=f"/complaints/{complaint.no}/",
    )
    post([note], at=at)
