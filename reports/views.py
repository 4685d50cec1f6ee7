"""The pages of the weekly ranking, its files, and the lists of cases behind its figures."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from common.errors import RuleBroken
from common.time import now
from reports import access, chart, page, rankings, text_file, workbook
from reports.definitions import DEFINITIONS
from reports.figures import FIGURES, Figure
from reports.periods import Week
from staff.models import Branch, Person
from staff.session import person_of

_PER_PAGE = 50
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_GET
def weekly(request: HttpRequest) -> HttpResponse:
    """The ranking of a week, the last full one unless `?week=` says otherwise."""
    reader, at = _reader(request), now()
    try:
        week = _week(request, at)
    except RuleBroken as broken:
        return _unreadable(request, broken, at)
    ranking = rankings.weekly(week, at=at)
    sees_all = access.sees_all(reader)
    lines = page.lines(ranking, opened=access.opened_for(reader))
    context = {
        "ranking": ranking,
        "detailed": [line for line in lines if line.had_clocks],
        "ranked": [line for line in lines if line.row and line.row.rank is not None],
        "unranked": [line for line in lines if line.row and line.row.rank is None],
        "total": page.total_line(ranking, opens=sees_all),
        "chart": chart.draw(ranking),
        "outcome_labels": page.outcome_labels(),
        "unruled_url": page.address(week, "unruled") if sees_all else "",
        "elsewhere": page.plain(ranking.elsewhere),
        "suppliers": page.plain(ranking.suppliers),
        "elsewhere_url": page.address(week, "elsewhere") if sees_all else "",
        "suppliers_url": page.address(week, "suppliers") if sees_all else "",
        "converted_url": page.address(week, "converted") if sees_all else "",
        "running": week.start <= at < week.end,
        "coming": at < week.start,
        **_picker(week, at),
    }
    return render(request, "reports/ranking.html", context)


@require_GET
def weekly_xlsx(request: HttpRequest) -> HttpResponse:
    """The week's ranking as a workbook."""
    return _file(request, workbook.write, "xlsx", _XLSX)


@require_GET
def weekly_csv(request: HttpRequest) -> HttpResponse:
    """The week's ranking as text."""
    return _file(request, text_file.write, "csv", "text/csv; charset=utf-8")


@require_GET
def cases(request: HttpRequest) -> HttpResponse:
    """What a figure counts (`?week=&branch=&figure=`; no branch: all of them together), as far
    as the reader may see it."""
    reader, at = _reader(request), now()
    figure = FIGURES.get(request.GET.get("figure", ""))
    if figure is None:
        raise Http404
    branch = _branch(request, reader, figure)
    try:
        week = _week(request, at)
    except RuleBroken as broken:
        return _unreadable(request, broken, at)
    context = {
        "nav": "ranking",
        "week": week,
        "figure": figure,
        "branch": branch,
        "tabs": _tabs(figure, week, branch),
        **_counted(request, figure, figure.rows_seen_by(reader, week, at=at, branch=branch)),
    }
    return render(request, "reports/ranking_cases.html", context)


def _reader(request: HttpRequest) -> Person:
    person = person_of(request)
    if not access.may_read(person):
        raise PermissionDenied
    return person


def _week(request: HttpRequest, at: datetime) -> Week:
    """The week asked for. Raises RuleBroken `week.*`."""
    written = request.GET.get("week", "")
    return Week.parse(written) if written.strip() else Week.containing(at).previous


def _branch(request: HttpRequest, reader: Person, figure: Figure) -> Branch | None:
    """The branch asked for, or None for all; 404 for what lies outside the reader's reach."""
    code = request.GET.get("branch", "")
    if not code:
        if not access.sees_all(reader):
            raise Http404
        return None
    branch = access.opened_for(reader).get(code)
    if branch is None or figure.firm_wide:
        raise Http404
    return branch


def _unreadable(request: HttpRequest, broken: RuleBroken, at: datetime) -> HttpResponse:
    """The page with the sentence and the picker, and nothing else."""
    last = Week.containing(at).previous
    context = {"broken": broken, "asked": request.GET.get("week", "")[:40], **_picker(last, at)}
    return render(request, "reports/ranking.html", context, status=broken.status)


def _picker(week: Week, at: datetime) -> dict[str, Any]:
    now = Week.containing(at)
    return {
        "week": week,
        "weeks": page.recent_weeks(now, week),
        "earlier": week.previous,
        "later": week.next if week < now else None,
        "definitions": DEFINITIONS,
    }


def _file(
    request: HttpRequest, write: Callable[[rankings.Ranking], bytes], ending: str, kind: str
) -> HttpResponse:
    _reader(request)
    at = now()
    try:
        week = _week(request, at)
    except RuleBroken as broken:
        return _unreadable(request, broken, at)
    content = write(rankings.weekly(week, at=at))
    name = _("周排名 %(week)s.%(ending)s") % {"week": week, "ending": ending}
    disposition = content_disposition_header(as_attachment=True, filename=name)
    return HttpResponse(
        content, content_type=kind, headers={"Content-Disposition": disposition or "attachment"}
    )


def _tabs(figure: Figure, week: Week, branch: Branch | None) -> list[dict[str, Any]]:
    code, here = branch.code if branch else None, figure.name
    return [
        {"figure": FIGURES[name], "url": page.address(week, name, code), "here": name == here}
        for name in page.family(here)
    ]


def _counted(request: HttpRequest, figure: Figure, rows: Any) -> dict[str, Any]:
    """A page of the rows, with what is shown of them in the same query, and the sum for a figure
    in yuan or by shares."""
    case = figure.source.case
    joined = [f"{case}__{field}" if case else field for field in ("category", "responsible_branch")]
    joined += _NAMED.get(figure.source.name, [])
    shown = Paginator(rows.select_related(*joined), _PER_PAGE).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    return {
        "shown": shown,
        "items": [page.item(row, figure.source.name) for row in shown],
        "query": query.urlencode(),
        "sum": _sum(rows, "amount") if figure.in_yuan else None,
        "portions": page.plain(_sum(rows, "portion")) if figure.by_share else None,
    }


#: What the list names of a row itself, beside its case.
_NAMED = {"shares": ["branch", "department", "person", "supplier"], "sortings": ["by"]}


def _sum(rows: Any, field: str) -> Decimal:
    return Decimal(rows.aggregate(sum=Sum(field))["sum"] or 0)
