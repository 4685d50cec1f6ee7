"""The pages of the audit of first response (首问制稽查): figures, their cases, the sample."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from common.errors import RuleBroken
from common.forms import CleanText, attempt
from common.time import now
from quality import inspections
from quality.inspections import INSPECTING, MANY
from quality.models import Finding, Inspection
from reports import access, first_response
from reports.first_response import Figure
from reports.periods import Week
from staff.models import Branch, Person
from staff.session import person_of

_PER_PAGE = 50


class DrawForm(forms.Form):
    """How many cases to draw."""

    count = forms.IntegerField(
        label=_("抽查件数"),
        initial=5,
        error_messages={"required": _("请填写件数。"), "invalid": _("请填写整数。")},
        widget=forms.NumberInput(attrs={"min": 1, "max": MANY}),
    )


class FindForm(forms.Form):
    """What the inspection of one case came to."""

    finding = forms.ChoiceField(
        label=_("稽查结论"),
        choices=Finding,
        widget=forms.RadioSelect,
        error_messages={"required": _("请选择结论。")},
    )
    note = CleanText(label=_("说明"), limit=2000, lines=True, required=False)


@require_GET
def report(request: HttpRequest) -> HttpResponse:
    """A week's dropped first asks by branch, handed-in late, gone outside; and the sample."""
    person, at = _reader(request), now()
    try:
        week = _week(request, at)
    except RuleBroken as broken:
        context = {**_frame(person, Week.containing(at), at), "broken": broken}
        return render(request, "reports/first_response.html", context, status=broken.status)
    context = {**_frame(person, week, at), "lines": _lines(person, week, at)}
    return render(request, "reports/first_response.html", context)


def _frame(person: Person, week: Week, at: datetime) -> dict[str, Any]:
    return {
        "nav": "first-response",
        "week": week,
        "earlier": week.previous,
        "later": week.next if week < Week.containing(at) else None,
        "figures": list(Figure),
        "draws": person.role in INSPECTING,
        "draw_form": DrawForm(),
        "inspections": inspections.open_for(person) if person.role in INSPECTING else [],
    }


def _lines(person: Person, week: Week, at: datetime) -> list[dict[str, Any]]:
    return [
        {
            "branch": line.branch,
            "cells": [(figure, line.counts[figure]) for figure in Figure],
        }
        for line in first_response.lines(person, week.start, week.end, at)
    ]


@require_GET
def cases(request: HttpRequest) -> HttpResponse:
    """The cases that a figure counts (`?week=&figure=&branch=`)."""
    person, at = _reader(request), now()
    if request.GET.get("figure") not in Figure.values:
        raise Http404
    figure = Figure(request.GET["figure"])
    try:
        week = _week(request, at)
    except RuleBroken as broken:
        raise Http404 from broken
    branch = _branch(person, request.GET.get("branch", ""))
    found = first_response.cases(figure, person, week.start, week.end, at)
    shown = first_response.of_branch(found, branch).select_related(
        "category", "first_receiver__branch", "owner"
    )
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "nav": "first-response",
        "week": week,
        "figure": figure,
        "branch": branch,
        "page": Paginator(shown, _PER_PAGE).get_page(request.GET.get("page")),
        "query": query.urlencode(),
    }
    return render(request, "reports/first_response_cases.html", context)


@require_POST
def samples(request: HttpRequest) -> HttpResponse:
    """Draw cases of the week by lot."""
    person, at = _reader(request), now()
    if person.role not in INSPECTING:
        raise PermissionDenied
    try:
        week = Week.parse(request.POST.get("week", ""))
    except RuleBroken as broken:
        raise Http404 from broken
    form = DrawForm(request.POST)
    span = {"since": week.start, "until": week.end}
    if form.is_valid() and (
        drawn := attempt(
            form, lambda: inspections.draw(form.cleaned_data["count"], **span, by=person, at=at)
        )
    ):
        messages.success(request, _("抽取了 %(count)d 件。") % {"count": len(drawn)})
        return redirect(f"{reverse('first-response')}?week={week}")
    context = {**_frame(person, week, at), "lines": _lines(person, week, at), "draw_form": form}
    return render(request, "reports/first_response.html", context, status=422)


@require_http_methods(["GET", "POST"])
def inspection(request: HttpRequest, inspection_id: int) -> HttpResponse:
    """Write down what was found in a case that was drawn."""
    person, at = _reader(request), now()
    if person.role not in INSPECTING:
        raise PermissionDenied
    seen = inspections.open_for(person)
    found: Inspection = get_object_or_404(seen, pk=inspection_id)
    form = FindForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        if attempt(
            form,
            lambda: inspections.find(
                found.pk, finding=Finding(said["finding"]), note=said["note"], by=person, at=at
            ),
        ):
            messages.success(request, _("稽查结论已保存。"))
            return redirect("first-response")
    context = {
        "form": form,
        "title": _("首问稽查"),
        "lead": _("对照记录和录音：首问人是否当场受理、及时致歉、没有推诿。"),
        "submit_label": _("保存结论"),
        "action_url": request.path,
        "cancel_url": reverse("first-response"),
        "no": found.complaint.no,
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "components/action_page.html", context, status=status)


def _reader(request: HttpRequest) -> Person:
    person = person_of(request)
    if not access.may_read(person):
        raise PermissionDenied
    return person


def _week(request: HttpRequest, at: datetime) -> Week:
    written = request.GET.get("week", "")
    return Week.parse(written) if written.strip() else Week.containing(at)


def _branch(person: Person, code: str) -> Branch | None:
    """The branch asked for, None for all in reach; 404 for one out of reach."""
    if not code:
        return None
    branch = access.opened_for(person).get(code)
    if branch is None:
        raise Http404
    return branch
