"""The mass incident (群诉): opened over many cases of one cause, joined, left, answered, ended
(`docs/incidents.md`). The clocks stay each customer's own; only the sheet is one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from common import text
from common.errors import Conflict, NotAllowed, RuleBroken
from complaints import cases, crowds, events, shared_sheets
from complaints.access import visible_to
from complaints.crowds import Crowd, Went
from complaints.models import Category, Complaint, Incident, IncidentMember, IncidentState
from complaints.rules import Action
from staff.access import Scope, scope_of
from staff.models import Branch, Person, Role

#: Who groups, leads and ends; a supervisor may only suggest it.
GROUPING = (Role.QUALITY, Role.DIRECTOR, Role.GENERAL_MANAGER)
#: So many cases are grouped, or talked to, with one press.
MANY = 300
TITLE_LIMIT = 120
TEXT_LIMIT = 4000


@dataclass(frozen=True, kw_only=True)
class Cause:
    """What the cases have in common; branch is the one concerned."""

    title: str
    cause: str
    category: Category
    branch: Branch


def visible_incidents(person: Person) -> QuerySet[Incident]:
    """The incidents of which the person may see a case; headquarters sees all."""
    match scope_of(person):
        case Scope.NOTHING:
            return Incident.objects.none()
        case Scope.EVERYTHING:
            return Incident.objects.all()
        case _:
            seen = IncidentMember.objects.active().filter(
                complaint__in=visible_to(person).values("pk")
            )
            return Incident.objects.filter(pk__in=seen.order_by().values("incident"))


def members_seen(incident: Incident, person: Person) -> QuerySet[IncidentMember]:
    """The members that have not left, as far as the person may see them."""
    seen = visible_to(person).values("pk")
    return incident.members.active().filter(complaint__in=seen)


@transaction.atomic
def gather(
    told: Cause, numbers: Sequence[str], *, by: Person, at: datetime, lead: str = ""
) -> tuple[Incident, list[Went]]:
    """Open an incident over these cases; those that can't join are said one by one and bar no
    other. `lead` writes the one sheet: the one named, else the earliest that has a rectifier,
    else the earliest.

    Raises RuleBroken `title.blank`, `cause.blank`, `cases.few`, `cases.many`, `lead.unknown`,
    `text.*`; NotAllowed.
    """
    _check_may_group(by)
    told = _checked(told)
    crowd = _lock(numbers, by=by, at=at)
    _refuse_members(crowd)
    if len(crowd.cases) < 2:
        raise RuleBroken("cases.few", _few(crowd), field="cases")
    first = _leading(crowd.cases, lead)
    incident = Incident.objects.create(
        no=_next_number(at),
        title=told.title,
        cause=told.cause,
        category=told.category,
        branch=told.branch,
        lead=first,
        by=by,
        at=at,
    )
    _enter(incident, crowd.cases, by, at)
    return incident, crowd.went()


@transaction.atomic
def join(incident_id: int, numbers: Sequence[str], *, by: Person, at: datetime) -> list[Went]:
    """Let more cases join; how each went. One that comes after the sheet is covered by it from
    then on. Raises RuleBroken `cases.none`, `cases.many`; Conflict `incident.closed`;
    NotAllowed."""
    _check_may_group(by)
    incident = _lock_open(incident_id)
    crowd = _lock(numbers, by=by, at=at)
    _refuse_members(crowd)
    _enter(incident, crowd.cases, by, at)
    return crowd.went()


@transaction.atomic
def leave(incident_id: int, no: str, *, reason: str, by: Person, at: datetime) -> IncidentMember:
    """Take a case out, of an ended incident too: it owes its own sheet again, from its own due
    time. Raises RuleBroken `reason.blank`, `text.*`; Conflict `incident.lead`,
    `incident.not_member`; NotAllowed; Complaint.DoesNotExist."""
    _check_may_group(by)
    incident = _lock_incident(incident_id)
    reason = _words(reason, "reason", 500, _("请写明为什么移出。"))
    complaint_id = visible_to(by, at).values_list("pk", flat=True).get(no=no)
    complaint = cases.lock(complaint_id, to=Action.LEAVE_INCIDENT, by=by, at=at)
    member = _member(incident, complaint)
    if incident.lead_id == complaint.pk:
        raise Conflict("incident.lead", _("它是牵头投诉，请先指定另一件牵头。"))
    shared_sheets.uncover(member, complaint, at=at)
    member.left_at, member.left_by = at, by
    member.save(update_fields=["left_at", "left_by", "covered_at"])
    data = {"incident": incident.no, "reason": reason}
    cases.act(complaint, Action.LEAVE_INCIDENT, by=by, at=at, data=data)
    return member


@transaction.atomic
def set_lead(incident_id: int, no: str, *, by: Person, at: datetime) -> Incident:
    """Another member writes the one sheet, which is owed also when the incident has ended. Raises
    Conflict `incident.sheet_written`, `incident.not_member`; NotAllowed; Complaint.DoesNotExist."""
    _check_may_group(by)
    incident = _lock_incident(incident_id)
    if shared_sheets.sheet_of(incident):
        raise Conflict("incident.sheet_written", _("整改单已经提交，不能再换牵头投诉。"))
    complaint_id = visible_to(by, at).values_list("pk", flat=True).get(no=no)
    complaint = cases.lock(complaint_id, to=Action.LEAD_INCIDENT, by=by, at=at)
    _member(incident, complaint)
    incident.lead = complaint
    incident.save(update_fields=["lead"])
    data = {"incident": incident.no, "note": str(_("由这件投诉牵头提交整改单"))}
    cases.act(complaint, Action.LEAD_INCIDENT, by=by, at=at, data=data)
    return incident


@transaction.atomic
def answer(incident_id: int, *, result: str, by: Person, at: datetime) -> Incident:
    """Write the one result text, which each customer is told. Raises RuleBroken `result.blank`,
    `text.*`; Conflict `incident.closed`; NotAllowed."""
    _check_may_group(by)
    incident = _lock_open(incident_id)
    incident.result = _words(result, "result", TEXT_LIMIT, _("请写明统一答复。"))
    incident.save(update_fields=["result"])
    _tell_story(incident, {"note": incident.result}, by, at)
    return incident


@transaction.atomic
def close(incident_id: int, *, by: Person, at: datetime) -> Incident:
    """Nothing joins any more; each case goes its own way to its end, and the one sheet stays owed
    by whichever leads. Raises RuleBroken
    `result.blank`; Conflict `incident.closed`; NotAllowed."""
    _check_may_group(by)
    incident = _lock_open(incident_id)
    if not incident.result:
        raise RuleBroken("result.blank", _("请先写明统一答复。"), field="result")
    incident.state, incident.closed_by, incident.closed_at = IncidentState.CLOSED, by, at
    incident.save(update_fields=["state", "closed_by", "closed_at"])
    _tell_story(incident, {"note": str(_("群诉结束"))}, by, at)
    return incident


def _check_may_group(by: Person) -> None:
    if by.role not in GROUPING:
        raise NotAllowed("not_allowed", _("群诉由品质管理员归并和处理。"))


def _checked(told: Cause) -> Cause:
    """The cause with its words as they are stored."""
    title = text.clean(told.title, limit=TITLE_LIMIT, field="title")
    if text.is_blank(title):
        raise RuleBroken("title.blank", _("请写明标题。"), field="title")
    cause = _words(told.cause, "cause", TEXT_LIMIT, _("请写明共同原因。"))
    return replace(told, title=title, cause=cause)


def _words(value: str, field: str, limit: int, sentence: str) -> str:
    cleaned = text.clean(value, limit=limit, field=field, lines=True)
    if text.is_blank(cleaned):
        raise RuleBroken(f"{field}.blank", sentence, field=field)
    return cleaned


def _lock_incident(incident_id: int) -> Incident:
    """The incident, locked before any of its cases."""
    return Incident.objects.select_for_update(of=("self",)).get(pk=incident_id)


def _lock_open(incident_id: int) -> Incident:
    """The same; Conflict `incident.closed` when it has ended."""
    incident = _lock_incident(incident_id)
    if not incident.is_open:
        raise Conflict("incident.closed", _("这次群诉已经结束。"))
    return incident


def _lock(numbers: Sequence[str], *, by: Person, at: datetime) -> Crowd:
    wanted = list(dict.fromkeys(no.strip().upper() for no in numbers if no.strip()))
    if not wanted:
        raise RuleBroken("cases.none", _("请先选择投诉。"), field="cases")
    if len(wanted) > MANY:
        raise RuleBroken("cases.many", _("一次最多 %(many)d 件。") % {"many": MANY}, field="cases")
    return crowds.lock(wanted, to=Action.JOIN_INCIDENT, by=by, at=at)


def _refuse_members(crowd: Crowd) -> None:
    """Whoever is in an incident already is in no other."""
    standing = IncidentMember.objects.active().filter(complaint__in=crowd.cases)
    inside = dict(standing.order_by().values_list("complaint_id", "incident__no"))
    for complaint in list(crowd.cases):
        if no := inside.get(complaint.pk):
            broken = Conflict("incident.member", _("已归入群诉 %(no)s。") % {"no": no})
            crowd.refuse(complaint, broken)


def _few(crowd: Crowd) -> str:
    reasons = [f"{no}：{broken.message}" for no, broken in crowd.refused.items()]
    return " ".join([_("至少要有两件可以归入的投诉。"), *reasons[:5]])


def _leading(found: Iterable[Complaint], lead: str) -> Complaint:
    if lead := lead.strip().upper():
        chosen = next((complaint for complaint in found if complaint.no == lead), None)
        if chosen is None:
            raise RuleBroken("lead.unknown", _("牵头投诉须是归入的投诉之一。"), field="lead")
        return chosen
    return min(found, key=lambda each: (each.rectifier_id is None, each.received_at, each.pk))


def _enter(incident: Incident, found: Sequence[Complaint], by: Person, at: datetime) -> None:
    members = [
        IncidentMember(
            incident=incident,
            complaint=complaint,
            round=complaint.round,
            joined_by=by,
            joined_at=at,
        )
        for complaint in found
    ]
    IncidentMember.objects.bulk_create(members)
    data = {"incident": incident.no, "title": incident.title}
    events.record_all(
        [(complaint, data) for complaint in found], Action.JOIN_INCIDENT, by=by, at=at
    )
    shared_sheets.cover_newcomers(incident, members, at=at)


def _member(incident: Incident, complaint: Complaint) -> IncidentMember:
    member = incident.members.active().filter(complaint=complaint).first()
    if member is None:
        raise Conflict("incident.not_member", _("这件投诉不在这次群诉里。"))
    return member


def _tell_story(incident: Incident, data: dict[str, str], by: Person, at: datetime) -> None:
    """What happens to the incident itself stands in the story of its leading case."""
    lead = cases.lock(incident.lead_id, to=Action.LEAD_INCIDENT, by=by, at=at)
    told = {"incident": incident.no, **data}
    cases.act(lead, Action.LEAD_INCIDENT, by=by, at=at, data=told)


def _next_number(at: datetime) -> str:
    """`QS2611-0007`: year and month, and a running number that is never given twice."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('complaints_incident_number')")
        (number,) = cursor.fetchone()
    return f"QS{timezone.localtime(at):%y%m}-{number:04d}"
