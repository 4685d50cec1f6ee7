"""Who is told what of a handover, and of a new owner."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext_noop

from complaints.models import Complaint, Handover, Ownership
from notify.post import Note, post
from staff.models import Role
from staff.posts import Roster
from staff.presence import with_stand_ins


def offered(handover: Handover, *, at: datetime) -> None:
    """The receiver, who has two hours to answer."""
    text = gettext_noop("%(giver)s 请您接手 %(no)s，请在 2 小时内接受或退回")
    _tell(handover, "offered", text, [handover.receiver_id], at, urgent=True)


def refused(handover: Handover, *, at: datetime) -> None:
    """The giver, who stays the owner, and the supervisor, who may decide."""
    text = gettext_noop("%(receiver)s 没有接受 %(no)s，仍由 %(giver)s 负责，主管可以裁决")
    _tell(handover, "refused", text, [handover.giver_id, *_supervisors(handover, at)], at)


def lapsed(handover: Handover, *, at: datetime) -> None:
    """The same two; the offer was not answered."""
    text = gettext_noop(
        "%(receiver)s 2 小时内没有答复 %(no)s 的交接，仍由 %(giver)s 负责，主管可以裁决"
    )
    _tell(handover, "lapsed", text, [handover.giver_id, *_supervisors(handover, at)], at)


def referred(handover: Handover, *, at: datetime) -> None:
    """品质管理员, who has four hours to decide, and both sides."""
    text = gettext_noop("%(no)s 第二次被退回，由品质管理员在 4 小时内裁决，期间仍由 %(giver)s 负责")
    quality = Roster(at=at).holders(Role.QUALITY, handover.complaint.owner_branch_id)
    told = [handover.giver_id, handover.receiver_id, *quality]
    _tell(handover, "referred", text, told, at, urgent=True)


def undecided(handover: Handover, *, at: datetime) -> None:
    """The director: 品质管理员 has not decided in time."""
    text = gettext_noop("%(no)s 的交接 4 小时仍未裁决，请服务总监督促或直接裁决")
    directors = Roster(at=at).holders(Role.DIRECTOR, handover.complaint.owner_branch_id)
    _tell(handover, "undecided", text, directors, at, urgent=True)


def withdrawn(handover: Handover, *, at: datetime) -> None:
    """The receiver, who need not answer any more."""
    text = gettext_noop("%(giver)s 撤回了 %(no)s 的交接，您不用再答复")
    _tell(handover, "withdrawn", text, [handover.receiver_id], at)


def stays(handover: Handover, *, at: datetime) -> None:
    """Both sides: it was decided that the owner stays."""
    text = gettext_noop("%(no)s 的交接已裁决，仍由 %(giver)s 负责")
    _tell(handover, "decided", text, [handover.giver_id, handover.receiver_id], at)


def changed(complaint: Complaint, new: Ownership, old_id: int, *, at: datetime) -> None:
    """The new owner and the old one."""
    params = {"no": complaint.no, "name": new.person.name}
    post(
        [
            Note(
                key=f"ownership:{new.pk}:{side}",
                recipient_ids=with_stand_ins([told], at),
                text=text,
                params=params,
                url=f"/complaints/{complaint.no}/",
                urgent=side == "new",
            )
            for side, told, text in (
                ("new", new.person_id, gettext_noop("%(no)s 现由您负责到底，请尽快联系客户")),
                ("old", old_id, gettext_noop("%(no)s 已由 %(name)s 接手")),
            )
        ],
        at=at,
    )


def fix_moved(complaint: Complaint, told_id: int, *, at: datetime) -> None:
    """Who answers for the fix from now on."""
    note = Note(
        key=f"fix:{complaint.pk}:{told_id}:{at.isoformat()}",
        recipient_ids=with_stand_ins([told_id], at),
        text=gettext_noop("%(no)s 的整改现由您负责，原整改责任人已离岗"),
        params={"no": complaint.no},
        url=f"/complaints/{complaint.no}/",
        urgent=True,
    )
    post([note], at=at)


def _supervisors(handover: Handover, at: datetime) -> list[int]:
    """Who may decide it: the supervisor of the owner's branch, and, where both sides are not
    theirs, quality; never one of the two sides."""
    roster, branch = Roster(at=at), handover.complaint.owner_branch_id
    found = set(roster.holders(Role.SUPERVISOR, branch))
    if handover.giver.branch_id != handover.receiver.branch_id:
        found |= set(roster.holders(Role.QUALITY, branch))
    free = found - {handover.giver_id, handover.receiver_id}
    return sorted(free or set(roster.holders(Role.QUALITY, branch)))


def _tell(
    handover: Handover,
    occasion: str,
    text: str,
    told: Iterable[int],
    at: datetime,
    *,
    urgent: bool = False,
) -> None:
    no = handover.complaint.no
    note = Note(
        key=f"handover:{handover.pk}:{occasion}",
        recipient_ids=with_stand_ins(told, at),
        text=text,
        params={"no": no, "giver": handover.giver.name, "receiver": handover.receiver.name},
        url=f"/complaints/{no}/",
        urgent=urgent,
    )
    post([note], at=at)
