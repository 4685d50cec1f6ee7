"""The table of what may be done when, and by whom (`docs/domain.md` sections 4 and 8)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.errors import Conflict, NotAllowed
from complaints.models import Complaint, Status
from staff.models import BranchKind, Person, Role


class Action(TextChoices):
    """Everything that can happen to a case; also the kinds of events."""

    REGISTER = "register", gettext_lazy("登记投诉")
    RECORD_CONTACT = "record_contact", gettext_lazy("记录联系")
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
    ATTACH = "attach", gettext_lazy("添加附件")
    REVEAL = "reveal", gettext_lazy("查看联系方式")
    ASK_TIME = "ask_time", gettext_lazy("申请暂停或延期")
    ENDORSE_TIME = "endorse_time", gettext_lazy("同意申请")
    DECIDE_TIME = "decide_time", gettext_lazy("批准或驳回申请")
    GRANT_TIME = "grant_time", gettext_lazy("暂停或延期反馈")
    RESUME_TIME = "resume_time", gettext_lazy("提前恢复计时")
    ACKNOWLEDGE = "acknowledge", gettext_lazy("确认升级")
    INSPECT = "inspect", gettext_lazy("首问稽查")
    WARN = "warn", gettext_lazy("时限预警")
    ESCALATE = "escalate", gettext_lazy("超时升级")


class Tie(Enum):
    """What a person is to one case, whatever their role."""

    OWNER = "owner"
    RECTIFIER = "rectifier"


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
    `who`: roles or ties, one of which is enough; `bars`: ties that forbid it all the same."""

    leaves: frozenset[Status]
    who: frozenset[Who]
    leads: Status | None = None
    bars: tuple[Bar, ...] = ()


def ties(complaint: Complaint, person: Person) -> set[Who]:
    """The person's role and what ties them to the case."""
    found: set[Who] = {Role(person.role)}
    if complaint.owner_id == person.pk:
        found.add(Tie.OWNER)
    if complaint.rectifier_id == person.pk:
        found.add(Tie.RECTIFIER)
    return found


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
    Action.ACKNOWLEDGE: Rule(_ANY, _LEADING | {Role.QUALITY}),
    Action.INSPECT: Rule(_ANY, _VERIFYING, bars=(_ANSWERS_FOR_IT,)),
}


def allowed_actions(complaint: Complaint, person: Person) -> list[Action]:
    """What this person may do to this case as it stands, in the table's order."""
    return [action for action in RULES if is_allowed(complaint, action, person)]


def is_allowed(complaint: Complaint, action: Action, person: Person) -> bool:
    """Whether `check` would let it pass."""
    return status_fits(complaint, action) and _person_may(complaint, action, person)


def check(complaint: Complaint, action: Action, person: Person) -> Rule:
    """The rule for the action. Raises NotAllowed `not_allowed` or a bar's code;
    Conflict `wrong_status`."""
    rule = RULES[action]
    if rule.who.isdisjoint(ties(complaint, person)):
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
    return rule


def status_fits(complaint: Complaint, action: Action) -> bool:
    """Whether the action is possible in the case's status, for whomever."""
    return Status(complaint.status) in RULES[action].leaves


def _person_may(complaint: Complaint, action: Action, person: Person) -> bool:
    rule = RULES[action]
    return not rule.who.isdisjoint(ties(complaint, person)) and not any(
        bar.holds(complaint, person) for bar in rule.bars
    )
