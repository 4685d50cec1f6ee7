"""One complaint told twice (并入): both numbers live, the earliest receipt's case keeps its clocks
and its owner, and whoever took the other one works along (`docs/domain.md` section 7)."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from common import walls
from common.errors import RuleBroken
from complaints import cases
from complaints.access import visible_to
from complaints.models import Complaint, Status, Triage
from complaints.models.complaint import ComplaintQuerySet
from complaints.rules import Action
from notify.post import Note, post
from staff.models import Person


def keeper(complaint: Complaint) -> Complaint | None:
    """The case that this one repeats, as it is sorted now; None when it repeats none."""
    standing = Triage.objects.filter(complaint=complaint, superseded_at=None)
    found = standing.select_related("duplicate_of__owner").first()
    return found.duplicate_of if found else None


def repeats(complaint: Complaint) -> ComplaintQuerySet:
    """The cases that repeat this one, as they are sorted now, the earliest first."""
    standing = Triage.objects.filter(duplicate_of=complaint, superseded_at=None)
    found = Complaint.objects.filter(pk__in=standing.values("complaint"))
    return found.select_related("owner", "owner_branch").order_by("received_at", "pk")


def check(complaint: Complaint, other: Complaint) -> Complaint:
    """The case that keeps: the other, or the one that the other repeats itself. Raises RuleBroken
    `duplicate_of.itself`, `duplicate_of.sorted_out`, `duplicate_of.later`: clocks run from the
    earliest receipt, so that the later one is the duplicate."""
    kept = keeper(other) or other
    if kept.pk == complaint.pk:
        raise _refused("itself", _("那件投诉已经并入本件。"))
    if kept.status == Status.INVALID:
        raise _refused("sorted_out", _("%(no)s 已判为无效，不能并入。") % {"no": kept.no})
    if (complaint.received_at, complaint.pk) < (kept.received_at, kept.pk):
        sentence = _("%(no)s 受理在后：时限从最早的受理起算，请把它并入本件。")
        raise _refused("later", sentence % {"no": kept.no})
    return kept


def _refused(what: str, sentence: str) -> RuleBroken:
    return RuleBroken(f"duplicate_of.{what}", sentence, field="duplicate_of")


def link(complaint: Complaint, kept: Complaint, *, by: Person, at: datetime) -> None:
    """Write into the story of the case that keeps, and tell both owners. The later case is locked
    before the earlier one, always, so that nobody waits in a ring."""
    kept = _lock(kept)
    cases.write(kept, Action.LINK, by=by, at=at, data={"no": complaint.no})
    note = Note(
        key=f"link:{complaint.pk}:{kept.pk}:{at.isoformat()}",
        recipient_ids={complaint.owner_id, kept.owner_id},
        text=gettext_noop("%(no)s 与 %(kept)s 重复，已并入，由 %(owner)s 负责"),
        params={"no": complaint.no, "kept": kept.no, "owner": kept.owner.name},
        url=f"/complaints/{kept.no}/",
    )
    post([note], at=at)


def unlink(complaint: Complaint, kept: Complaint, *, by: Person, at: datetime) -> None:
    """The two are not the same after all."""
    cases.write(_lock(kept), Action.UNLINK, by=by, at=at, data={"no": complaint.no})


def _lock(kept: Complaint) -> Complaint:
    with walls.lifted():  # whoever sorts sees both; whoever takes it back may not
        locked = Complaint.objects.select_for_update(of=("self",)).get(pk=kept.pk)
    walls.hold(locked.pk)
    return locked


def seen_numbers(complaint: Complaint, person: Person) -> list[str]:
    """The numbers of the cases that repeat this one, as far as the person may see them."""
    linked = list(repeats(complaint).values_list("pk", flat=True))
    if not linked:  # as nearly always: the question of sight is the dear one
        return []
    seen = visible_to(person).filter(pk__in=linked)
    return list(seen.order_by("pk").values_list("no", flat=True))
