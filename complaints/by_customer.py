"""What customers do to their own case themselves: rate the result, take the complaint back, say
that it is not solved. The door knows that it is theirs; no person acts, so the events name none."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from common import text, walls
from common.errors import Conflict, RuleBroken
from complaints import cases, clocks, closing, escalation, lapsing, rules
from complaints.models import Complaint, Rating, Status
from complaints.rules import Action
from notify.post import Note, msgid, post
from staff.presence import with_stand_ins

WORDS_LIMIT = 500
#: So long after its closing a customer may still open the case again.
REOPENED_WITHIN = timedelta(days=30)


@transaction.atomic
def rate(complaint_id: int, *, score: int, satisfied: bool, said: str = "", at: datetime) -> Rating:
    """Write down how content the customer is with the round's result; no clock stops by it. Once
    a round: again, it is the first rating. Raises RuleBroken `score.range`, `text.*`; Conflict
    `rating.too_early`; Complaint.DoesNotExist."""
    if not 1 <= score <= 5:
        raise RuleBroken("score.range", _("评分须在 1 到 5 之间。"), field="score")
    said = text.clean(said, limit=WORDS_LIMIT, field="said", lines=True)
    complaint = _lock(complaint_id, at)
    first = Rating.objects.filter(complaint=complaint, round=complaint.round).first()
    if first is not None:
        return first
    if not may_rate(complaint):
        raise Conflict("rating.too_early", _("处理结果还没有告诉您，请稍后再评价。"))
    rating = Rating.objects.create(
        complaint=complaint,
        round=complaint.round,
        score=score,
        satisfied=satisfied,
        said=said,
        at=at,
    )
    data = {"score": score, "satisfied": satisfied, "said": said}
    cases.write(complaint, Action.RATE, by=None, at=at, data=data)
    _tell(complaint, f"rated:{rating.pk}", _RATED, at)
    return rating


@transaction.atomic
def withdraw(complaint_id: int, *, note: str, how: str, at: datetime) -> Complaint:
    """The customer takes the complaint back, as `closing.withdraw`; `how` says by what we know
    that it was they. Taken back already, nothing happens. Raises RuleBroken `text.*`; Conflict
    `wrong_status`."""
    note = text.clean(note, limit=WORDS_LIMIT, field="note", lines=True)
    complaint = _lock(complaint_id, at)
    if complaint.status == Status.WITHDRAWN:
        return complaint
    _check(complaint, Action.WITHDRAW)
    data = {
        "said_by": complaint.complainant_name or msgid(lambda: _("客户本人")),
        "note": "\n".join(filter(None, [note, how])),
        "by_customer": True,
    }
    cases.write(complaint, Action.WITHDRAW, by=None, at=at, data=data, status=Status.WITHDRAWN)
    closing.stop_clocks(complaint, at=at)
    _tell(complaint, f"taken-back:{complaint.pk}:{complaint.round}", _TAKEN_BACK, at)
    return complaint


@transaction.atomic
def reopen(complaint_id: int, *, round_: int, reason: str, at: datetime) -> Complaint:
    """The customer says that it is not solved: a new round with fresh clocks, as
    `closing.reopen`. `round_` is the one they speak of; where a later one runs already, nothing
    happens. Raises RuleBroken `reason.blank`, `text.*`; Conflict `wrong_status`,
    `reopen.too_late`."""
    reason = text.clean(reason, limit=WORDS_LIMIT, field="reason", lines=True)
    if text.is_blank(reason):
        raise RuleBroken("reason.blank", _("请写明还有什么没有解决。"), field="reason")
    complaint = _lock(complaint_id, at)
    if complaint.round > round_:
        return complaint
    _check(complaint, Action.REOPEN)
    if not is_in_time(complaint, at):
        raise Conflict("reopen.too_late", _("结案已超过 30 天，请重新提交反馈。"))
    clocks.void(complaint, at=at)
    data, following = {"reason": reason, "by_customer": True}, closing.next_round(complaint)
    cases.write(
        complaint, Action.REOPEN, by=None, at=at, data=data, status=Status.HANDLING, **following
    )
    closing.begin_round(complaint, by=None, at=at)
    return complaint


def may_rate(complaint: Complaint) -> bool:
    """Whether the customer has heard a result that can be rated."""
    return rules.status_fits(complaint, Action.REOPEN)


def may_withdraw(complaint: Complaint) -> bool:
    """Whether there is something to take back."""
    return rules.status_fits(complaint, Action.WITHDRAW)


def may_reopen(complaint: Complaint, at: datetime) -> bool:
    """Whether the customer may say at `at` that it is not solved."""
    return rules.status_fits(complaint, Action.REOPEN) and is_in_time(complaint, at)


def is_in_time(complaint: Complaint, at: datetime) -> bool:
    """Not closed, or closed lately."""
    return complaint.closed_at is None or at - complaint.closed_at <= REOPENED_WITHIN


def _lock(complaint_id: int, at: datetime) -> Complaint:
    """As `cases.lock`, for a customer: what was overdue is fired first."""
    complaint = Complaint.objects.select_for_update(of=("self",)).get(pk=complaint_id)
    walls.hold(complaint.pk)
    lapsing.lapse_of(complaint, until=at)
    escalation.fire(complaint, until=at)
    return complaint


def _check(complaint: Complaint, action: Action) -> None:
    if not rules.status_fits(complaint, action):
        raise Conflict(
            "wrong_status", _("投诉的状态已经变化，不能再这样做。请刷新页面查看最新进度。")
        )


_RATED = gettext_noop("%(no)s 客户评价了处理结果，请查看")
_TAKEN_BACK = gettext_noop("%(no)s 客户自己撤回了投诉，请查看")


def _tell(complaint: Complaint, key: str, sentence: str, at: datetime) -> None:
    note = Note(
        key=key,
        recipient_ids=with_stand_ins([complaint.owner_id], at),
        text=sentence,
        params={"no": complaint.no},
        url=f"/complaints/{complaint.no}/",
    )
    post([note], at=at)
