"""A customer's own case as they see it: where it stands, what they said and what they were told.
Nothing of the house's inside: no notes, no names of its people, nobody else."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from common import walls
from common.errors import Conflict, RuleBroken
from complaints import by_customer
from complaints.models import (
    Clock,
    ClockKind,
    Complaint,
    Contact,
    ContactKind,
    Event,
    InvalidReason,
    Rating,
    Status,
)
from complaints.rules import Action
from intake.models import ItemState, Receipt
from intake.public import receipts
from intake.public.receipts import Key


@dataclass(frozen=True)
class Step:
    """One stage of the way; `state` is done, now or next."""

    label: str
    state: str


@dataclass(frozen=True)
class Happened:
    """One thing the customer has said or heard. `side` is ours or theirs."""

    at: datetime
    title: str
    words: str = ""
    side: str = "ours"


@dataclass(frozen=True, kw_only=True)
class OwnCase:
    """All that the page shows, read at once. `no` is "" while there is no case yet; then the
    `reference` names it."""

    no: str
    reference: str
    by_code: bool = False  # no phone was left: a secret code opens it
    received_at: datetime
    what: str
    wish: str = ""
    order_no: str = ""
    branch: str = ""
    files: int = 0
    status: str = Status.TRIAGE.value
    round: int = 1
    title: str = ""
    explained: str = ""
    result: str = ""  # what the house has told them in this round
    steps: list[Step] = field(default_factory=list)
    promises: list[tuple[str, datetime]] = field(default_factory=list)
    story: list[Happened] = field(default_factory=list)
    rating: Rating | None = None
    may_add: bool = False
    may_rate: bool = False
    may_withdraw: bool = False
    may_reopen: bool = False


def look(key: Key, *, at: datetime) -> OwnCase | None:
    """What the key opens, as of `at`; None when it is gone."""
    with walls.lifted(), transaction.atomic():
        key = _latest(key)
        if key.complaint_id is None:
            return _waiting(key)
        found = Complaint.objects.select_related("concerned_branch").filter(pk=key.complaint_id)
        complaint = found.first()
        return _own(complaint, at) if complaint else None


def act(key: Key, deed: Callable[[int], object], *, no: str) -> None:
    """Do this to the case that the key opens, given its id. `no` is the case whose page was
    looked at. Raises RuleBroken `case.not_yet`; Conflict `case.other`; whatever the deed
    raises."""
    with walls.lifted():
        case_id = _latest(key).complaint_id
        if case_id is None:
            raise RuleBroken("case.not_yet", _("您的反馈还在登记，请稍后再试。"))
        # what a stranger has written is compared here: no database takes a NUL
        if no not in Complaint.objects.filter(pk=case_id).values_list("no", flat=True):
            raise Conflict("case.other", _("这个浏览器里打开了另一件投诉，请刷新页面后再试。"))
        deed(case_id)


def _latest(key: Key) -> Key:
    """The case that has come of a receipt meanwhile."""
    if key.complaint_id is not None or key.receipt_id is None:
        return key
    receipt = _receipt(key.receipt_id)
    return receipts.key_of(receipt) if receipt else key


def _receipt(receipt_id: int) -> Receipt | None:
    found = Receipt.objects.select_related("item").defer("item__raw")
    return found.filter(pk=receipt_id).first()


def _waiting(key: Key) -> OwnCase | None:
    receipt = _receipt(key.receipt_id) if key.receipt_id is not None else None
    if receipt is None:
        return None
    state = receipt.item.state
    joined = state == ItemState.APPENDED
    status = Status.INVALID if state == ItemState.IGNORED else Status.TRIAGE
    title, explained = _words(status)
    if joined:
        title, explained = _("已合并"), _("您的反馈已并入一件正在处理的投诉，一起处理。")
    return OwnCase(
        no="",
        reference=receipt.reference,
        by_code=bool(receipt.code_digest),
        received_at=receipt.item.received_at,
        what=receipt.item.subject,
        status=status.value,
        title=title,
        explained=explained,
        steps=[] if joined else _steps(status),
    )


def _own(complaint: Complaint, at: datetime) -> OwnCase:
    status = Status(complaint.status)
    title, explained = _words(status, complaint.invalid_reason)
    rating = Rating.objects.filter(complaint=complaint, round=complaint.round).first()
    given = Receipt.objects.filter(item__complaint=complaint, item__state=ItemState.REGISTERED)
    receipt = given.first()
    branch = complaint.concerned_branch
    return OwnCase(
        no=complaint.no,
        reference=receipt.reference if receipt else "",
        by_code=bool(receipt and receipt.code_digest),
        received_at=complaint.received_at,
        what=complaint.what,
        wish=complaint.remedy_sought,
        order_no=complaint.order_no,
        branch=branch.name if branch else "",
        files=complaint.attachments.count(),
        status=status.value,
        round=complaint.round,
        title=title,
        explained=explained,
        result=_result(complaint),
        steps=_steps(status),
        promises=_promises(complaint, at),
        story=_story(complaint),
        rating=rating,
        may_add=True,
        may_rate=rating is None and by_customer.may_rate(complaint),
        may_withdraw=by_customer.may_withdraw(complaint),
        may_reopen=by_customer.may_reopen(complaint, at),
    )


def _words(status: Status, why: str = "") -> tuple[str, str]:
    """The status in plain words: in short, and what it means for the customer."""
    match status:
        case Status.TRIAGE:
            return _("已收到"), _("我们正在核实情况，会尽快与您联系。")
        case Status.HANDLING:
            return _("正在处理"), _("有专人在处理，有结果会告诉您。")
        case Status.ANSWERED:
            return _("已告知结果"), _("处理结果已经告诉您；之后会有同事回访，听听您是否满意。")
        case Status.CALLED_BACK:
            return _("已回访"), _("我们已经回访过您，正在收尾。")
        case Status.CLOSED:
            return _("已办结"), _("如果问题没有真正解决，30 天内可以在本页告诉我们。")
        case Status.WITHDRAWN:
            return _("已撤回"), _("这件投诉已经撤回，我们不再继续处理。")
    if why == InvalidReason.DUPLICATE:
        return _("已合并"), _("这件事已并入您的另一件投诉，一起处理。")
    return _("未按投诉受理"), _("经核实，这件事不属于我们受理的投诉。如有疑问，请补充说明。")


def _steps(status: Status) -> list[Step]:
    """The way from receipt to end, as far as the case has come; none for one that left it."""
    stages = [
        (_("收到"), (Status.TRIAGE,)),
        (_("处理"), (Status.HANDLING,)),
        (_("告知结果"), (Status.ANSWERED,)),
        (_("回访"), (Status.CALLED_BACK,)),
        (_("办结"), (Status.CLOSED,)),
    ]
    here = next((n for n, (_l, those) in enumerate(stages) if status in those), None)
    if here is None:
        return []
    ended = status == Status.CLOSED
    return [
        Step(str(label), "done" if n < here or ended else "now" if n == here else "next")
        for n, (label, _those) in enumerate(stages)
    ]


def _promises(complaint: Complaint, at: datetime) -> list[tuple[str, datetime]]:
    """Until when the customer will hear from us, as far as that lies ahead."""
    spoken = {
        ClockKind.APOLOGY: _("与您联系"),
        ClockKind.RESULT: _("告诉您处理结果"),
        ClockKind.CALLBACK: _("回访您"),
    }
    running = Clock.objects.filter(complaint=complaint, round=complaint.round).running()
    return [
        (str(spoken[ClockKind(clock.kind)]), clock.due_at)
        for clock in running.order_by("due_at")
        if clock.kind in spoken and clock.due_at > at
    ]


def _result(complaint: Complaint) -> str:
    told = complaint.contacts.filter(
        kind=ContactKind.RESULT, reached=True, round=complaint.round
    ).last()
    return told.said if told else ""


def _story(complaint: Complaint) -> list[Happened]:
    """What was said on either side, the latest first."""
    told = [_heard(contact) for contact in complaint.contacts.filter(reached=True)]
    said = [
        Happened(one.occurred_at, _("您补充了说明"), one.said, "theirs")
        for one in complaint.statements.filter(by=None)
    ]
    kinds = [Action.REOPEN, Action.WITHDRAW, Action.CLOSE]
    turns = _turns(complaint.events.filter(kind__in=kinds))
    rated = [
        Happened(
            one.at, _("您评价了处理结果：%(score)s 分") % {"score": one.score}, one.said, "theirs"
        )
        for one in complaint.ratings.all()
    ]
    begun = Happened(complaint.received_at, _("我们收到了您的反馈"))
    # of two at the same time the one that follows from the other stands above
    return sorted([begun, *told, *said, *rated, *turns], key=lambda each: each.at)[::-1]


def _heard(contact: Contact) -> Happened:
    """A talk: its kind, and of the result what was said."""
    match ContactKind(contact.kind):
        case ContactKind.APOLOGY:
            return Happened(contact.occurred_at, _("我们与您联系并致歉"))
        case ContactKind.RESULT:
            return Happened(contact.occurred_at, _("我们告诉您处理结果"), contact.said)
        case _:
            return Happened(contact.occurred_at, _("我们向您说明了进度"))


def _turns(events: Iterable[Event]) -> list[Happened]:
    """Opened again, taken back, closed; in the customer's own words where they are theirs."""
    found = []
    for event in events:
        theirs = bool(event.data.get("by_customer"))
        side = "theirs" if theirs else "ours"
        match event.kind:
            case Action.CLOSE:
                found.append(Happened(event.at, _("这件投诉已办结")))
            case Action.WITHDRAW:
                found.append(Happened(event.at, _("您撤回了投诉"), side="theirs"))
            case _:
                words = str(event.data.get("reason", "")) if theirs else ""
                found.append(Happened(event.at, _("问题没有解决，我们重新处理"), words, side))
    return found
