"""One sheet for a whole incident: what becomes of the leading case's sheet holds for each member,
at the same moment. A member is covered from when the sheet was submitted, or from when it joined
if that was later; so joining late never takes a breach away."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from common import walls
from common.errors import Conflict
from complaints import clocks, escalation, events
from complaints.models import Clock, ClockKind, Complaint, Incident, IncidentMember, MetAs
from complaints.models.clock import ClockQuerySet
from complaints.rules import Action
from staff.models import Person


def hold(complaint_id: int) -> None:
    """Lock the incident that this case leads, and all its cases, before the case itself: always
    the incident first, then the later case before the earlier one. Nothing to do for others."""
    with walls.lifted():  # the members may be other branches', which the rectifier can't see
        incident = Incident.objects.select_for_update(of=("self",)).filter(lead=complaint_id)
        ids = IncidentMember.objects.active().filter(incident__in=list(incident))
        members = Complaint.objects.filter(pk__in=list(ids.values_list("complaint_id", flat=True)))
        list(members.select_for_update(of=("self",)).order_by("-pk").values_list("pk"))


def check_writes_own(complaint: Complaint) -> None:
    """Raises Conflict `incident.one_sheet` when another case writes this one's sheet."""
    member = IncidentMember.objects.active().filter(complaint=complaint, round=complaint.round)
    found = member.exclude(incident__lead=complaint).select_related("incident").first()
    if found:
        words = _("这件投诉已归入群诉 %(no)s，整改单由牵头的投诉统一提交。")
        raise Conflict("incident.one_sheet", words % {"no": found.incident.no})


def sheet_of(incident: Incident) -> Any:
    """The one sheet, submitted or waived; None while it is owed. Whoever asks may not see the
    leading case. Sheets live a room above and hang on the case by their own rows."""
    with walls.lifted():
        lead = incident.members.active().filter(complaint=incident.lead_id).first()
        return incident.lead.sheets.filter(round=lead.round).first() if lead else None


def submitted(lead: Complaint, *, no: str, by: Person, at: datetime) -> int:
    """The leading case's sheet was submitted at `at`: the 48H of each member is met by it; how
    many. What was met, or made void, before stays as it is."""
    with walls.lifted():
        owing = _owing(lead)
        _sheets_of(owing).running().update(met_at=at, met_as=MetAs.MET, next_at=None)
        return _covered(lead, owing, {"no": no}, by, at)


def waived(lead: Complaint, *, reason: str, by: Person, at: datetime) -> int:
    """No sheet is wanted of any of them; how many."""
    with walls.lifted():
        owing = _owing(lead)
        _sheets_of(owing).running().update(voided_at=at, next_at=None)
        covered = _covered(lead, owing, {"reason": reason}, by, at)
        _close_inside(owing, at)
        return covered


def verified(lead: Complaint, *, no: str, by: Person, at: datetime) -> int:
    """The one sheet was verified: each case that it covers is closed inside; how many."""
    with walls.lifted():
        members = [member for member in _members(lead) if member.covered_at]
        _close_inside(members, at)
        data = {"no": no}
        told = [(member.complaint, data) for member in members]
        events.record_all(told, Action.VERIFY_SHEET, by=by, at=at)
        return len(members)


def forfeited(lead: Complaint, *, at: datetime) -> None:
    """The one sheet was returned a second time: it has met no clock."""
    with walls.lifted():
        members = [member for member in _members(lead) if member.covered_at]
        found = _sheets_of(members).filter(voided_at=None)
        found.update(met_at=None, met_as="", forfeited_at=at)
        clocks.rearm(found)
        escalation.fire_all([member.complaint for member in members], until=at)


def cover_newcomers(incident: Incident, members: Sequence[IncidentMember], *, at: datetime) -> None:
    """Whoever joins when the sheet is there is covered by it from now on."""
    lead = Complaint.objects.get(pk=incident.lead_id)
    first = incident.members.active().get(complaint=lead)
    written = Clock.objects.filter(complaint=lead, round=first.round, kind=ClockKind.SHEET).first()
    others = [member for member in members if member.complaint_id != lead.pk]
    if written is None or sheet_of(incident) is None:
        return
    owing = _still_owing(others)
    if written.voided_at:
        _sheets_of(owing).running().update(voided_at=at, next_at=None)
    elif written.met_at:
        _sheets_of(owing).running().update(met_at=at, met_as=MetAs.MET, next_at=None)
    else:
        return
    _mark(owing, at)
    if lead.closed_inside_at and lead.round == first.round:
        _close_inside(owing, at)


def uncover(member: IncidentMember, complaint: Complaint, *, at: datetime) -> None:
    """The incident's sheet no longer counts for this case, whose lock the caller holds: its 48H
    runs again from its own due time, and the case is not closed inside by it."""
    if member.covered_at is None:
        return
    _sheets_of([member]).filter(met_at=member.covered_at).update(met_at=None, met_as="")
    _sheets_of([member]).filter(voided_at=member.covered_at).update(voided_at=None)
    member.covered_at = None
    clocks.rearm(_sheets_of([member]).running())
    if complaint.round == member.round and complaint.closed_inside_at:
        complaint.closed_inside_at = None
        complaint.save(update_fields=["closed_inside_at"])
    escalation.fire(complaint, until=at)


def _members(lead: Complaint) -> list[IncidentMember]:
    """The others of the incident, if the lead's sheet of this round is the incident's; each as
    long as its round is the one it joined with."""
    active = IncidentMember.objects.active().filter(incident__lead=lead)
    found = list(active.select_related("complaint", "incident").order_by("pk"))
    first = next((member for member in found if member.complaint_id == lead.pk), None)
    if first is None or first.round != lead.round:
        return []
    return [member for member in found if member.complaint_id != lead.pk]


def _owing(lead: Complaint) -> list[IncidentMember]:
    return _still_owing(_members(lead))


def _still_owing(members: Sequence[IncidentMember]) -> list[IncidentMember]:
    """Those whose sheet clock, of the round they joined with, still runs."""
    running = set(_sheets_of(members).running().values_list("complaint_id", flat=True))
    return [member for member in members if member.complaint_id in running]


def _sheets_of(members: Sequence[IncidentMember]) -> ClockQuerySet:
    """The sheet clocks of the rounds they joined with. Rounds are few, members may be many."""
    by_round: dict[int, list[int]] = {}
    for member in members:
        by_round.setdefault(member.round, []).append(member.complaint_id)
    found = Clock.objects.none()
    for round_, ids in by_round.items():
        found |= Clock.objects.filter(kind=ClockKind.SHEET, round=round_, complaint__in=ids)
    return found


def _covered(
    lead: Complaint, members: list[IncidentMember], data: dict[str, str], by: Person, at: datetime
) -> int:
    _mark(members, at)
    told = [
        (member.complaint, {"incident": member.incident.no, "lead": lead.no, **data})
        for member in members
    ]
    events.record_all(told, Action.LEAD_INCIDENT, by=by, at=at)
    return len(members)


def _mark(members: Sequence[IncidentMember], at: datetime) -> None:
    for member in members:
        member.covered_at = at
    IncidentMember.objects.bulk_update(members, ["covered_at"], batch_size=1000)


def _close_inside(members: Sequence[IncidentMember], at: datetime) -> None:
    """Those still in the round that the sheet belongs to."""
    present = [m.complaint_id for m in members if m.complaint.round == m.round]
    Complaint.objects.filter(pk__in=present).update(closed_inside_at=at)
