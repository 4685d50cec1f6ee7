"""Registering a complaint: where every channel ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from common import phones, text, walls
from common.errors import NotAllowed, RuleBroken
from complaints import contacts, entering, escalation, subjects
from complaints.entering import Ground
from complaints.models import (
    Category,
    Channel,
    Clock,
    ComplainantRole,
    Complaint,
    ContactKind,
    Means,
    Severity,
)
from complaints.numbers import number
from staff.branches import closed_sentence
from staff.models import Branch, Person, Role

#: Older than this, only quality and above may enter a complaint (`docs/domain.md` section 3).
LATE_ENTRY = timedelta(hours=72)
#: The earliest `received_at` that is not a slip of the keyboard.
OLDEST = timedelta(days=5 * 365)

WHAT_LIMIT = 10_000
_MAY_ENTER_LATE = (Role.QUALITY, Role.DIRECTOR, Role.GENERAL_MANAGER)


@dataclass(frozen=True, kw_only=True)
class Report:
    """What the customer said, as a door has read it. `received_at` None means now."""

    channel: Channel
    what: str
    category: Category
    severity: Severity
    received_at: datetime | None = None
    complainant_name: str = ""
    complainant_phone: str = ""
    complainant_role: ComplainantRole = ComplainantRole.CUSTOMER
    anonymous: bool = False
    order_no: str = ""
    concerned_branch: Branch | None = None
    remedy_sought: str = ""
    settled_on_spot: bool = False
    settlement: str = ""
    #: Whom the complaint is about.
    subject_ids: tuple[int, ...] = ()


def register(
    report: Report, *, by: Person, at: datetime, submission_key: str | None = None
) -> tuple[Complaint, bool]:
    """Write the case with its owner, event and four clocks; whoever registers owns it, unless it
    is about them: then their supervisor does.

    The same `submission_key` again returns the first case and False: nothing is written twice.
    Raises RuleBroken: `received_at.future`, `received_at.too_old`, `what.blank`,
    `complainant.missing`, `settlement.blank`, `branch.closed`, `text.*`; NotAllowed
    `received_at.late_entry`, `not_allowed`.
    """
    entered = register_whole(report, by=by, at=at, submission_key=submission_key)
    return entered.complaint, entered.is_new


@dataclass(frozen=True)
class Entered:
    """A case that is in, with its clocks if it is new. `is_plain`: nothing has been done to it
    since, so that it is as it looks in memory."""

    complaint: Complaint
    clocks: Sequence[Clock] = ()
    is_plain: bool = False

    @property
    def is_new(self) -> bool:
        """Whether it was not in before."""
        return bool(self.clocks)


def register_whole(
    report: Report, *, by: Person, at: datetime, submission_key: str | None = None
) -> Entered:
    """`register` for whoever shows the case at once."""
    ground = entering.look(
        key=submission_key,
        branch=by.branch,
        severity=str(report.severity),
        channel=str(report.channel),
        received_at=report.received_at or at,
    )
    if ground.first_id is not None:
        return Entered(Complaint.objects.get(pk=ground.first_id))
    report = _checked(report, by, at)
    owner = by
    if by.pk in report.subject_ids:
        owner = subjects.owner_instead(by.branch_id, report.subject_ids, at)
    complaint = _case(report, ground, by, owner, at, submission_key)
    is_plain = _is_plain(report, owner == by)
    with transaction.atomic(savepoint=not is_plain):  # one statement needs none
        if started := _enter(complaint, ground, by, at):
            fired = _follow(complaint, started, report, by, at)
            return Entered(complaint, started, is_plain and not fired)
    with walls.lifted():  # it may have left their sight; the key is theirs alone
        first = Complaint.objects.get(submission_key=submission_key)
    return Entered(first)


def _checked(report: Report, by: Person, at: datetime) -> Report:
    """The report with its texts as they are stored."""
    if by.role == Role.ADMINISTRATOR:
        raise NotAllowed("not_allowed", _("系统管理员不能登记投诉。"))
    if report.concerned_branch and report.concerned_branch.closed_at:
        raise RuleBroken(
            "branch.closed", closed_sentence(report.concerned_branch), field="concerned_branch"
        )
    received_at = report.received_at or at
    _check_received(received_at, by, at)
    cleaned = replace(
        report,
        received_at=received_at,
        what=text.clean(report.what, limit=WHAT_LIMIT, field="what", lines=True),
        complainant_name=text.clean(report.complainant_name, limit=60, field="complainant_name"),
        complainant_phone=text.clean(report.complainant_phone, limit=40, field="complainant_phone"),
        order_no=text.clean(report.order_no, limit=60, field="order_no"),
        remedy_sought=text.clean(report.remedy_sought, limit=500, field="remedy_sought"),
        settlement=text.clean(report.settlement, limit=2000, field="settlement", lines=True),
    )
    _check_words(cleaned)
    return cleaned


def _check_received(received_at: datetime, by: Person, at: datetime) -> None:
    if received_at > at:
        raise RuleBroken("received_at.future", _("受理时间不能晚于现在。"), field="received_at")
    if received_at < at - OLDEST:
        raise RuleBroken(
            "received_at.too_old", _("受理时间太早，请检查年份。"), field="received_at"
        )
    if received_at < at - LATE_ENTRY and by.role not in _MAY_ENTER_LATE:
        raise NotAllowed(
            "received_at.late_entry",
            _("受理已超过 72 小时的投诉，须由品质管理员补录。"),
            field="received_at",
        )


def _check_words(report: Report) -> None:
    if text.is_blank(report.what):
        raise RuleBroken("what.blank", _("请写明投诉内容。"), field="what")
    if not report.anonymous and not (report.complainant_name or report.complainant_phone):
        raise RuleBroken(
            "complainant.missing",
            _("请填写投诉人姓名或电话；客户不愿透露时勾选“匿名”。"),
            field="complainant_phone",
        )
    if report.settled_on_spot and text.is_blank(report.settlement):
        raise RuleBroken(
            "settlement.blank", _("请写明现场是怎样处理、怎样答复客户的。"), field="settlement"
        )


def _is_plain(report: Report, owns: bool) -> bool:
    """Whether nothing follows but what time brings, and nobody is named."""
    follows = report.settled_on_spot or report.severity == Severity.CRITICAL
    return owns and not follows and not report.subject_ids


def _enter(complaint: Complaint, ground: Ground, by: Person, at: datetime) -> list[Clock]:
    owner = complaint.owner
    if owner != by:
        ground = replace(ground, has_hours=True)  # what was asked was the hours of their branch
    data = {
        "received_at": complaint.received_at.isoformat(),
        **({"owner": owner.name} if owner != by else {}),
    }
    return entering.enter(complaint, ground, at=at, data=data)


def _follow(
    complaint: Complaint, started: Sequence[Clock], report: Report, by: Person, at: datetime
) -> int:
    """What a new case brings with it at once; how many steps of its clocks were taken."""
    if complaint.owner != by:
        subjects.tell(complaint, at)
    fired = 0
    if complaint.severity == Severity.CRITICAL:  # told of at once, settled or not
        fired += escalation.fire(complaint, until=complaint.received_at, taken_at=at)
    if report.settled_on_spot:
        _record_settlement(complaint, report.settlement, by, at)
    if any(clock.next_at and clock.next_at <= at for clock in started):
        fired += escalation.fire(complaint, until=at)
    return fired


def _case(
    report: Report,
    ground: Ground,
    by: Person,
    owner: Person,
    at: datetime,
    submission_key: str | None,
) -> Complaint:
    return Complaint(
        id=ground.id,
        no=number(ground.number, at),
        submission_key=submission_key,
        policy_id=ground.policy_id,
        entered_at=at,
        phone_key=phones.key(report.complainant_phone),
        entered_by=by,
        first_receiver=by,
        owner=owner,
        owner_branch=owner.branch,
        **{name: getattr(report, name) for name in _COLUMNS},
    )


#: What of the report is kept on the case itself.
_COLUMNS = tuple(field.name for field in fields(Report) if field.name != "settlement")


def _record_settlement(complaint: Complaint, settlement: str, by: Person, at: datetime) -> None:
    """现场已处理: the customer was answered before the case was typed in."""
    for kind in (ContactKind.APOLOGY, ContactKind.RESULT):
        contacts.write(
            complaint,
            contacts.Talk(
                kind=kind,
                means=Means.VISIT if complaint.channel == Channel.COUNTER else Means.PHONE,
                said=settlement,
                occurred_at=complaint.received_at,
            ),
            by=by,
            at=at,
        )
