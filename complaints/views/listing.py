"""投诉台账: the list of cases."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from common import paging
from common.time import now
from complaints import faces, selectors
from complaints.access import visible_to
from complaints.forms.search import SearchForm
from complaints.models import Clock
from staff.session import person_of

_PER_PAGE = 50


@require_GET
def case_list(request: HttpRequest) -> HttpResponse:
    """投诉台账: what the person may see, newest first, filtered."""
    person, at = person_of(request), now()
    form = SearchForm(request.GET or None)
    most = paging.reach(request.GET.get("page"), _PER_PAGE)
    found = visible_to(person)
    if form.is_valid():
        found = form.narrow(found, at, most=most)
    found = found.select_related(
        "category", "owner", "owner_branch", "responsible_branch", "concerned_branch"
    ).prefetch_related(
        Prefetch(
            "clocks",
            Clock.objects.running().order_by("due_at").prefetch_related(selectors.pauses()),
            to_attr="running_clocks",
        )
    )
    page = Paginator(found, _PER_PAGE).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    rows = [{"complaint": case, "face": _nearest(case, at)} for case in page]
    context = {
        "form": form,
        "page": page,
        "rows": rows,
        "query": query.urlencode(),
        "uncounted": form.is_searching and page.paginator.count == most,
    }
    return render(request, "complaints/list.html", context)


def _nearest(case: Any, at: datetime) -> faces.ClockFace | None:
    """The running clock of the case that is due first, or None."""
    return faces.face(case.running_clocks[0], at) if case.running_clocks else None
