"""Who hears first what comes in by itself, and so owns it (`docs/domain.md` section 2)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from common.errors import RuleBroken
from complaints.models.complaint import OPEN
from intake.models import Inlet
from staff.models import Branch, Person, Role
from staff.posts import Roster
from staff.presence import may_act


def receiver(inlet: Inlet, branch: Branch | None, at: datetime) -> Person:
    """The inlet's receiver, for its own branch; else whoever of the branch's front line that is
    here has the fewest open cases, and above a vacant front line whom its post passes to.
    Raises RuleBroken `receiver.nobody`."""
    where = branch or inlet.branch
    named = inlet.receiver
    if named is not None and may_act(named) and where.pk == inlet.branch_id:
        return named
    holders = Roster(at=at).holders(Role.FRONTLINE, where.pk)
    if not holders:
        raise RuleBroken("receiver.nobody", _("没有人可以受理：请先安排人员。"))
    return _least_loaded(holders)


def _least_loaded(person_ids: Sequence[int]) -> Person:
    people = Person.objects.filter(pk__in=person_ids).select_related("branch")
    load = Count("owned", filter=Q(owned__status__in=OPEN))
    return people.annotate(load=load).order_by("load", "pk")[0]


def warnings(inlets: Sequence[Inlet], at: datetime) -> dict[int, str]:
    """By the id of an inlet, what is amiss with who hears first what comes by it: somebody who
    has left or moved away, or nobody at all."""
    roster = Roster(at=at)
    found = {inlet.pk: _warning(inlet, roster) for inlet in inlets}
    return {pk: sentence for pk, sentence in found.items() if sentence}


def _warning(inlet: Inlet, roster: Roster) -> str:
    named = inlet.receiver
    words = {"name": named.name if named else "", "branch": inlet.branch.name}
    if named is not None and not may_act(named):
        return _("首问人%(name)s已不能受理，来件改由%(branch)s的前台轮派。") % words
    if named is not None and named.branch_id != inlet.branch_id:
        return _("首问人%(name)s不在%(branch)s，来件仍由其负责；请确认。") % words
    if named is None and not roster.holders(Role.FRONTLINE, inlet.branch_id):
        return _("%(branch)s没有人可以受理，来件会等人工处理。") % words
    return ""
