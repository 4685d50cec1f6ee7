"""Calling the customer back: by someone who neither handled it nor belongs to the branch."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from common import text
from common.errors import NotAllowed, RuleBroken
from complaints import cases, clocks, closing
from complaints.models import Callback, ClockKind, Complaint, Means, RulingPart, Status
from complaints.rules import Action
from staff.models import Person

SAID_LIMIT = 2000


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What the customer said. `satisfied` and `solved` are needed exactly when reached; `score`
    is 1 to 5; `occurred_at` None means now."""

    means: Means
    reached: bool
    satisfied: bool | None = None
    solved: bool | None = None
    score: int | None = None
    said: str = ""
    occurred_at: datetime | None = None


@transaction.atomic
def record(complaint_id: int, answers: Answers, *, by: Person, at: datetime) -> Callback:
    """Write down a callback. Reached: the 72H clock stops at the call's own time; a satisfied
    customer's case is closed when nothing is missing, a dissatisfied one's opens a new round.
    Not reached for the third time, in two parts of the day and by two means: the clock stops as
    无法联系, and the case may be closed.

    Raises RuleBroken `satisfied.missing`, `solved.missing`, `said.blank`,
    `score.range`, `occurred_at.future`, `occurred_at.before_receipt`,
    `occurred_at.before_round`, `text.*`; NotAllowed `handled_it`, `own_branch`; Conflict.
    """
    complaint = cases.lock(complaint_id, to=Action.RECORD_CALLBACK, by=by, at=at)
    _check_bears_no_share(complaint, by)
    callback = _heard(complaint, answers, by, at)
    callback.save()
    proof = clocks.settle(complaint, ClockKind.CALLBACK)
    stays = {} if proof or callback.reached else {"status": Status(complaint.status)}
    cases.act(complaint, Action.RECORD_CALLBACK, by=by, at=at, data=_data(callback), **stays)
    if callback.reached:
        _follow(complaint, callback, by, at)
    return callback


def _check_bears_no_share(complaint: Complaint, by: Person) -> None:
    """The branch that leads is barred by the rules; here are those that bear a share."""
    shared = RulingPart.objects.filter(ruling__complaint=complaint, ruling__superseded_at=None)
    if shared.filter(branch=by.branch_id).exists():
        raise NotAllowed("own_branch", _("您属于责任机构，回访须由其他机构的人进行。"))


def _follow(complaint: Complaint, callback: Callback, by: Person, at: datetime) -> None:
    if not (callback.satisfied and callback.solved):
        reason = callback.said or str(_("回访时客户表示问题未解决或不满意"))
        closing.reopen_locked(complaint, reason=reason, by=by, at=at)
    elif not closing.what_is_missing(complaint):
        closing.close_locked(complaint, by=by, at=at)


def _heard(complaint: Complaint, answers: Answers, by: Person, at: datetime) -> Callback:
    """The checked call, not stored yet. What an unreached customer can't have said is left out."""
    occurred_at = answers.occurred_at or at
    _check_time(complaint, occurred_at, at)
    said = text.clean(answers.said, limit=SAID_LIMIT, field="said", lines=True)
    callback = Callback(
        complaint=complaint,
        round=complaint.round,
        means=answers.means,
        reached=answers.reached,
        said=said,
        occurred_at=max(occurred_at, complaint.received_at),
        recorded_at=at,
        by=by,
    )
    if answers.reached:
        _check_answers(answers, said)
        callback.satisfied, callback.solved = answers.satisfied, answers.solved
        callback.score = answers.score
    return callback


def _check_time(complaint: Complaint, occurred_at: datetime, at: datetime) -> None:
    if occurred_at > at:
        raise RuleBroken("occurred_at.future", _("回访时间不能晚于现在。"), field="occurred_at")
    if occurred_at < complaint.received_at.replace(second=0, microsecond=0):
        raise RuleBroken(
            "occurred_at.before_receipt", _("回访时间不能早于受理时间。"), field="occurred_at"
        )
    if complaint.round > 1 and occurred_at <= clocks.round_start(complaint):
        raise RuleBroken(
            "occurred_at.before_round", _("回访时间不能早于本轮重开的时间。"), field="occurred_at"
        )


def _check_answers(answers: Answers, said: str) -> None:
    if answers.satisfied is None:
        raise RuleBroken("satisfied.missing", _("请记录客户是否满意。"), field="satisfied")
    if answers.solved is None:
        raise RuleBroken("solved.missing", _("请记录问题是否已解决。"), field="solved")
    if answers.score is not None and not 1 <= answers.score <= 5:
        raise RuleBroken("score.range", _("评分须在 1 到 5 之间。"), field="score")
    if not (answers.satisfied and answers.solved) and text.is_blank(said):
        raise RuleBroken("said.blank", _("客户不满意时，请记下客户原话。"), field="said")


def _data(callback: Callback) -> dict[str, object]:
    return {
        "means": callback.means,
        "reached": callback.reached,
        "satisfied": callback.satisfied,
        "solved": callback.solved,
        "score": callback.score,
        "said": callback.said,
        "occurred_at": callback.occurred_at.isoformat(),
    }
