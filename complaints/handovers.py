"""Passing a case on: offer, accept, refuse, withdraw, decide (`docs/ownership.md`). The giver
answers to the customer until somebody else does; no clock stands still meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from common import text
from common.errors import RuleBroken
from complaints import cases, handover_notes, ownership, rules
from complaints.models import (
    Complaint,
    Handover,
    HandoverReason,
    HandoverState,
    Ownership,
    OwnershipReason,
)
from complaints.models.handover import ANSWER_WITHIN
from complaints.rules import Action, latest_handover
from staff import presence
from staff.access import branches_in_scope
from staff.models import Person, Role

NOTE_LIMIT = 500


@dataclass(frozen=True, kw_only=True)
class Offer:
    """To whom the case is offered, and why."""

    receiver: Person
    reason: HandoverReason
    note: str


@transaction.atomic
def offer(complaint_id: int, offered: Offer, *, by: Person, at: datetime) -> Handover:
    """Offer the case to somebody, who has two hours to answer. One that goes back to a former
    owner of this round is a return, and with the second return of the round 品质管理员 decides.

    Raises RuleBroken `note.blank`, `receiver.gone`, `receiver.owner`, `receiver.away`, `text.*`;
    Conflict `handover.waiting`, `wrong_status`; NotAllowed.
    """
    complaint = cases.lock(complaint_id, to=Action.OFFER, by=by, at=at)
    offered = replace(offered, note=_words(offered.note, "note", _("请写明交接时要说的话。")))
    receiver = _checked_receiver(complaint, offered.receiver, at)
    goes_back = _owned_before(complaint, receiver)
    made = _of(complaint, replace(offered, receiver=receiver), by, at, goes_back=goes_back)
    if goes_back and returns(complaint) >= 1:
        made.state, made.referred_at = HandoverState.REFERRED, at
    data = {"to": receiver.name, "reason": made.reason, "note": made.note, "state": made.state}
    cases.act(complaint, Action.OFFER, by=by, at=at, data=data)
    made.save()
    if made.state == HandoverState.REFERRED:
        handover_notes.referred(made, at=at)
    else:
        handover_notes.offered(made, at=at)
    return made


@transaction.atomic
def accept(complaint_id: int, *, by: Person, at: datetime) -> Handover:
    """The receiver owns the case from now on. Raises Complaint.DoesNotExist; RuleBroken
    `receiver.gone`; Conflict `handover.over`, `wrong_status`; NotAllowed."""
    complaint = cases.lock(complaint_id, to=Action.ACCEPT_OFFER, by=by, at=at)
    handover = _latest(complaint)
    _answer(handover, HandoverState.ACCEPTED, by=by, at=at)
    _pass_on(
        complaint,
        handover.receiver,
        reason=OwnershipReason.HANDOVER,
        action=Action.ACCEPT_OFFER,
        by=by,
        at=at,
        data={"from": handover.giver.name, "to": handover.receiver.name},
    )
    return handover


@transaction.atomic
def refuse(complaint_id: int, *, answer: str, by: Person, at: datetime) -> Handover:
    """The receiver does not take the case: it stays with the giver, and the supervisor may
    decide; the second return of the round goes to 品质管理员. Raises as `accept`, and RuleBroken
    `answer.blank`, `text.*`."""
    complaint = cases.lock(complaint_id, to=Action.REFUSE_OFFER, by=by, at=at)
    answer = _words(answer, "answer", _("请写明不接受的原因。"))
    handover = _latest(complaint)
    second = returns(complaint) >= 1
    state = HandoverState.REFERRED if second else HandoverState.REFUSED
    data = {"from": handover.giver.name, "note": answer, "state": state}
    cases.act(complaint, Action.REFUSE_OFFER, by=by, at=at, data=data)
    handover.referred_at = at if second else None
    _answer(handover, state, by=by, at=at, answer=answer)
    if second:
        handover_notes.referred(handover, at=at)
    else:
        handover_notes.refused(handover, at=at)
    return handover


@transaction.atomic
def withdraw(complaint_id: int, *, by: Person, at: datetime) -> Handover:
    """The giver keeps the case after all. Raises Conflict `handover.over`, `wrong_status`;
    NotAllowed."""
    complaint = cases.lock(complaint_id, to=Action.WITHDRAW_OFFER, by=by, at=at)
    handover = _latest(complaint)
    data = {"to": handover.receiver.name}
    cases.act(complaint, Action.WITHDRAW_OFFER, by=by, at=at, data=data)
    _answer(handover, HandoverState.WITHDRAWN, by=by, at=at)
    handover_notes.withdrawn(handover, at=at)
    return handover


@transaction.atomic
def decide(complaint_id: int, *, owner: Person, opinion: str, by: Person, at: datetime) -> Handover:
    """Say who owns the case: the supervisor within their branches, 品质管理员 and above across
    branches and for the second return.

    Raises RuleBroken `opinion.blank`, `receiver.gone`, `receiver.away`, `receiver.elsewhere`,
    `text.*`; Conflict `handover.nothing`, `wrong_status`; NotAllowed `handover.own`,
    `handover.beyond`.
    """
    complaint = cases.lock(complaint_id, to=Action.DECIDE_OFFER, by=by, at=at)
    opinion = _words(opinion, "opinion", _("请写明裁决意见。"))
    handover, stays = _latest(complaint), owner.pk == complaint.owner_id
    if not stays:
        owner = _decided_owner(complaint, owner, by, at)
    handover.state = HandoverState.DECIDED
    handover.decided_by, handover.decided_at = by, at
    handover.decided_owner, handover.opinion = owner, opinion
    data = {"to": owner.name, "note": opinion}
    if stays:
        cases.act(complaint, Action.DECIDE_OFFER, by=by, at=at, data=data)
    handover.save(update_fields=["state", "decided_by", "decided_at", "decided_owner", "opinion"])
    if stays:
        handover_notes.stays(handover, at=at)
    else:
        _pass_on(
            complaint,
            owner,
            reason=OwnershipReason.DECISION,
            action=Action.DECIDE_OFFER,
            by=by,
            at=at,
            data=data,
        )
    return handover


def returns(complaint: Complaint) -> int:
    """How often the case came back in this round: refused, or offered to somebody who had owned
    it before. An offer that nobody answered is no return."""
    of_round = Handover.objects.filter(complaint=complaint, round=complaint.round)
    refused = of_round.exclude(answer="").count()
    return refused + of_round.filter(goes_back=True).count()


def _pass_on(
    complaint: Complaint,
    to: Person,
    *,
    reason: OwnershipReason,
    action: Action,
    by: Person,
    at: datetime,
    data: Mapping[str, object],
) -> Ownership:
    """`ownership.change`, saying whom somebody acted for who is away."""
    if absent := rules.stood_in_for(complaint, action, by, at):
        data = {**data, "for": absent}
    return ownership.change(complaint, to, reason=reason, action=action, by=by, at=at, data=data)


def _latest(complaint: Complaint) -> Handover:
    """The offer that the rules have found on this locked case."""
    found = latest_handover(complaint)
    assert found is not None  # noqa: S101  (the rule of the action has seen it)
    return found


def _answer(
    handover: Handover, state: HandoverState, *, by: Person, at: datetime, answer: str = ""
) -> None:
    handover.state, handover.answer = state, answer
    handover.answered_by, handover.answered_at = by, at
    handover.save(update_fields=["state", "answer", "answered_by", "answered_at", "referred_at"])


def _of(
    complaint: Complaint, offered: Offer, by: Person, at: datetime, *, goes_back: bool
) -> Handover:
    """The handover, not stored yet."""
    return Handover(
        complaint=complaint,
        round=complaint.round,
        giver=complaint.owner,
        receiver=offered.receiver,
        reason=offered.reason,
        note=offered.note,
        offered_by=by,
        offered_at=at,
        lapses_at=at + ANSWER_WITHIN,
        goes_back=goes_back,
    )


def _owned_before(complaint: Complaint, person: Person) -> bool:
    """Whether the person has passed this case on in this round."""
    gone = Q(state=HandoverState.ACCEPTED) | Q(state=HandoverState.DECIDED)
    given = Handover.objects.filter(complaint=complaint, round=complaint.round, giver=person)
    return given.filter(gone).exists()


def _checked_receiver(complaint: Complaint, receiver: Person, at: datetime) -> Person:
    if receiver.pk == complaint.owner_id:
        raise RuleBroken("receiver.owner", _("这件投诉本来就由这个人负责。"), field="receiver")
    if receiver.pk in complaint.subject_ids:
        raise _is_subject("receiver")
    receiver = ownership.lock_person(receiver)
    if not presence.is_present(receiver.pk, at):
        raise RuleBroken("receiver.away", _("接收人现在不在岗，请选别人。"), field="receiver")
    return receiver


def _is_subject(field: str) -> RuleBroken:
    return RuleBroken("receiver.subject", _("被投诉人看不到投诉，不能接手。"), field=field)


def _decided_owner(complaint: Complaint, owner: Person, by: Person, at: datetime) -> Person:
    """Raises the receiver's errors beside the field of the decision."""
    if owner.pk in complaint.subject_ids:
        raise _is_subject("owner")
    if not presence.may_act(owner):
        raise RuleBroken("receiver.gone", _("须指定在职的受理人员。"), field="owner")
    if not presence.is_present(owner.pk, at):
        raise RuleBroken("receiver.away", _("这个人现在不在岗，请选别人。"), field="owner")
    within = branches_in_scope(by).filter(pk=owner.branch_id)
    if by.role == Role.SUPERVISOR and not within.exists():
        raise RuleBroken("receiver.elsewhere", _("主管只能指定本机构的人。"), field="owner")
    return owner


def _words(value: str, field: str, sentence: str) -> str:
    cleaned = text.clean(value, limit=NOTE_LIMIT, field=field, lines=True)
    if text.is_blank(cleaned):
        raise RuleBroken(f"{field}.blank", sentence, field=field)
    return cleaned
