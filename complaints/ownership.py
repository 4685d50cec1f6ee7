"""Who answers to the customer: the one place where a case gets another owner, and who is
accountable for it at a moment (`docs/ownership.md`)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from common.errors import RuleBroken
from complaints import cases, handover_notes, lapsing
from complaints.models import Complaint, Ownership, OwnershipReason
from complaints.rules import Action
from staff import presence
from staff.models import Person, Role
from staff.posts import Roster


def accountable(complaint: Complaint, at: datetime) -> Person | None:
    """The one who answers for the case at `at`: the owner while here, else whoever acts for
    them. None only where nobody in the firm holds any post."""
    acting = presence.acting_for(
        complaint.owner, complaint.owner_branch_id, at, without=complaint.subject_ids
    )
    return None if acting is None else Person.objects.select_related("branch").get(pk=acting)


def change(
    complaint: Complaint,
    to: Person,
    *,
    reason: OwnershipReason,
    action: Action,
    by: Person | None,
    at: datetime,
    data: Mapping[str, Any] | None = None,
) -> Ownership:
    """Make `to` the owner of the locked case from now on, with its event, and tell both; what was
    offered meanwhile is off. Whether `by` may do it is the caller's to know. Raises RuleBroken
    `receiver.gone`: the person is locked, so that nobody leaves at the same moment."""
    to = lock_person(to)
    old_id = complaint.owner_id
    lapsing.call_off(complaint, at=at)
    Ownership.objects.filter(complaint=complaint, until=None).update(until=at)
    new = Ownership.objects.create(
        complaint=complaint, person=to, branch_id=to.branch_id, since=at, reason=reason
    )
    cases.write(
        complaint, action, by=by, at=at, data=dict(data or {}), owner=to, owner_branch=to.branch
    )
    handover_notes.changed(complaint, new, old_id, at=at)
    return new


def lock_person(person: Person) -> Person:
    """The person as they are, locked against leaving until the transaction ends. Raises
    RuleBroken `receiver.gone`."""
    rows = Person.objects.select_related("branch").select_for_update(no_key=True, of=("self",))
    locked = rows.get(pk=person.pk)
    if not presence.may_act(locked):
        raise RuleBroken("receiver.gone", _("接收人必须是在职的受理人员。"), field="receiver")
    return locked


def revive(complaint: Complaint, *, by: Person | None, at: datetime) -> None:
    """A locked case that is open again needs an owner, and one for its fix, who are still here:
    where they have left meanwhile, the supervisor takes it."""
    if not presence.may_act(complaint.owner):
        hand_up(complaint, by=by, at=at)
    if complaint.rectifier is not None and not presence.may_act(complaint.rectifier):
        hand_up_fix(complaint, by=by, at=at)


def hand_up(complaint: Complaint, *, by: Person | None, at: datetime) -> Ownership:
    """The owner leaves: whoever holds the supervisor's post for the case's branch owns it."""
    to = post_holder(complaint, complaint.owner, complaint.owner_branch_id, at)
    return change(
        complaint,
        to,
        reason=OwnershipReason.LEFT,
        action=Action.HAND_UP,
        by=by,
        at=at,
        data={"to": to.name},
    )


def hand_up_fix(complaint: Complaint, *, by: Person | None, at: datetime) -> None:
    """The rectifier leaves: the supervisor of the responsible branch answers for the fix; the
    ruling stands, for the branch is the same."""
    branch_id = complaint.responsible_branch_id or complaint.owner_branch_id
    leaving = complaint.rectifier or complaint.owner
    to = post_holder(complaint, leaving, branch_id, at)
    cases.write(complaint, Action.HAND_UP, by=by, at=at, data={"to": to.name}, rectifier=to)
    handover_notes.fix_moved(complaint, to.pk, at=at)


def post_holder(complaint: Complaint, leaving: Person, branch_id: int, at: datetime) -> Person:
    """Who holds the supervisor's post for the branch, without the one who leaves and those whom
    the case is about. Raises RuleBroken `nobody_left`."""
    without = [leaving.pk, *complaint.subject_ids]
    found = Roster(at=at, without=without).first(Role.SUPERVISOR, branch_id)
    if found is None:
        raise RuleBroken("nobody_left", _("没有其他人可以接手，请先安排接手的人。"))
    return Person.objects.select_related("branch").get(pk=found)
