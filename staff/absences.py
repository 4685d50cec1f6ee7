"""Going away and coming back: planning an absence with a deputy, and ending it early."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from common.errors import Conflict, NotAllowed, RuleBroken
from staff.access import branches_in_scope
from staff.models import Absence, AbsenceReason, Branch, BranchKind, Person, Role
from staff.presence import may_act

#: A slip of the keyboard ends here: nobody plans further ahead.
LONGEST = timedelta(days=366)
#: Who may write down that somebody else is away.
LEADING = (Role.SUPERVISOR, Role.QUALITY, Role.DIRECTOR, Role.GENERAL_MANAGER)


@dataclass(frozen=True, kw_only=True)
class Leave:
    """Who is away from `since` up to `until`, and who stands in (None: the supervisor)."""

    person: Person
    since: datetime
    until: datetime
    reason: AbsenceReason
    deputy: Person | None = None


@transaction.atomic
def plan(leave: Leave, *, by: Person, at: datetime) -> Absence:
    """Write down an absence; the name of who is away stays on their cases, the deputy acts.

    Raises RuleBroken `until.before_start`, `until.past`, `until.too_far`, `deputy.same`,
    `deputy.gone`; Conflict `absence.overlap`, `absence.nobody_left`; NotAllowed
    `not_allowed`, `person.gone`.
    """
    _check_person(leave.person, by)
    _check_span(leave, at)
    _check_deputy(leave)
    check_somebody_stays(leave.person, leave.since, leave.until)
    absence = Absence(
        person=leave.person,
        deputy=leave.deputy,
        since=leave.since,
        until=leave.until,
        planned_until=leave.until,
        reason=leave.reason,
        by=by,
        recorded_at=at,
    )
    try:
        with transaction.atomic():
            absence.save()
    except IntegrityError as error:
        if "absence_no_overlap" not in str(error):
            raise
        raise Conflict(
            "absence.overlap", _("这段时间里已经登记了不在岗。"), field="since"
        ) from error
    return absence


@transaction.atomic
def end(absence_id: int, *, by: Person, at: datetime) -> Absence:
    """Come back at `at`; one that has not begun never will. Raises Absence.DoesNotExist where it
    is none of one's own and of nobody in one's reach; Conflict `absence.over`."""
    found = within_reach(by).select_for_update(of=("self",)).get(pk=absence_id)
    if found.until <= at:
        raise Conflict("absence.over", _("这次不在岗已经结束了。"))
    found.until, found.ended_by = max(found.since, at), by
    found.save(update_fields=["until", "ended_by"])
    return found


def within_reach(person: Person) -> QuerySet[Absence]:
    """One's own absences, and for those who lead, those of the people of their branches."""
    mine = Q(person=person)
    if leads(person):
        mine |= Q(person__branch__in=branches_in_scope(person).values("pk"))
    return Absence.objects.filter(mine).select_related("person__branch", "deputy", "by", "ended_by")


def of_others(person: Person) -> QuerySet[Person]:
    """Those whose absence the person may write down, beside the own."""
    if not leads(person):
        return Person.objects.none()
    active = Person.objects.filter(is_active=True, branch__in=branches_in_scope(person))
    return active.exclude(role=Role.ADMINISTRATOR).exclude(pk=person.pk)


def leads(person: Person) -> bool:
    """Whether the person looks after the absences of others."""
    return person.is_active and person.role in LEADING


def check_somebody_stays(person: Person, since: datetime, until: datetime) -> None:
    """Headquarters is never left without somebody who leads: what nobody else answers for comes
    there in the end. Its row is locked, so that the last two do not go at once. Raises Conflict
    `absence.nobody_left`."""
    top = Branch.objects.filter(kind=BranchKind.HEADQUARTERS)
    headquarters = top.select_for_update(no_key=True).first()
    if headquarters is None or person.branch_id != headquarters.pk or not leads(person):
        return
    others = _leading_people(headquarters).exclude(pk=person.pk)
    if not _always_somebody(others, since, until):
        raise Conflict(
            "absence.nobody_left",
            _("这段时间总部没有其他主管、品质管理员、服务总监或总经理在岗，请先安排。"),
            field="since",
        )


def _check_person(person: Person, by: Person) -> None:
    if not may_act(person):
        raise NotAllowed("person.gone", _("只能为在职的受理人员登记不在岗。"), field="person")
    if person.pk != by.pk and not of_others(by).filter(pk=person.pk).exists():
        raise NotAllowed("not_allowed", _("您只能登记自己和本机构人员的不在岗。"), field="person")


def _check_span(leave: Leave, at: datetime) -> None:
    if leave.until <= leave.since:
        raise RuleBroken("until.before_start", _("结束时间须晚于开始时间。"), field="until")
    if leave.until <= at:
        raise RuleBroken("until.past", _("结束时间已经过去了。"), field="until")
    if leave.until > at + LONGEST:
        raise RuleBroken("until.too_far", _("最多登记到一年之内。"), field="until")


def _check_deputy(leave: Leave) -> None:
    deputy = leave.deputy
    if deputy is None:
        return
    if deputy.pk == leave.person.pk:
        raise RuleBroken("deputy.same", _("代理人不能是本人。"), field="deputy")
    if not may_act(deputy):
        raise RuleBroken("deputy.gone", _("代理人必须是在职的受理人员。"), field="deputy")


def _leading_people(headquarters: Branch) -> QuerySet[Person]:
    return Person.objects.filter(is_active=True, role__in=LEADING, branch=headquarters)


def _always_somebody(people: QuerySet[Person], since: datetime, until: datetime) -> bool:
    """Whether at each moment of the span one of them is here; it is enough to look at its start
    and whenever one of them goes."""
    away = Absence.objects.filter(person__in=people, since__lt=until, until__gt=since)
    spans = list(away.values_list("person", "since", "until"))
    moments = {since} | {start for _who, start, _end in spans if start > since}
    count = people.count()
    return all(
        len({who for who, start, end_ in spans if start <= moment < end_}) < count
        for moment in moments
    )
