"""Putting it right for the customer: proposed, promised within authority, delivered."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from common import text
from common.errors import Conflict, NotAllowed, RuleBroken
from complaints import cases
from complaints.models import Complaint, Remedy, RemedyKind, RemedyState
from complaints.models.remedy import BINDING
from complaints.rules import Action
from notify.post import Note, post
from staff.limits import covers, role_covers
from staff.models import Person, Role
from staff.posts import Roster
from staff.presence import with_stand_ins

#: The most a single remedy may cost, in yuan: beyond it is a slip of the keyboard.
LARGEST = Decimal(9_999_999)


@transaction.atomic
def propose(
    complaint_id: int,
    *,
    kind: RemedyKind,
    amount: Decimal,
    description: str,
    by: Person,
    at: datetime,
) -> Remedy:
    """Offer the customer a remedy of `amount` yuan. Promised at once when it costs nothing, or
    when all that the case binds the firm to is within the proposer's limit; otherwise it awaits
    approval and those who may give it are told.

    Raises RuleBroken `amount.range`, `amount.precision`, `description.blank`, `text.*`;
    NotAllowed, Conflict.
    """
    complaint = cases.lock(complaint_id, to=Action.PROPOSE_REMEDY, by=by, at=at)
    amount = _checked(amount)
    description = text.clean(description, limit=500, field="description")
    if not description:
        raise RuleBroken("description.blank", _("请写明补救的内容。"), field="description")
    within = not amount or covers(by, bound(complaint) + amount)
    remedy = Remedy.objects.create(
        complaint=complaint,
        round=complaint.round,
        kind=kind,
        amount=amount,
        description=description,
        state=RemedyState.PROMISED if within else RemedyState.AWAITING,
        proposed_by=by,
        proposed_at=at,
    )
    cases.act(complaint, Action.PROPOSE_REMEDY, by=by, at=at, data=_data(remedy))
    if not within:
        _ask_for_approval(complaint, remedy)
    return remedy


@transaction.atomic
def decide(remedy_id: int, *, approve: bool, note: str, by: Person, at: datetime) -> Remedy:
    """Approve or refuse a remedy beyond its proposer's limit. The limit of whoever approves has
    to cover all that the case binds the firm to, and nobody approves their own case or proposal.

    Raises Remedy.DoesNotExist when there is none the person may see; NotAllowed
    `own_proposal`, `over_authority`; Conflict `already_decided`.
    """
    remedy, complaint = _lock(remedy_id, Action.DECIDE_REMEDY, by, at)
    note = text.clean(note, limit=500, field="note")
    if remedy.state != RemedyState.AWAITING:
        raise Conflict("already_decided", _("这项补救已经有人处理过了。"))
    if remedy.proposed_by_id == by.pk:
        raise NotAllowed("own_proposal", _("不能审批自己提出的补救。"))
    if approve and not covers(by, bound(complaint)):
        raise NotAllowed("over_authority", _("超出您的授权额度，请由上级审批。"), field="approve")
    remedy.state = RemedyState.PROMISED if approve else RemedyState.REFUSED
    remedy.decided_by, remedy.decided_at = by, at
    remedy.save(update_fields=["state", "decided_by", "decided_at"])
    cases.act(complaint, Action.DECIDE_REMEDY, by=by, at=at, data={**_data(remedy), "note": note})
    _tell_decision(complaint, remedy, at)
    return remedy


@transaction.atomic
def deliver(remedy_id: int, *, proof: str, by: Person, at: datetime) -> Remedy:
    """The customer has it; `proof` says how it is known (a receipt number, a photo's name).
    Raises RuleBroken `proof.blank`, `text.*`; Conflict `not_promised`; NotAllowed."""
    remedy, complaint = _lock(remedy_id, Action.DELIVER_REMEDY, by, at)
    proof = text.clean(proof, limit=200, field="proof")
    if not proof:
        raise RuleBroken("proof.blank", _("请填写兑现凭证，例如收据号。"), field="proof")
    if remedy.state != RemedyState.PROMISED:
        raise Conflict("not_promised", _("只有已承诺的补救才能兑现。"))
    remedy.state, remedy.delivered_at, remedy.proof = RemedyState.DELIVERED, at, proof
    remedy.save(update_fields=["state", "delivered_at", "proof"])
    cases.act(
        complaint, Action.DELIVER_REMEDY, by=by, at=at, data={**_data(remedy), "proof": proof}
    )
    return remedy


@transaction.atomic
def cancel(remedy_id: int, *, note: str, by: Person, at: datetime) -> Remedy:
    """The customer chose something else; what was delivered can't be cancelled.
    Raises RuleBroken `note.blank`; Conflict `not_cancellable`; NotAllowed."""
    remedy, complaint = _lock(remedy_id, Action.CANCEL_REMEDY, by, at)
    note = text.clean(note, limit=500, field="note")
    if not note:
        raise RuleBroken("note.blank", _("请写明取消的原因。"), field="note")
    if remedy.state not in (RemedyState.AWAITING, RemedyState.PROMISED):
        raise Conflict("not_cancellable", _("只有待审批或已承诺的补救才能取消。"))
    remedy.state = RemedyState.CANCELLED
    remedy.save(update_fields=["state"])
    cases.act(complaint, Action.CANCEL_REMEDY, by=by, at=at, data={**_data(remedy), "note": note})
    return remedy


def bound(complaint: Complaint) -> Decimal:
    """What the case binds the firm to in all, in yuan: awaiting, promised and delivered."""
    binding = Remedy.objects.filter(complaint=complaint, state__in=BINDING)
    return binding.aggregate(sum=Sum("amount"))["sum"] or Decimal(0)


def _checked(amount: Decimal) -> Decimal:
    """The amount with its two decimals."""
    if not amount.is_finite() or not 0 <= amount <= LARGEST:
        raise RuleBroken("amount.range", _("金额须在 0 到 9,999,999 元之间。"), field="amount")
    exact = amount.quantize(Decimal("0.01"))
    if amount != exact:
        raise RuleBroken("amount.precision", _("金额最多两位小数。"), field="amount")
    return exact


def _lock(remedy_id: int, to: Action, by: Person, at: datetime) -> tuple[Remedy, Complaint]:
    """The case first, then its remedy: whoever changes a case holds the case's lock."""
    complaint_id = Remedy.objects.values_list("complaint_id", flat=True).get(pk=remedy_id)
    complaint = cases.lock(complaint_id, to=to, by=by, at=at)
    return Remedy.objects.select_for_update().get(pk=remedy_id), complaint


def _data(remedy: Remedy) -> dict[str, str]:
    return {
        "kind": remedy.kind,
        "amount": str(remedy.amount),
        "description": remedy.description,
        "state": remedy.state,
    }


def _ask_for_approval(complaint: Complaint, remedy: Remedy) -> None:
    note = Note(
        key=f"remedy:{remedy.pk}:asked",
        recipient_ids=_who_may_approve(complaint, remedy),
        text=gettext_noop("%(no)s 的补救 %(amount)s 元超出授权额度，等待审批"),
        params={"no": complaint.no, "amount": str(remedy.amount)},
        url=f"/complaints/{complaint.no}/",
    )
    post([note], at=remedy.proposed_at)


def _who_may_approve(complaint: Complaint, remedy: Remedy) -> list[int]:
    """Supervisor and director as far as their limits reach; beyond them the general manager."""
    barred = {complaint.owner_id, complaint.rectifier_id, remedy.proposed_by_id}
    barred |= set(complaint.subject_ids)
    roster, total = Roster(at=remedy.proposed_at), bound(complaint)
    reaching = [role for role in (Role.SUPERVISOR, Role.DIRECTOR) if role_covers(role, total)]
    for roles in (reaching, [Role.GENERAL_MANAGER]):
        asked = set(roster.holders_of_any(roles, complaint.owner_branch_id)) - barred
        if asked:
            return sorted(asked)
    return []


def _tell_decision(complaint: Complaint, remedy: Remedy, at: datetime) -> None:
    approved = remedy.state == RemedyState.PROMISED
    note = Note(
        key=f"remedy:{remedy.pk}:decided",
        recipient_ids=with_stand_ins([complaint.owner_id, remedy.proposed_by_id], at),
        text=gettext_noop("%(no)s 的补救 %(amount)s 元已获批准")
        if approved
        else gettext_noop("%(no)s 的补救 %(amount)s 元未获批准"),
        params={"no": complaint.no, "amount": str(remedy.amount)},
        url=f"/complaints/{complaint.no}/",
    )
    post([note], at=at)
