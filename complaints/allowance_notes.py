"""Who is told what of a pause or an extension of the 24H clock."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial

from django.utils import timezone
from django.utils.translation import gettext_noop

from complaints import elapsed
from complaints.models import Allowance, AllowanceKind, AllowanceState, Complaint
from notify.post import Note, msgid, post
from staff.models import Role
from staff.posts import Roster


def asked(complaint: Complaint, allowance: Allowance, at: datetime) -> None:
    """Those who may decide, and the supervisor who may endorse."""
    roster, barred = Roster(at=at), _barred(complaint, allowance)
    supervisors = {*roster.holders(Role.SUPERVISOR, complaint.owner_branch_id)} - barred
    text = gettext_noop("%(no)s 申请%(kind)s反馈时限 %(hours)s 小时，等待批准")
    told = supervisors | _who_may_decide(complaint, roster, barred)
    _tell(complaint, allowance, f"allowance:{allowance.pk}:asked", text, told, at)


def decided(complaint: Complaint, allowance: Allowance, at: datetime) -> None:
    """Whoever asked, and the owner."""
    text = (
        gettext_noop("%(no)s 的%(kind)s申请已获批准，反馈应于 %(due)s 完成")
        if allowance.state == AllowanceState.GRANTED
        else gettext_noop("%(no)s 的%(kind)s申请未获批准，反馈应于 %(due)s 完成")
    )
    told = {allowance.asked_by_id, complaint.owner_id}
    _tell(complaint, allowance, f"allowance:{allowance.pk}:decided", text, told, at)


def granted(complaint: Complaint, allowance: Allowance, at: datetime) -> None:
    """The owner, whose clock it is."""
    text = gettext_noop("%(no)s 的反馈时限已%(kind)s %(hours)s 小时，应于 %(due)s 完成")
    told = {complaint.owner_id}
    _tell(complaint, allowance, f"allowance:{allowance.pk}:granted", text, told, at)


def resumed(complaint: Complaint, allowance: Allowance, at: datetime) -> None:
    """The owner, whose clock runs again, and whoever asked for the pause or granted it."""
    text = gettext_noop("%(no)s 的反馈时限已提前恢复计时，应于 %(due)s 完成")
    told = {allowance.asked_by_id, complaint.owner_id}
    _tell(complaint, allowance, f"allowance:{allowance.pk}:resumed", text, told, at)


def _barred(complaint: Complaint, allowance: Allowance) -> set[int | None]:
    """Who may neither endorse nor decide it."""
    answering = {complaint.owner_id, complaint.rectifier_id, allowance.asked_by_id}
    return answering | set(complaint.subject_ids)


def _who_may_decide(complaint: Complaint, roster: Roster, barred: set[int | None]) -> set[int]:
    """Quality for the owner's branch; where they may not, the director, then the general
    manager."""
    for role in (Role.QUALITY, Role.DIRECTOR, Role.GENERAL_MANAGER):
        if free := {*roster.holders(role, complaint.owner_branch_id)} - barred:
            return free
    return set()


def _tell(
    complaint: Complaint,
    allowance: Allowance,
    key: str,
    text: str,
    told: Iterable[int],
    at: datetime,
) -> None:
    label = AllowanceKind(allowance.kind).label
    note = Note(
        key=key,
        recipient_ids=sorted(told),
        text=text,
        params={
            "no": complaint.no,
            "kind": msgid(partial(str, label)),
            "hours": elapsed.hours(timedelta(minutes=allowance.minutes)),
            "due": f"{timezone.localtime(allowance.clock.due_at):%m-%d %H:%M}",
        },
        url=f"/complaints/{complaint.no}/",
    )
    post([note], at=at)
