"""投诉文件导入: upload a platform's file, say what its columns mean, look at the check, confirm."""

from __future__ import annotations

import io
import tempfile
from typing import IO, Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from common.errors import RuleBroken
from common.forms import attempt
from common.time import now
from intake.files.cells import unpack
from intake.files.columns import Field
from intake.files.rows import Row, as_text
from intake.imports import import_jobs, set_aside
from intake.imports.forms import CaseFileForm, ColumnsForm
from intake.imports.importing import Registered, SetAside
from intake.imports.mapping import LABELS, Said, slots
from intake.models import ImportJob, ImportRow, JobState, RowVerdict
from staff.models import Person
from staff.session import person_of

_PER_PAGE = 100
_LATEST = 30
_SAMPLES = 3
#: Rows fetched at once while they are handed out.
_AT_ONCE = 500


@require_http_methods(["GET", "POST"])
def case_imports(request: HttpRequest) -> HttpResponse:
    """The form, and what has been imported lately."""
    person = person_of(request)
    data = (request.POST, request.FILES) if request.method == "POST" else ()
    form = CaseFileForm(*data)
    if form.is_valid() and (job := attempt(form, lambda: form.perform(by=person, at=now()))):
        return redirect("case-import", job_id=job.pk)
    jobs = import_jobs.jobs_of(person).defer("head_text")[:_LATEST]
    context = {"form": form, "jobs": [_progress(job) for job in jobs]}
    status = 422 if form.errors else 200
    return render(request, "intake/case_imports.html", context, status=status)


@require_GET
def case_import(request: HttpRequest, job_id: int) -> HttpResponse:
    """Where the file is: its columns to be named, the check, the progress, what came of it. The
    part that moves is asked for again by itself."""
    job, person = _job(request, job_id), person_of(request)
    if job.state == JobState.UPLOADED:
        return _ask_columns(request, job, person)
    context = _context(request, job, person)
    if request.headers.get("HX-Request"):
        return render(request, "intake/_case_import.html", context)
    return render(request, "intake/case_import.html", context)


@require_http_methods(["GET", "POST"])
def columns(request: HttpRequest, job_id: int) -> HttpResponse:
    """Say, or say again, what each column means."""
    job, person = _job(request, job_id), person_of(request)
    if request.method == "GET":
        return _ask_columns(request, job, person)
    form = ColumnsForm(request.POST, headers=job.headers, meanings=job.meanings)
    if form.is_valid() and (
        named := attempt(
            form, lambda: import_jobs.name_columns(job.pk, form.meanings(), by=person, at=now())
        )
    ):
        return redirect("case-import", job_id=named.pk)
    return _ask_columns(request, job, person, form=form)


@require_POST
def confirmation(request: HttpRequest, job_id: int) -> HttpResponse:
    """Let the rows be registered."""
    return _deed(request, job_id, import_jobs.confirm)


@require_POST
def cancellation(request: HttpRequest, job_id: int) -> HttpResponse:
    """Let no further row in."""
    return _deed(request, job_id, import_jobs.cancel)


@require_GET
def rows_set_aside(request: HttpRequest, job_id: int) -> FileResponse:
    """The rows that were not taken, with the line and the reason, to be mended and imported."""
    job = _job(request, job_id)
    found = job.rows.filter(verdict=RowVerdict.SET_ASIDE, number__lte=job.cursor)
    if not found.exists():
        raise Http404
    ending = "csv" if job.is_table else "jsonl"
    kind = "text/csv" if job.is_table else "application/x-ndjson"
    # written now: the page's eyes close with the page, before what is streamed is fetched
    name = f"{job.name}.set-aside.{ending}"
    return FileResponse(
        _written(job, found),
        as_attachment=True,
        filename=name,
        content_type=f"{kind}; charset=utf-8",
    )


def _deed(request: HttpRequest, job_id: int, deed: Any) -> HttpResponse:
    job = _job(request, job_id)
    try:
        deed(job.pk, by=person_of(request), at=now())
    except RuleBroken as broken:
        messages.error(request, broken.message)
    return redirect("case-import", job_id=job.pk)


def _job(request: HttpRequest, job_id: int) -> ImportJob:
    return get_object_or_404(import_jobs.jobs_of(person_of(request)), pk=job_id)


def _progress(job: ImportJob) -> dict[str, Any]:
    """The job with how far it is, in percent."""
    whole = job.rows_total
    percent = 100 if job.state == JobState.DONE else round(100 * job.cursor / whole) if whole else 0
    return {"job": job, "percent": percent, "counts": _counts(job)}


def _counts(job: ImportJob) -> list[dict[str, Any]]:
    tally = job.tally()
    return [
        {"verdict": verdict, "count": tally[verdict.value]} for verdict in RowVerdict if verdict
    ]


def _ask_columns(
    request: HttpRequest, job: ImportJob, person: Person, form: ColumnsForm | None = None
) -> HttpResponse:
    if job.state not in (JobState.UPLOADED, JobState.CHECKING, JobState.CHECKED):
        return redirect("case-import", job_id=job.pk)
    form = form or ColumnsForm(headers=job.headers, meanings=job.meanings)
    rows = [unpack(packed, import_jobs.names_of(job)) for packed in job.head]
    context = {
        "job": job,
        "form": form,
        "rows": [
            {"field": form[f"column-{place}"], "samples": _samples(rows, slot)}
            for place, slot in enumerate(slots(job.headers))
        ],
        "is_mine": job.by_id == person.pk,
        "is_remembered": bool(import_jobs.remembered(job.channel, job.inlet_id)),
        "twin": import_jobs.twin_of(job),
    }
    status = 422 if form.errors else 200
    return render(request, "intake/case_import_columns.html", context, status=status)


def _samples(rows: list[Row], slot: str) -> list[str]:
    """What stands in the column in the first rows, without what stands there twice."""
    found: dict[str, None] = {}
    for row in rows:
        names = slots([name for name, _cell in row.named])
        for name, (_header, cell) in zip(names, row.named, strict=True):
            if name == slot and (shown := as_text(cell).strip()):
                found[shown[:80]] = None
    return list(found)[:_SAMPLES]


def _context(request: HttpRequest, job: ImportJob, person: Person) -> dict[str, Any]:
    only = request.GET.get("verdict", "")
    only = only if only in [verdict.value for verdict in RowVerdict if verdict] else ""
    found = job.rows.filter(number__lte=job.cursor).select_related("complaint")
    found = found.filter(verdict=only) if only else found.exclude(verdict="")
    counts = job.tally()
    is_first_look = job.state == JobState.READING or (
        job.state == JobState.CHECKING and not job.cursor
    )
    page = Paginator(found, _PER_PAGE).get_page(request.GET.get("page"))
    return {
        **_progress(job),
        "only": only,
        "query": f"verdict={only}" if only else "",
        "page": page,
        "rows": [_shown(row, job) for row in page],
        "first": _first(job) if is_first_look else [],
        "dealt": sum(counts.values()),
        "will_write": counts["register"] + counts["append"],
        "is_mine": job.by_id == person.pk,
        "meanings": _meanings(job),
        "twin": import_jobs.twin_of(job) if not job.is_over else None,
        "can_fetch": bool(counts["set_aside"]) and job.state != JobState.CANCELLED,
    }


def _meanings(job: ImportJob) -> list[tuple[str, str]]:
    """The columns that are imported, each with what it means."""
    pairs = zip(job.headers, job.meanings, strict=True)
    return [(header, str(LABELS[Field(meaning)])) for header, meaning in pairs if meaning]


def _shown(row: ImportRow, job: ImportJob) -> dict[str, Any]:
    read = unpack(row.content, import_jobs.names_of(job)) if row.content else None
    return {
        "line": row.line,
        "verdict": RowVerdict(row.verdict),
        "reason": row.reason,
        "complaint": row.complaint,
        "summary": _summary(read, job) if read else "",
    }


def _first(job: ImportJob) -> list[dict[str, Any]]:
    """The first rows with what would come of them, as `_shown` has it."""
    return [
        {
            "line": row.line,
            "verdict": _verdict(verdict),
            "reason": verdict.reason if isinstance(verdict, SetAside) else "",
            "complaint": None,
            "summary": _summary(row, job),
        }
        for row, verdict in import_jobs.first_verdicts(job, at=now())
    ]


def _verdict(verdict: Any) -> RowVerdict:
    if isinstance(verdict, Registered):
        return RowVerdict.REGISTER
    return RowVerdict.SET_ASIDE if isinstance(verdict, SetAside) else RowVerdict.AGAIN


def _summary(row: Row, job: ImportJob) -> str:
    """The row's number and the beginning of its content; of one that can't be read, all of it."""
    if not row.named:
        whole = row.original
        return (whole if isinstance(whole, str) else " ".join(map(as_text, whole))).strip()[:60]
    said = Said(dict(zip(slots(job.headers), job.meanings, strict=True)))
    places = said.understood([name for name, _cell in row.named])
    cells = [
        as_text(row.named[at][1]).strip()
        for field in (Field.REF, Field.WHAT)
        for at in places.get(field, ())
    ]
    return " ".join(" ".join(cells).split())[:60]


def _written(job: ImportJob, rows: QuerySet[ImportRow]) -> IO[bytes]:
    """The rows as they stood, bytes that were no characters included."""
    names = import_jobs.names_of(job)
    file = tempfile.TemporaryFile()  # noqa: SIM115  (closed by the response)
    paper = io.TextIOWrapper(file, "utf-8", "surrogateescape", newline="")
    write = set_aside.on(paper, names)
    for row in rows.order_by("number").iterator(chunk_size=_AT_ONCE):
        write(unpack(row.content, names), SetAside(row.code, row.reason))
    paper.detach()
    file.seek(0)
    return file
