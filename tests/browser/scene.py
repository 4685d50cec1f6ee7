"""A firm in the middle of its week: cases at every stage, for pages with something on them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile

from complaints import (
    allowances,
    attachments,
    disputes,
    escalation,
    handovers,
    remedies,
    rulings,
    suggestions,
)
from complaints.allowances import Wish
from complaints.findings import Party
from complaints.handovers import Offer
from complaints.models import (
    Allowance,
    AllowanceKind,
    AllowanceReason,
    Complaint,
    Dispute,
    Escalation,
    HandoverReason,
    InvalidReason,
    PlaybookEntry,
    Remedy,
    RemedyKind,
    Severity,
)
from staff import absences
from staff.absences import Leave
from staff.models import AbsenceReason
from tests.complaints import scenes
from tests.conftest import MONDAY, Cast, Register

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
#: Thursday 11:30, when the second round of one case is late with its apology.
THURSDAY = MONDAY + 71.5 * HOUR


@dataclass(frozen=True)
class Scene:
    """`fresh` waits to be sorted, with a request for more time (`asked`); `handled` has a remedy
    awaiting approval, one promised, a file, and is called back next; `submitted` has a sheet to
    verify and is ruled anew to two branches; `disputed` is about another ruling;
    `sorted_out` is taken for an inquiry; `second` is in its second round and stands still
    (`pause`); `closed` is closed for the customer."""

    fresh: Complaint
    handled: Complaint
    submitted: Complaint
    second: Complaint
    closed: Complaint
    awaiting: Remedy
    promised: Remedy
    asked: Allowance
    pause: Allowance
    escalation: Escalation
    disputed: Dispute
    sorted_out: Complaint


def build(cast: Cast, register: Register, wall: time_machine.Coordinates) -> Scene:
    """As of Thursday 11:30, to which the clock on the wall is put forward."""
    _playbook(cast)
    second = _ruled(cast, register, MONDAY)
    _answered(second, cast)
    scenes.submit(second, by=cast.ma, at=MONDAY + 40 * HOUR)
    scenes.call_back(
        second, by=cast.chen, at=MONDAY + 70 * HOUR, satisfied=False, solved=False, score=1,
        said="钱还没退，也没人解释。",
    )  # fmt: skip
    closed = _ruled(cast, register, MONDAY + HOUR)
    _answered(closed, cast)
    scenes.call_back(closed, by=cast.chen, at=MONDAY + 60 * HOUR, score=5)
    submitted = _ruled(cast, register, MONDAY + 2 * HOUR)
    _answered(submitted, cast)
    scenes.submit(submitted, by=cast.ma, at=MONDAY + 47 * HOUR)
    handled = _ruled(cast, register, MONDAY + 30 * HOUR, severity=Severity.MAJOR)
    _answered(handled, cast)
    awaiting, promised = _remedies(handled, cast)
    attachments.attach(
        handled.pk, SimpleUploadedFile("说明.txt", "外箱破损".encode()), by=cast.li,
        at=MONDAY + 52 * HOUR,
    )  # fmt: skip
    _handed_over(handled, cast)
    fresh = register(at=THURSDAY - 2 * HOUR, severity=Severity.CRITICAL, order_no="QT1")
    wish = Wish(
        kind=AllowanceKind.PAUSE, reason=AllowanceReason.CUSTOMER_AWAY, minutes=12 * 60,
        note="等客户寄回破损的外箱。",
    )  # fmt: skip
    asked = allowances.ask(fresh.pk, wish, by=cast.li, at=THURSDAY - HOUR)
    pause = allowances.grant(second.pk, wish, by=cast.chen, at=THURSDAY - HOUR)
    disputed, sorted_out = _quarrel(cast, register, submitted)
    wall.move_to(THURSDAY)
    while escalation.sweep(until=THURSDAY):
        pass
    late = Escalation.objects.filter(complaint=second, level=1, clock__round=2).get()
    return Scene(
        fresh, handled, submitted, second, closed, awaiting, promised, asked, pause, late,
        disputed, sorted_out,
    )  # fmt: skip


def _quarrel(cast: Cast, register: Register, case: Complaint) -> tuple[Dispute, Complaint]:
    """The case is ruled anew, jointly; another ruling is disputed; a third case is sorted out
    after somebody suggested it."""
    at = THURSDAY - 2 * HOUR
    half = Party(branch=cast.wuxi, person=cast.li, share=Decimal("37.5"))
    rulings.rule(
        case.pk, branch=cast.lanzhou, person=cast.ma, basis="两地交接单都没有签字。",
        share=Decimal("62.5"), others=(half,), by=cast.chen, at=at,
    )  # fmt: skip
    other = _ruled(cast, register, at)
    disputed = disputes.dispute(other.pk, reasons="货到时外箱已经破损。", by=cast.ma, at=at + HOUR)
    inquiry = register(at=at)
    suggestions.suggest_triage(
        inquiry.pk, reason=InvalidReason.INQUIRY, note="客户只问了价格。", by=cast.li, at=at
    )
    scenes.reject(inquiry, cast, at=at + HOUR)
    return disputed, inquiry


def _playbook(cast: Cast) -> None:
    entry = PlaybookEntry.objects.create(
        code="late", title="货晚到了", keywords=["晚到"], say="对不起，让您久等。\n我马上查。",
        do="1. 查车\n2. 回电", offer="退运费", report_to="站长",
    )  # fmt: skip
    entry.categories.add(cast.late_goods)


def _ruled(cast: Cast, register: Register, at: datetime, **said: Any) -> Complaint:
    case = register(at=at, **said)
    scenes.accept(case, cast, at=case.received_at + 10 * MINUTE)
    scenes.rule(case, cast, at=case.received_at + 10 * MINUTE)
    return case


def _answered(case: Complaint, cast: Cast) -> None:
    scenes.apologise(case, by=cast.li, at=case.received_at + 20 * MINUTE)
    scenes.answer(case, by=cast.li, at=case.received_at + 20 * HOUR)


def _handed_over(case: Complaint, cast: Cast) -> None:
    """Offered to the supervisor, who has not answered yet; and Li is on leave in a week."""
    at = THURSDAY - 20 * MINUTE
    offered = Offer(
        receiver=cast.wang, reason=HandoverReason.SKILL, note="客户要见主管，退运费已答应。"
    )
    handovers.offer(case.pk, offered, by=cast.li, at=at)
    leave = Leave(
        person=cast.li, since=THURSDAY + 150 * HOUR, until=THURSDAY + 200 * HOUR,
        reason=AbsenceReason.LEAVE, deputy=cast.wang,
    )  # fmt: skip
    absences.plan(leave, by=cast.li, at=at)


def _remedies(case: Complaint, cast: Cast) -> tuple[Remedy, Remedy]:
    """One beyond Li's authority, one within."""
    promised = remedies.propose(
        case.pk, kind=RemedyKind.REFUND, amount=Decimal(80), description="退运费",
        by=cast.li, at=case.received_at + 20 * HOUR,
    )  # fmt: skip
    awaiting = remedies.propose(
        case.pk, kind=RemedyKind.GIFT, amount=Decimal(600), description="外箱和内件",
        by=cast.li, at=case.received_at + 21 * HOUR,
    )  # fmt: skip
    return awaiting, promised
