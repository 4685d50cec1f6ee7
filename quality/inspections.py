"""The audit of first response (首问制稽查): cases drawn by lot, each looked into once."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from common import text
from common.errors import Conflict, NotAllowed, RuleBroken
from complaints import cases
from complaints.access import visible_to
from complaints.models import Complaint
from complaints.rules import Action
from quality.models import Finding, Inspection
from staff.models import Person, Role

#: So many cases are drawn at once at most.
MANY = 100
#: Who draws and finds.
INSPECTING = (Role.QUALITY, Role.DIRECTOR)


@transaction.atomic
def draw(
    count: int, *, since: datetime, until: datetime, by: Person, at: datetime
) -> Sequence[Inspection]:
    """Draw up to `count` of the cases received in `[since, until)` that were never drawn and
    that the person sees and doesn't answer for. Raises RuleBroken `count.range`, `count.nothing`;
    NotAllowed."""
    if by.role not in INSPECTING:
        raise NotAllowed("not_allowed", _("只有品质管理员和服务总监可以抽样。"))
    if not 1 <= count <= MANY:
        raise RuleBroken(
            "count.range", _("每次抽 1 到 %(many)d 件。") % {"many": MANY}, field="count"
        )
    free = (
        visible_to(by)
        .filter(received_at__gte=since, received_at__lt=until, inspections=None)
        .exclude(owner=by)
        .exclude(rectifier=by)
    )
    ids = list(free.order_by("pk").values_list("pk", flat=True))
    if not ids:
        raise RuleBroken("count.nothing", _("这段时间没有还没抽过的投诉。"), field="count")
    drawn = sorted(random.SystemRandom().sample(ids, min(count, len(ids))))
    Inspection.objects.bulk_create(
        [Inspection(complaint_id=pk, drawn_by=by, drawn_at=at) for pk in drawn],
        ignore_conflicts=True,  # somebody else drew it at the same moment
    )
    return list(Inspection.objects.filter(complaint__in=drawn, drawn_by=by, drawn_at=at))


def open_for(person: Person) -> QuerySet[Inspection]:
    """What was drawn and not looked into yet, of cases the person sees; the oldest first."""
    seen = Inspection.objects.filter(complaint__in=visible_to(person).values("pk"), finding="")
    return seen.select_related("complaint__owner", "complaint__owner_branch", "drawn_by")


@transaction.atomic
def find(
    inspection_id: int, *, finding: Finding, note: str, by: Person, at: datetime
) -> Inspection:
    """Write down what was found, once. Raises RuleBroken `note.blank` unless all was well,
    `text.*`; Conflict `already_found`; NotAllowed; DoesNotExist for what can't be seen."""
    case_id = Inspection.objects.values_list("complaint_id", flat=True).get(pk=inspection_id)
    complaint: Complaint = cases.lock(case_id, to=Action.INSPECT, by=by, at=at)
    inspection = Inspection.objects.get(pk=inspection_id)
    if inspection.finding:
        raise Conflict("already_found", _("这件投诉已经有稽查结论。"))
    note = text.clean(note, limit=2000, field="note", lines=True)
    if finding != Finding.GOOD and text.is_blank(note):
        raise RuleBroken("note.blank", _("请写明发现了什么。"), field="note")
    data = {"finding": finding, "note": note}
    cases.act(complaint, Action.INSPECT, by=by, at=at, data=data)
    inspection.finding, inspection.note = finding, note
    inspection.found_by, inspection.found_at = by, at
    inspection.save(update_fields=["finding", "note", "found_by", "found_at"])
    return inspection
