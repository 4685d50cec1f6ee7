"""The table of what may be done when, and by whom (`docs/domain.md` sections 4 and 8)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.errors import Conflict, NotAllowed
from common.time import now
from complaints.models import Complaint, Handover, HandoverState, Status
from complaints.models.handover import RETURNED
from staff import presence
from staff.access import branches_in_scope
from staff.models import BranchKind, Person, Role


class Action(TextChoices):
    """Everything that can happen to a case; also the kinds of events."""

    REGISTER = "register", gettext_lazy("登记投诉")
    RECORD_CONTACT = "record_contact", gettext_lazy("记录联系")
    HEAR = "hear", gettext_lazy("客户补充")
    MOVE_OUTSIDE_DATE = "move_outside_date", gettext_lazy("外部期限变更")
    ACCEPT = "accept", gettext_lazy("分拣为有效")
    REJECT = "reject", gettext_lazy("分拣为无效")
    REVIEW_TRIAGE = "review_triage", gettext_lazy("复核分拣")
    SUGGEST_TRIAGE = "suggest_triage", gettext_lazy("建议分拣")
    RULE = "rule", gettext_lazy("判定责任")
    SUGGEST_RULING = "suggest_ruling", gettext_lazy("建议判责")
    DISPUTE = "dispute", gettext_lazy("责任申诉")
    REVIEW_DISPUTE = "review_dispute", gettext_lazy("复核责任争议")
    DECIDE_DISPUTE = "decide_dispute", gettext_lazy("终裁责任争议")
    PROPOSE_REMEDY = "propose_remedy", gettext_lazy("提出补救")
    DECIDE_REMEDY = "decide_remedy", gettext_lazy("审批补救")
    DELIVER_REMEDY = "deliver_remedy", gettext_lazy("兑现补救")
    CANCEL_REMEDY = "cancel_remedy", gettext_lazy("取消补救")
    SUBMIT_SHEET = "submit_sheet", gettext_lazy("提交整改单")
    RETURN_SHEET = "return_sheet", gettext_lazy("退回整改单")
    VERIFY_SHEET = "verify_sheet", gettext_lazy("验收整改单")
    WAIVE_SHEET = "waive_sheet", gettext_lazy("免整改")
    RECORD_CALLBACK = "record_callback", gettext_lazy("回访")
    CLOSE = "close", gettext_lazy("为客户结案")
    REOPEN = "reopen", gettext_lazy("重开")
    WITHDRAW = "withdraw", gettext_lazy("撤诉")
    RATE = "rate", gettext_lazy("客户评价")
    ATTACH = "attach", gettext_lazy("添加附件")
    REVEAL = "reveal", gettext_lazy("查看联系方式")
    ASK_TIME = "ask_time", gettext_lazy("申请暂停或延期")
    ENDORSE_TIME = "endorse_time", gettext_lazy("同意申请")
    DECIDE_TIME = "decide_time", gettext_lazy("批准或驳回申请")
    GRANT_TIME = "grant_time", gettext_lazy("暂停或延期反馈")
    RESUME_TIME = "resume_time", gettext_lazy("提前恢复计时")
    OFFER = "offer", gettext_lazy("交接")
    ACCEPT_OFFER = "accept_offer", gettext_lazy("接受交接")
    REFUSE_OFFER = "refuse_offer", gettext_lazy("退回交接")
    WITHDRAW_OFFER = "withdraw_offer", gettext_lazy("撤回交接")
    DECIDE_OFFER = "decide_offer", gettext_lazy("裁决交接")
    LAPSE_OFFER = "lapse_offer", gettext_lazy("交接逾期未答复")
    HAND_UP = "hand_up", gettext_lazy("交由主管负责")
    ACKNOWLEDGE = "acknowledge", gettext_lazy("确认升级")
    LINK = "link", gettext_lazy("并入重复投诉")
    UNLINK = "unlink", gettext_lazy("解除并入")
    INSPECT = "inspect", gettext_lazy("首问稽查")
    NOTE_CUSTOMER = "note_customer", gettext_lazy("客户须知")
    JOIN_INCIDENT = "join_incident", gettext_lazy("归入群诉")
    LEAVE_INCIDENT = "leave_incident", gettext_lazy("移出群诉")
    LEAD_INCIDENT = "lead_incident", gettext_lazy("群诉处理")
    WARN = "warn", gettext_lazy("时限预警")
    ESCALATE = "escalate", gettext_lazy("超时升级")


class Tie(Enum):
    """What a person is to one case, whatever their role; each as well for whoever acts for that
    person while they are away (代)."""

    OWNER = "owner"
    RECTIFIER = "rectifier"
    OFFERED = "offered"  # the receiver of the case's latest offer


Who = Role | Tie


@dataclass(frozen=True)
class Bar:
    """What forbids an action to somebody whose role allows it: the code and sentence they get."""

    code: str
    sentence: Any
    holds: Callable[[Complaint, Person], bool]


@dataclass(frozen=True)
class Rule:
    """`leaves`: statuses it is possible in; `leads`: where the case goes (None: stays);
    `who`: roles or ties, one of which is enough; `bars`: ties that forbid it all the same;
    `unless`: what hangs on the case and makes it a conflict, whoever it is."""

    leaves: frozenset[Status]
    who: frozenset[Who]
    leads: Status | None = None
    bars: tuple[Bar, ...] = ()
    unless: Bar | None = None


def ties(complaint: Complaint, person: Person, at: datetime | None = None) -> set[Who]:
    """The person's role and what ties them to the case at `at` (None: now)."""
    found: set[Who] = {Role(person.role)}
    return found | {tie for tie in Tie if _is_tied(tie, complaint, person, at)}


def stood_in_for(complaint: Complaint, action: Action, person: Person, at: datetime) -> str:
    """The name of whom the person acts for in this action; "" where they act for themselves."""
    for tie in Tie:
        if tie in RULES[action].who and (tied := _tied(tie, complaint)) is not None:
            if tied[0].pk == person.pk:
                return ""
            if _acts_for(*tied, person, at):
                return tied[0].name
    return ""


def _is_tied(tie: Tie, complaint: Complaint, person: Person, at: datetime | None) -> bool:
    tied_id = _tied_id(tie, complaint)
    if tied_id is None or tied_id == person.pk:
        return tied_id is not None
    if not presence.may_act(person):
        return False
    moment = now() if at is None else at
    if presence.is_present(tied_id, moment):  # as nearly always: one small query, and no more
        return False
    tied = _tied(tie, complaint)
    return tied is not None and _acts_for(*tied, person, moment)


def _tied_id(tie: Tie, complaint: Complaint) -> int | None:
    """The id of who is tied to the case by their own name."""
    match tie:
        case Tie.OWNER:
            return complaint.owner_id
        case Tie.RECTIFIER:
            return complaint.rectifier_id
        case Tie.OFFERED:
            handover = latest_handover(complaint)
            return handover.receiver_id if handover else None


def _tied(tie: Tie, complaint: Complaint) -> tuple[Person, int] | None:
    """The same with the branch whose supervisor's post acts where no deputy does."""
    tied_id = _tied_id(tie, complaint)
    person = Person.objects.filter(pk=tied_id).first() if tied_id is not None else None
    if person is None:
        return None
    match tie:
        case Tie.OWNER:
            return person, complaint.owner_branch_id
        case Tie.RECTIFIER:
            return person, complaint.responsible_branch_id or person.branch_id
        case Tie.OFFERED:
            return person, person.branch_id


def _acts_for(absent: Person, branch_id: int, person: Person, at: datetime) -> bool:
    """Whether the person, who is somebody else, acts for the absent one at `at`."""
    if presence.is_present(absent.pk, at):
        return False
    return presence.acting_for(absent, branch_id, at) == person.pk


def latest_handover(complaint: Complaint) -> Handover | None:
    """The last offer of the case, whatever became of it. Pages prefetch them."""
    return max(complaint.handovers.all(), key=lambda each: (each.offered_at, each.pk), default=None)


def _answers(complaint: Complaint, person: Person) -> bool:
    return person.pk in (complaint.owner_id, complaint.rectifier_id)


def _belongs(complaint: Complaint, person: Person) -> bool:
    return (
        complaint.responsible_branch_id is not None
        and complaint.responsible_branch_id == person.branch_id
    )


def _spoke(complaint: Complaint, person: Person) -> bool:
    return any(talk.by_id == person.pk for talk in complaint.contacts.all())


def _not_from_headquarters(complaint: Complaint, person: Person) -> bool:
    return bool(complaint.subject_ids) and person.branch.kind != BranchKind.HEADQUARTERS


_FROM_HEADQUARTERS = Bar(
    "from_headquarters",
    gettext_lazy("这件投诉涉及员工本人，回访须由总部进行。"),
    _not_from_headquarters,
)
_ANSWERS_FOR_IT = Bar(
    "answers_for_it", gettext_lazy("您是这件投诉的责任人，须由其他人进行。"), _answers
)
_OWN_BRANCH = Bar(
    "own_branch", gettext_lazy("您属于责任机构，回访须由其他机构的人进行。"), _belongs
)
_HANDLED_IT = Bar(
    "handled_it", gettext_lazy("您参与过这件投诉的处理，回访须由其他人进行。"), _spoke
)


def _handover_waits(complaint: Complaint, _person: Person) -> bool:
    latest = latest_handover(complaint)
    return latest is not None and latest.is_open


def _no_offer(complaint: Complaint, _person: Person) -> bool:
    latest = latest_handover(complaint)
    return latest is None or latest.state != HandoverState.OFFERED


def _nothing_to_decide(complaint: Complaint, _person: Person) -> bool:
    """An open offer, a referred one, or one that came back while the giver still owns the case."""
    latest = latest_handover(complaint)
    if latest is None:
        return True
    came_back = latest.state in RETURNED and latest.giver_id == complaint.owner_id
    return not (latest.is_open or came_back)


def _is_a_side(complaint: Complaint, person: Person) -> bool:
    latest = latest_handover(complaint)
    return latest is not None and person.pk in (latest.giver_id, latest.receiver_id)


def _beyond_supervisor(complaint: Complaint, person: Person) -> bool:
    """A supervisor decides what stays within their branches, and not what was referred."""
    latest = latest_handover(complaint)
    if latest is None or person.role != Role.SUPERVISOR:
        return False
    return latest.state == HandoverState.REFERRED or not both_sides_in_reach(latest, person)


def both_sides_in_reach(handover: Handover, person: Person) -> bool:
    """Whether giver and receiver both work in the person's branches."""
    sides = {handover.giver.branch_id, handover.receiver.branch_id}
    return branches_in_scope(person).filter(pk__in=sides).count() == len(sides)


_OFFER_WAITS = Bar(
    "handover.waiting", gettext_lazy("这件投诉的上一次交接还没有结果。"), _handover_waits
)
_OFFER_OVER = Bar(
    "handover.over", gettext_lazy("没有等待答复的交接：它已被答复、撤回，或已逾期。"), _no_offer
)
_DECIDED = Bar("handover.nothing", gettext_lazy("没有需要裁决的交接。"), _nothing_to_decide)
_OWN_HANDOVER = Bar(
    "handover.own", gettext_lazy("您是这次交接的一方，须由其他人裁决。"), _is_a_side
)
_BEYOND = Bar(
    "handover.beyond",
    gettext_lazy("跨机构的交接和第二次退回，由品质管理员裁决。"),
    _beyond_supervisor,
)

_S = Status
_OPEN = frozenset({_S.TRIAGE, _S.HANDLING, _S.ANSWERED, _S.CALLED_BACK})
_VALID = frozenset({_S.HANDLING, _S.ANSWERED, _S.CALLED_BACK})
_WITH_FIX = _VALID | {_S.CLOSED, _S.WITHDRAWN}
_ANY = frozenset(Status)

_SERVING = frozenset(
    {Role.FRONTLINE, Role.SUPERVISOR, Role.QUALITY, Role.DIRECTOR, Role.GENERAL_MANAGER}
)
_DESK: frozenset[Who] = _SERVING | {Tie.OWNER, Tie.RECTIFIER}
_QUALITY: frozenset[Who] = frozenset({Role.QUALITY, Role.DIRECTOR, Role.GENERAL_MANAGER})
_FINAL: frozenset[Who] = frozenset({Role.DIRECTOR, Role.GENERAL_MANAGER})
_SUGGESTING: frozenset[Who] = frozenset({Role.FRONTLINE, Role.SUPERVISOR, Tie.OWNER})
_VERIFYING: frozenset[Who] = frozenset({Role.QUALITY, Role.DIRECTOR})
_PROMISING: frozenset[Who] = frozenset(
    {Role.FRONTLINE, Role.SUPERVISOR, Role.DIRECTOR, Role.GENERAL_MANAGER, Tie.OWNER, Tie.RECTIFIER}
)
_LEADING: frozenset[Who] = frozenset({Role.SUPERVISOR, Role.DIRECTOR, Role.GENERAL_MANAGER})

RULES: dict[Action, Rule] = {
    Action.RECORD_CONTACT: Rule(_OPEN | {_S.CLOSED}, _DESK),
    Action.ACCEPT: Rule(frozenset({_S.TRIAGE, _S.INVALID}), _QUALITY, _S.HANDLING),
    Action.REJECT: Rule(_OPEN, _QUALITY, _S.INVALID),
    Action.REVIEW_TRIAGE: Rule(frozenset({_S.INVALID}), _FINAL),
    Action.SUGGEST_TRIAGE: Rule(frozenset({_S.TRIAGE}), _SUGGESTING),
    Action.RULE: Rule(_WITH_FIX, _QUALITY),
    Action.SUGGEST_RULING: Rule(_OPEN, _SUGGESTING),
    Action.DISPUTE: Rule(_WITH_FIX, frozenset({Role.SUPERVISOR, Tie.RECTIFIER})),
    Action.REVIEW_DISPUTE: Rule(_WITH_FIX, _QUALITY, bars=(_ANSWERS_FOR_IT,)),
    Action.DECIDE_DISPUTE: Rule(_WITH_FIX, _FINAL, bars=(_ANSWERS_FOR_IT,)),
    Action.PROPOSE_REMEDY: Rule(_OPEN, _PROMISING),
    Action.DECIDE_REMEDY: Rule(_ANY, _LEADING, bars=(_ANSWERS_FOR_IT,)),
    Action.DELIVER_REMEDY: Rule(_ANY - {_S.INVALID}, _PROMISING | {Role.QUALITY}),
    Action.CANCEL_REMEDY: Rule(_ANY, _PROMISING),
    Action.SUBMIT_SHEET: Rule(_WITH_FIX, frozenset({Tie.RECTIFIER})),
    Action.RETURN_SHEET: Rule(_WITH_FIX, _VERIFYING, bars=(_ANSWERS_FOR_IT,)),
    Action.VERIFY_SHEET: Rule(_WITH_FIX, _VERIFYING, bars=(_ANSWERS_FOR_IT,)),
    Action.WAIVE_SHEET: Rule(_WITH_FIX, _VERIFYING, bars=(_ANSWERS_FOR_IT,)),
    Action.RECORD_CALLBACK: Rule(
        frozenset({_S.HANDLING, _S.ANSWERED}),
        _QUALITY,
        _S.CALLED_BACK,
        bars=(_ANSWERS_FOR_IT, _OWN_BRANCH, _HANDLED_IT, _FROM_HEADQUARTERS),
    ),
    Action.CLOSE: Rule(_VALID, _DESK, _S.CLOSED),
    Action.REOPEN: Rule(frozenset({_S.ANSWERED, _S.CALLED_BACK, _S.CLOSED}), _DESK, _S.HANDLING),
    Action.WITHDRAW: Rule(_OPEN, _DESK, _S.WITHDRAWN),
    Action.ATTACH: Rule(_ANY, _DESK),
    Action.REVEAL: Rule(_ANY, _DESK),
    Action.ASK_TIME: Rule(_OPEN, frozenset({Tie.OWNER, Tie.RECTIFIER, Role.SUPERVISOR})),
    Action.ENDORSE_TIME: Rule(_OPEN, frozenset({Role.SUPERVISOR}), bars=(_ANSWERS_FOR_IT,)),
    Action.DECIDE_TIME: Rule(_OPEN, _QUALITY, bars=(_ANSWERS_FOR_IT,)),
    Action.GRANT_TIME: Rule(_OPEN, _QUALITY, bars=(_ANSWERS_FOR_IT,)),
    Action.RESUME_TIME: Rule(_OPEN, _QUALITY),
    Action.OFFER: Rule(_OPEN, frozenset({Tie.OWNER}), unless=_OFFER_WAITS),
    Action.ACCEPT_OFFER: Rule(_OPEN, frozenset({Tie.OFFERED}), unless=_OFFER_OVER),
    Action.REFUSE_OFFER: Rule(_OPEN, frozenset({Tie.OFFERED}), unless=_OFFER_OVER),
    Action.WITHDRAW_OFFER: Rule(_OPEN, frozenset({Tie.OWNER}), unless=_OFFER_OVER),
    Action.DECIDE_OFFER: Rule(
        _OPEN, _LEADING | {Role.QUALITY}, bars=(_OWN_HANDOVER, _BEYOND), unless=_DECIDED
    ),
    Action.ACKNOWLEDGE: Rule(_ANY, _LEADING | {Role.QUALITY}),
    Action.INSPECT: Rule(_ANY, _VERIFYING, bars=(_ANSWERS_FOR_IT,)),
    Action.NOTE_CUSTOMER: Rule(_ANY, _DESK),
    Action.JOIN_INCIDENT: Rule(_OPEN, _QUALITY),
    Action.LEAVE_INCIDENT: Rule(_ANY, _QUALITY),
    Action.LEAD_INCIDENT: Rule(_ANY, _QUALITY),
}


def allowed_actions(
    complaint: Complaint, person: Person, at: datetime | None = None
) -> list[Action]:
    """What this person may do to this case as it stands at `at` (None: now), in the table's
    order."""
    tied = ties(complaint, person, at)
    return [
        action
        for action, rule in RULES.items()
        if not rule.who.isdisjoint(tied) and _fits(complaint, rule, person)
    ]


def is_allowed(
    complaint: Complaint, action: Action, person: Person, at: datetime | None = None
) -> bool:
    """Whether `check` would let it pass."""
    rule = RULES[action]
    return _fits(complaint, rule, person) and _is_one_of(rule.who, complaint, person, at)


def check(complaint: Complaint, action: Action, person: Person, at: datetime | None = None) -> Rule:
    """The rule for the action at `at` (None: now). Raises NotAllowed `not_allowed` or a bar's
    code; Conflict `wrong_status`, or the code of what stands against it."""
    rule = RULES[action]
    if not _is_one_of(rule.who, complaint, person, at):
        raise NotAllowed(
            "not_allowed",
            _("您没有权限对这件投诉执行“%(action)s”。") % {"action": action.label},
        )
    for bar in rule.bars:
        if bar.holds(complaint, person):
            raise NotAllowed(bar.code, str(bar.sentence))
    if not status_fits(complaint, action):
        raise Conflict(
            "wrong_status",
            _("投诉目前是“%(status)s”，不能执行“%(action)s”。")
            % {"status": complaint.get_status_display(), "action": action.label},
        )
    if rule.unless is not None and rule.unless.holds(complaint, person):
        raise Conflict(rule.unless.code, str(rule.unless.sentence))
    return rule


def status_fits(complaint: Complaint, action: Action) -> bool:
    """Whether the action is possible in the case's status, for whomever."""
    return Status(complaint.status) in RULES[action].leaves


def _is_one_of(
    who: frozenset[Who], complaint: Complaint, person: Person, at: datetime | None
) -> bool:
    """Whether the role is enough, or else a tie, which may take a look into the database."""
    if person.role in who:
        return True
    return any(_is_tied(tie, complaint, person, at) for tie in Tie if tie in who)


def _fits(complaint: Complaint, rule: Rule, person: Person) -> bool:
    """Whether the case stands where the rule wants it, and nothing forbids it to the person."""
    if Status(complaint.status) not in rule.leaves:
        return False
    if rule.unless is not None and rule.unless.holds(complaint, person):
        return False
    return not any(bar.holds(complaint, person) for bar in rule.bars)
