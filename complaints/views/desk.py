"""工作台 and 升级看板: what I owe, and what has been warned or breached in my reach."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from common.errors import RuleBroken
from common.time import now
from complaints import faces, handover_lists, incident_lists, rules, selectors, suspicions
from complaints.acknowledgement import MANY, Answered, acknowledge_many
from complaints.incidents import GROUPING
from complaints.loads import WINDOW, loads
from complaints.models import Clock, ClockKind, Contact, Escalation, Incident
from complaints.views.steps import STEPS
from notify.selectors import inbox
from staff.access import branches_in_scope
from staff.models import BranchKind, Person
from staff.session import person_of

_ROWS = 100
_PER_PAGE = 50
_INCIDENTS = 20
_HOUR = timedelta(hours=1)
_FILTERS = ("level", "kind", "acknowledged", "branch", "owner")


@require_GET
def desk(request: HttpRequest) -> HttpResponse:
    """What the person owes, by urgency, with live countdowns."""
    person, at = person_of(request), now()
    owed = selectors.owed_by(person)
    counts = _counts(owed, at)
    context = {
        "groups": _groups([_row(clock, person, at) for clock in _with_talks(owed)[:_ROWS]], at),
        "counts": counts,
        "more": max(0, counts["all"] - _ROWS),
        "leads": person.role in selectors.LEADING,
        "messages_preview": inbox(person)[:6],
        "suspected": suspicions.suspected(person, at) if person.role in selectors.SORTING else [],
        "may_group": person.role in GROUPING,
        **_waiting(person, at),
    }
    return render(request, "complaints/desk.html", context)


def _with_talks(owed: QuerySet[Clock]) -> QuerySet[Clock]:
    """The clocks with their pauses, and with who spoke to the customer: the rules ask for it of
    each row."""
    talks = Contact.objects.only("complaint_id", "by_id").order_by()
    return owed.prefetch_related(Prefetch("complaint__contacts", talks), selectors.pauses())


def _row(clock: Clock, person: Person, at: datetime) -> dict[str, Any]:
    """A line of the desk: the clock, its case, and the form that stops the clock."""
    step = STEPS[clock.kind]
    row: dict[str, Any] = {"face": faces.face(clock, at), "complaint": clock.complaint}
    if rules.is_allowed(clock.complaint, step.action, person, at):
        row |= {"act_url": step.url(clock.complaint), "act_label": step.label}
    return row


def _groups(rows: list[dict[str, Any]], at: datetime) -> list[tuple[str, Any, list[Any]]]:
    """The rows under headings by urgency; empty groups are left out."""
    groups: dict[str, list[Any]] = {"late": [], "hour": [], "today": [], "later": []}
    for row in rows:
        groups[_urgency(row["face"].due_at, at)].append(row)
    return [(key, _GROUPS[key], found) for key, found in groups.items() if found]


_GROUPS = {
    "late": _("已超时"),
    "hour": _("1 小时内到期"),
    "today": _("今天到期"),
    "later": _("以后到期"),
}


def _urgency(due_at: datetime, at: datetime) -> str:
    if due_at < at:
        return "late"
    if due_at < at + _HOUR:
        return "hour"
    return "today" if due_at < _midnight_after(at) else "later"


def _midnight_after(at: datetime) -> datetime:
    """The end of the day in the firm's zone."""
    local = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)
    return local + timedelta(days=1)


def _counts(owed: QuerySet[Clock], at: datetime) -> dict[str, int]:
    """How many are in each of the groups, and in all."""
    return owed.order_by().aggregate(
        late=Count("pk", filter=Q(due_at__lt=at)),
        hour=Count("pk", filter=Q(due_at__gte=at, due_at__lt=at + _HOUR)),
        today=Count("pk", filter=Q(due_at__gte=at + _HOUR, due_at__lt=_midnight_after(at))),
        all=Count("pk"),
    )


def _waiting(person: Person, at: datetime) -> dict[str, Any]:
    """What waits for this person's word, the oldest first."""
    to_sort, to_rule = selectors.to_sort(person), selectors.to_rule(person)
    to_approve, to_review = selectors.to_approve(person), selectors.to_review(person)
    to_recheck = selectors.to_recheck(person)
    offered, to_decide = handover_lists.offered_to(person, at), handover_lists.to_decide(person, at)
    return {
        "sorts": person.role in selectors.SORTING,
        "approves": person.role in selectors.APPROVING,
        "to_sort": to_sort[:8],
        "to_sort_count": to_sort.count(),
        "to_rule": to_rule[:8],
        "to_rule_count": to_rule.count(),
        "to_approve": to_approve[:8],
        "to_approve_count": to_approve.count(),
        "to_review": to_review[:8],
        "to_review_count": to_review.count(),
        "to_recheck": to_recheck[:8],
        "to_recheck_count": to_recheck.count(),
        "offered": offered[:8],
        "offered_count": offered.count(),
        "to_decide": to_decide[:8],
        "to_decide_count": to_decide.count(),
    }


@require_GET
def board(request: HttpRequest) -> HttpResponse:
    """Warned and breached in the person's reach; acknowledge, open."""
    person, at = person_of(request), now()
    if person.role not in selectors.LEADING:
        raise PermissionDenied
    standings = incident_lists.standings(_open_incidents(person), person, at)
    folded = bool(standings) and not any(request.GET.get(name) for name in _FILTERS)
    found = _filtered(selectors.board(person), request)
    found = selectors.without_incidents(found) if folded else found
    found = found.prefetch_related(selectors.pauses("clock__"))
    page = Paginator(found, _PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [{"escalation": e, "face": faces.face(e.clock, at)} for e in page],
        "incidents": standings,
        "folded": folded,
        "suspected": suspicions.suspected(person, at),
        "may_group": person.role in GROUPING,
        "late_share": _late_share(person, at),
        "levels": _levels(selectors.board(person)),
        "kinds": ClockKind.choices,
        "chosen": {name: request.GET.get(name, "") for name in _FILTERS},
        "branches": branches_in_scope(person).filter(kind=BranchKind.BRANCH),
        "many": MANY,
        "query": _query_without_page(request),
    }
    return render(request, "complaints/board.html", context)


def _open_incidents(person: Person) -> list[Incident]:
    found = incident_lists.still_open(person).select_related("branch", "category")
    return list(found[:_INCIDENTS])


@require_POST
def acknowledgements(request: HttpRequest) -> HttpResponse:
    """Acknowledge what was ticked on the board; what may not be is said line by line."""
    person, at = person_of(request), now()
    if person.role not in selectors.LEADING:
        raise PermissionDenied
    ids = [int(each) for each in request.POST.getlist("ids") if each.isascii() and each.isdigit()]
    try:
        answered = acknowledge_many(ids, note=request.POST.get("note", ""), by=person, at=at)
    except RuleBroken as broken:
        messages.error(request, broken.message)
    else:
        _say(request, answered)
    return redirect(f"{reverse('board')}?{_filters_of(request.POST)}")


def _say(request: HttpRequest, answered: Sequence[Answered]) -> None:
    done = sum(each.broken is None for each in answered)
    if done:
        messages.success(request, _("已确认 %(count)d 项升级。") % {"count": done})
    left = Counter(each.broken.message for each in answered if each.broken)
    for sentence, count in left.items():
        words = _("%(count)d 项没有确认：%(sentence)s")
        messages.warning(request, words % {"count": count, "sentence": sentence})


def _filters_of(posted: QueryDict) -> str:
    return urlencode({name: posted[name] for name in _FILTERS if posted.get(name)})


@require_GET
def load(request: HttpRequest) -> HttpResponse:
    """What each person in reach carries, and how often they were on time."""
    person, at = person_of(request), now()
    if person.role not in selectors.LEADING:
        raise PermissionDenied
    context = {
        "nav": "board",
        "rows": [
            {"load": each, "rates": [each.on_time.get(kind) for kind in _RATED]}
            for each in loads(person, at=at)
        ],
        "kinds": [kind.label for kind in _RATED],
        "days": WINDOW.days,
    }
    return render(request, "complaints/load.html", context)


_RATED = (ClockKind.APOLOGY, ClockKind.RESULT, ClockKind.SHEET)


def _late_share(person: Person, at: datetime) -> tuple[int, int] | None:
    """How many of the last seven days' talks were recorded late, for those who watch over it."""
    if person.role not in selectors.DECIDING:
        return None
    return selectors.late_recorded_share(person, at - timedelta(days=7), at)


def _filtered(found: QuerySet[Escalation], request: HttpRequest) -> QuerySet[Escalation]:
    level, kind = request.GET.get("level", ""), request.GET.get("kind", "")
    if level in ("0", "1", "2", "3"):
        found = found.filter(level=int(level))
    if kind in ClockKind.values:
        found = found.filter(clock__kind=kind)
    if request.GET.get("acknowledged") == "no":
        found = found.filter(acknowledged_at=None, level__gt=0)
    if branch := request.GET.get("branch", "").replace("\x00", ""):
        found = found.filter(selectors.of_branch(branch))
    if owner := request.GET.get("owner", "").replace("\x00", "").strip():
        found = found.filter(complaint__owner__name=owner)
    return found


def _levels(found: QuerySet[Escalation]) -> list[dict[str, int]]:
    counts = dict(found.order_by().values_list("level").annotate(Count("pk")))
    return [{"level": level, "count": counts.get(level, 0)} for level in (3, 2, 1, 0)]


def _query_without_page(request: HttpRequest) -> str:
    query = request.GET.copy()
    query.pop("page", None)
    return query.urlencode()
