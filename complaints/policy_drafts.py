"""Drafting a new version of the rules of time, asking for its approval, approving it.

There is one open draft at a time. It is never thrown away: one that went wrong is written anew
from an earlier version (`reset`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from common import text
from common.errors import Conflict, NotAllowed, RuleBroken
from complaints import policies
from complaints.models import ClockKind, Policy, PolicyClock, PolicyState, PolicyStep
from complaints.policy_checks import check
from notify.post import Note, post
from staff.models import Person, Role

#: Who may read the policies.
READING = (Role.SUPERVISOR, Role.QUALITY, Role.DIRECTOR, Role.GENERAL_MANAGER)
DRAFTING = (Role.QUALITY, Role.DIRECTOR, Role.GENERAL_MANAGER)
APPROVING = (Role.DIRECTOR, Role.GENERAL_MANAGER)

#: What one policy can hold; a form must be able to send all of it.
MOST_ROWS = 20
MOST_STEPS = 6
HIGHEST_LEVEL = 3
#: No clock and no distance to due is longer.
LONGEST = timedelta(days=90)
#: A start further away than this is a slip of the keyboard.
FARTHEST = timedelta(days=730)
NOTE_LIMIT = 500


@dataclass(frozen=True)
class Step:
    """A rung of the ladder, as a door has read it (`PolicyStep` says what the fields mean)."""

    level: int
    offset_minutes: int
    tells_debtor: bool = False
    roles: tuple[str, ...] = ()


@dataclass(frozen=True)
class Length:
    """How long a kind of clock runs for a kind of case, and its ladder."""

    kind: str
    minutes: int
    steps: tuple[Step, ...]
    severity: str = ""
    channel: str = ""


def content(policy: Policy) -> tuple[Length, ...]:
    """What the policy says, free of its rows."""
    return tuple(
        Length(
            kind=row.kind,
            minutes=row.minutes,
            steps=tuple(
                Step(step.level, step.offset_minutes, step.tells_debtor, tuple(step.roles))
                for step in row.steps.all()
            ),
            severity=row.severity,
            channel=row.channel,
        )
        for row in policies.rows_of(policy)
    )


@transaction.atomic
def draft(based_on: Policy, *, by: Person, at: datetime) -> Policy:
    """A draft with the next number and the content of `based_on`. Raises NotAllowed
    `policy.draft`; Conflict `draft.open`."""
    _must_draft(by)
    list(_locked())  # one drafts after the other
    if found := Policy.objects.filter(state=PolicyState.DRAFT).first():
        words = _("已有一份草稿（%(version)s），请在它上面修改。")
        raise Conflict("draft.open", words % {"version": found})
    newest = Policy.objects.aggregate(newest=Max("version"))["newest"] or 0
    made = Policy.objects.create(
        version=newest + 1, state=PolicyState.DRAFT, drafted_by=by, drafted_at=at
    )
    _write(made, content(based_on))
    return made


@transaction.atomic
def save(
    policy_id: int,
    lengths: Sequence[Length],
    note: str,
    *,
    by: Person,
    at: datetime,
    seen: datetime | None = None,
) -> Policy:
    """Replace what the draft says. `seen` is the `drafted_at` the writer had before them: who
    has not seen the last change does not write over it; the same sent twice is written once.

    Raises NotAllowed `policy.draft`; Conflict `policy.approved`, `draft.changed`; RuleBroken
    `row.twice`, `row.many`, `row.length`, `step.many`, `step.level`, `step.offset`, `text.*`.
    """
    _must_draft(by)
    policy = _draft_locked(policy_id)
    note = text.clean(note, limit=NOTE_LIMIT, field="note")
    _check_lengths(lengths)
    ordered = _in_time(lengths)
    if policy.note == note and set(content(policy)) == set(ordered):
        return policy
    _must_have_seen(policy, seen)
    policy.note, policy.drafted_by, policy.drafted_at = note, by, at
    policy.save(update_fields=["note", "drafted_by", "drafted_at"])
    _write(policy, ordered)
    return policy


@transaction.atomic
def reset(policy_id: int, to: Policy, *, by: Person, at: datetime) -> Policy:
    """Give the draft the content of another version. Raises NotAllowed `policy.draft`; Conflict
    `policy.approved`."""
    _must_draft(by)
    policy = _draft_locked(policy_id)
    policy.drafted_by, policy.drafted_at = by, at
    policy.save(update_fields=["drafted_by", "drafted_at"])
    _write(policy, content(to))
    return policy


@transaction.atomic
def submit(policy_id: int, *, by: Person, at: datetime) -> list[Person]:
    """Ask the directors to approve the draft (the general managers, when there are none); who
    was told. They hear of one and the same content once. Raises NotAllowed `policy.draft`;
    Conflict `policy.approved`, `approver.none`; RuleBroken `policy.faulty`."""
    _must_draft(by)
    policy = _draft_locked(policy_id)
    _must_be_sound(policy)
    approvers = _approvers()
    if not approvers:
        raise Conflict("approver.none", _("没有服务总监或总经理在用，无人可以批准。"))
    written = policy.drafted_at or at
    note = Note(
        key=f"policy:{policy.version}:{written.isoformat()}",
        recipient_ids=[person.pk for person in approvers],
        text=gettext_noop("时限策略 %(version)s 已起草，%(who)s提请批准"),
        params={"version": str(policy), "who": by.name},
        url=f"/policies/{policy.version}/",
    )
    post([note], at=at)
    return approvers


@transaction.atomic
def approve(
    policy_id: int,
    *,
    effective_from: datetime | None = None,
    by: Person,
    at: datetime,
    seen: datetime | None = None,
) -> Policy:
    """The draft is in force for what is received from `effective_from` on (None: from now on),
    and never changes again. `seen` as in `save`: nobody approves what they have not read.

    Raises NotAllowed `policy.approve`; Conflict `policy.approved`, `draft.changed`; RuleBroken
    `effective_from.past`, `effective_from.far`, `policy.faulty`.
    """
    if by.role not in APPROVING:
        raise NotAllowed("policy.approve", _("只有服务总监或总经理可以批准时限策略。"))
    policy = _draft_locked(policy_id)
    _must_have_seen(policy, seen)
    start = effective_from or at
    _check_start(start, at)
    _must_be_sound(policy)
    policy.state, policy.effective_from = PolicyState.APPROVED, start
    policy.approved_by, policy.approved_at = by, at
    policy.save(update_fields=["state", "effective_from", "approved_by", "approved_at"])
    return policy


def _must_draft(by: Person) -> None:
    if by.role not in DRAFTING:
        raise NotAllowed("policy.draft", _("只有品质管理员、服务总监或总经理可以起草时限策略。"))


def _locked() -> QuerySet[Policy]:
    """Locked among those who draft and approve; cases are received under them all the while."""
    return Policy.objects.select_for_update(no_key=True).order_by("version")


def _draft_locked(policy_id: int) -> Policy:
    policy = _locked().get(pk=policy_id)
    if policy.state != PolicyState.DRAFT:
        words = _("%(version)s 已经批准，不能再改；要改请另起草一份。")
        raise Conflict("policy.approved", words % {"version": policy})
    return policy


def _must_have_seen(policy: Policy, seen: datetime | None) -> None:
    if seen and policy.drafted_at != seen:
        who = policy.drafted_by.name if policy.drafted_by else ""
        words = _("这份草稿刚刚被%(who)s改过，请刷新后再看一遍。")
        raise Conflict("draft.changed", words % {"who": who})


def _must_be_sound(policy: Policy) -> None:
    if problems := check(policy):
        words = _("还有 %(count)d 处要改，改好才能批准。第一处：%(problem)s")
        first = {"count": len(problems), "problem": problems[0].message}
        raise RuleBroken("policy.faulty", words % first)


def _check_start(start: datetime, at: datetime) -> None:
    if start < at:
        words = _("生效时间不能早于现在；要立即生效，请留空。")
        raise RuleBroken("effective_from.past", words, field="effective_from")
    if start > at + FARTHEST:
        words = _("生效时间太远，请检查年份。")
        raise RuleBroken("effective_from.far", words, field="effective_from")


def _approvers() -> list[Person]:
    active = Person.objects.filter(is_active=True)
    directors = list(active.filter(role=Role.DIRECTOR))
    return directors or list(active.filter(role=Role.GENERAL_MANAGER))


def _check_lengths(lengths: Sequence[Length]) -> None:
    """What the tables can't hold; whether it makes sense is for `check` to say."""
    if len(lengths) > MOST_ROWS:
        raise RuleBroken("row.many", _("最多 %(most)d 条时限。") % {"most": MOST_ROWS})
    places = [(length.kind, length.severity, length.channel) for length in lengths]
    if len(set(places)) < len(places):
        raise RuleBroken("row.twice", _("同一类投诉的同一种时限只能有一条。"))
    for length in lengths:
        if not 0 < length.minutes <= _minutes(LONGEST):
            raise RuleBroken("row.length", _("时长至少 1 分钟，最多 90 天。"))
        _check_steps(length)


def _check_steps(length: Length) -> None:
    if len(length.steps) > MOST_STEPS:
        raise RuleBroken("step.many", _("每种时限最多 %(most)d 步。") % {"most": MOST_STEPS})
    levels = [step.level for step in length.steps if step.level]
    if len(set(levels)) < len(levels) or set(levels) - set(range(1, HIGHEST_LEVEL + 1)):
        raise RuleBroken("step.level", _("升级分一、二、三级，每级一条。"))
    for step in length.steps:
        early = step.offset_minutes < 0
        if early == bool(step.level) or abs(step.offset_minutes) > _minutes(LONGEST):
            raise RuleBroken("step.offset", _("预警要早于到期，升级不能早于到期；最多 90 天。"))


def _in_time(lengths: Iterable[Length]) -> tuple[Length, ...]:
    """The same with the steps of each in the order in which they come."""
    return tuple(
        Length(
            kind=length.kind,
            minutes=length.minutes,
            steps=tuple(sorted(length.steps, key=lambda step: (step.offset_minutes, step.level))),
            severity=length.severity,
            channel=length.channel,
        )
        for length in lengths
    )


def _write(policy: Policy, lengths: Sequence[Length]) -> None:
    policy.clocks.all().delete()
    rows = PolicyClock.objects.bulk_create(
        PolicyClock(
            policy=policy,
            kind=ClockKind(length.kind),
            severity=length.severity,
            channel=length.channel,
            minutes=length.minutes,
        )
        for length in lengths
    )
    PolicyStep.objects.bulk_create(
        PolicyStep(
            clock=row,
            number=number,
            level=step.level,
            offset_minutes=step.offset_minutes,
            tells_debtor=step.tells_debtor,
            roles=list(step.roles),
        )
        for row, length in zip(rows, lengths, strict=True)
        for number, step in enumerate(length.steps)
    )


def _minutes(span: timedelta) -> int:
    return span // timedelta(minutes=1)
