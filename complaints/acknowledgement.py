"""Saying "I have seen it and am on it" to an escalation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction
from django.utils.translation import gettext as _

from common import text
from common.errors import Conflict, RuleBroken
from complaints import cases
from complaints.models import Clock, Escalation
from complaints.rules import Action
from staff.models import Person


@transaction.atomic
def acknowledge(escalation_id: int, *, note: str, by: Person, at: datetime) -> Escalation:
    """Acknowledge an escalation once: it no longer rises to the next level by itself. Raises
    Escalation.DoesNotExist or Complaint.DoesNotExist when there is none the person may see;
    Conflict `already_acknowledged`, `nothing_to_acknowledge` for a warning; NotAllowed."""
    complaint_id = Escalation.objects.values_list("complaint_id", flat=True).get(pk=escalation_id)
    complaint = cases.lock(complaint_id, to=Action.ACKNOWLEDGE, by=by, at=at)
    escalation = Escalation.objects.select_for_update().get(pk=escalation_id)
    if escalation.level == 0:
        raise Conflict("nothing_to_acknowledge", _("预警不需要确认。"))
    if escalation.acknowledged_at:
        raise Conflict("already_acknowledged", _("这次升级已经有人确认过了。"))
    note = text.clean(note, limit=500, field="note")
    data = {"clock": escalation.clock.kind, "level": escalation.level, "note": note}
    cases.act(complaint, Action.ACKNOWLEDGE, by=by, at=at, data=data)
    escalation.acknowledged_at, escalation.acknowledged_by = at, by
    escalation.save(update_fields=["acknowledged_at", "acknowledged_by"])
    told_last = Clock.objects.filter(pk=escalation.clock_id, level=escalation.level)
    told_last.update(rise_at=None)
    return escalation


#: So many escalations are acknowledged with one press.
MANY = 100


class Answered(NamedTuple):
    """How one of many went: `broken` says why it was not acknowledged, None that it was."""

    escalation_id: int
    broken: RuleBroken | None


def acknowledge_many(ids: Sequence[int], *, note: str, by: Person, at: datetime) -> list[Answered]:
    """Acknowledge each by `acknowledge`, under the same rules: those that may not be are said
    one by one, the others are done. Raises RuleBroken `ids.none`, `ids.many`, `text.*`."""
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        raise RuleBroken("ids.none", _("请先选择要确认的升级。"), field="ids")
    if len(wanted) > MANY:
        raise RuleBroken("ids.many", _("一次最多确认 %(many)d 项。") % {"many": MANY}, field="ids")
    note = text.clean(note, limit=500, field="note")
    return [Answered(each, _refusal(each, note, by, at)) for each in wanted]


def _refusal(escalation_id: int, note: str, by: Person, at: datetime) -> RuleBroken | None:
    try:
        acknowledge(escalation_id, note=note, by=by, at=at)
    except ObjectDoesNotExist:
        return RuleBroken("not_found", _("没有找到，或您无权查看。"))
    except RuleBroken as broken:
        return broken
    return None
