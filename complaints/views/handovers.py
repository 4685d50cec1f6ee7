"""交接: a shift's hand-over, and what waits for one's answer or decision."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from common.time import now
from complaints import handover_lists, promises, shifts
from complaints.access import visible_to
from complaints.forms.shifts import ShiftForm
from complaints.models import Complaint, Handover
from complaints.models.complaint import OPEN
from staff.models import Person
from staff.session import person_of

#: A page of these is what one person can look through.
MOST = 100


@require_GET
def waiting(request: HttpRequest) -> HttpResponse:
    """What was offered to me, with what the customer was promised; what I may decide."""
    person, at = person_of(request), now()
    context = {
        "offered": [_offered(each) for each in handover_lists.offered_to(person, at)[:MOST]],
        "to_decide": handover_lists.to_decide(person, at)[:MOST],
        "decides": person.role in handover_lists.DECIDING,
    }
    return render(request, "complaints/handovers.html", context)


@require_POST
def acceptance(request: HttpRequest) -> HttpResponse:
    """Accept those that were ticked, each for itself."""
    person, at = person_of(request), now()
    ids = handover_lists.offered_to(person, at).values_list("complaint", flat=True)
    asked = visible_to(person).filter(pk__in=list(ids), no__in=_ticked(request))
    results = shifts.accept_all(list(asked.order_by("pk")), by=person, at=at)
    if not results:
        messages.warning(request, _("没有选中可以接受的投诉。"))
    _say(request, results, _("现在由您负责 %(n)d 件投诉。"))
    return redirect("handover-list")


@require_http_methods(["GET", "POST"])
def shift(request: HttpRequest) -> HttpResponse:
    """All my open cases on one page, each with a receiver and a note; one press offers them."""
    person, at = person_of(request), now()
    data = request.POST if request.method == "POST" else None
    form = ShiftForm(data, complaints=_mine(person), person=person, at=at)
    if data is None or not form.is_valid():
        return _shift_page(request, form, {}, status=200 if data is None else 422)
    results = shifts.offer_all(form.offers(), by=person, at=at)
    problems = {each.complaint.pk: each.problem for each in results if each.problem}
    if not results:
        messages.warning(request, _("没有选中要交出的投诉。"))
    _say(request, results, _("已交出 %(n)d 件，对方接受之前仍由您负责。"), beside=bool(problems))
    if problems:
        return _shift_page(request, form, problems, status=422)
    return redirect("handover-shift")


def _shift_page(
    request: HttpRequest, form: ShiftForm, problems: dict[int, Any], *, status: int
) -> HttpResponse:
    rows = [
        {
            "complaint": complaint,
            "take": take,
            "receiver": receiver,
            "note": note,
            "open": _open_offer(complaint),
            "problem": problems.get(complaint.pk),
        }
        for complaint, take, receiver, note in form.rows()
    ]
    context = {"form": form, "rows": rows}
    return render(request, "complaints/shift.html", context, status=status)


def _open_offer(complaint: Complaint) -> Handover | None:
    """The offer that waits already, read with the page."""
    return next((each for each in complaint.handovers.all() if each.is_open), None)


def _mine(person: Person) -> list[Complaint]:
    owned = Complaint.objects.filter(owner=person, status__in=OPEN)
    found = owned.filter(pk__in=visible_to(person).values("pk")).select_related("category")
    return list(found.prefetch_related("handovers__receiver").order_by("received_at")[:MOST])


def _offered(handover: Handover) -> dict[str, Any]:
    return {
        "handover": handover,
        "complaint": handover.complaint,
        "remedies": promises.promised(handover.complaint),
        "told": promises.told(handover.complaint),
    }


def _ticked(request: HttpRequest) -> list[str]:
    return [no for no in request.POST.getlist("no")[:MOST] if no.isprintable()]


def _say(
    request: HttpRequest, results: list[shifts.Result], done: str, *, beside: bool = False
) -> None:
    """How many were done, and, where the page can't say it beside the row, what failed and why."""
    if count := sum(each.problem is None for each in results):
        messages.success(request, done % {"n": count})
    for each in results if not beside else ():
        if each.problem:
            messages.error(request, f"{each.complaint.no}：{each.problem.message}")
