"""导入人员、机构、业务量: upload, look at what it would do, confirm."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from common.errors import RuleBroken
from common.forms import attempt
from common.time import now
from intake.lists import firm_import
from intake.lists.forms import UploadForm
from intake.lists.lines import Preview, Verdict
from intake.models import Kind, Upload
from staff.models import Person
from staff.session import person_of

_PER_PAGE = 200
_LATEST = 20


@require_http_methods(["GET", "POST"])
def imports(request: HttpRequest) -> HttpResponse:
    """The form, and what one has imported lately."""
    person = _importer(request)
    data = (request.POST, request.FILES) if request.method == "POST" else ()
    form = UploadForm(*data, person=person)
    if form.is_valid() and (kept := attempt(form, lambda: form.perform(at=now()))):
        return redirect("import", upload_id=kept.pk)
    context = {"form": form, "uploads": firm_import.uploads_of(person)[:_LATEST]}
    status = 422 if form.errors else 200
    return render(request, "intake/imports.html", context, status=status)


@require_http_methods(["GET", "POST"])
def one(request: HttpRequest, upload_id: int) -> HttpResponse:
    """What the file would do, line by line; sent with the digest of what was seen, it is done."""
    person = _importer(request)
    kept = get_object_or_404(firm_import.uploads_of(person), pk=upload_id)
    if kept.confirmed_at is not None:
        context = {"upload": kept, "rows": _counts(kept.counts)}
        return render(request, "intake/imported.html", context)
    if request.method == "GET":
        return _show(request, kept, person)
    try:
        digest = request.POST.get("digest", "")
        firm_import.confirm(kept.pk, digest, by=person, at=now())
    except RuleBroken as broken:
        messages.error(request, broken.message)
        return _show(request, kept, person, status=broken.status)
    messages.success(request, _("已导入。"))
    return redirect("import", upload_id=kept.pk)


def _show(request: HttpRequest, kept: Upload, person: Person, status: int = 200) -> HttpResponse:
    try:
        preview = firm_import.preview(kept, by=person, at=now())
    except RuleBroken as broken:
        messages.error(request, broken.message)
        return redirect("imports")
    return render(request, "intake/preview.html", _context(request, kept, preview), status=status)


def _context(request: HttpRequest, kept: Upload, preview: Preview) -> dict[str, Any]:
    only = request.GET.get("verdict", "")
    lines = [line for line in preview.lines if only in ("", line.verdict.value)]
    counts = preview.counts
    return {
        "upload": kept,
        "kind": Kind(kept.kind),
        "preview": preview,
        "tabs": _counts(counts),
        "only": only if only in counts else "",
        "page": Paginator(lines, _PER_PAGE).get_page(request.GET.get("page")),
        "query": f"verdict={only}" if only in counts else "",
        "will_write": counts["new"] + counts["changed"],
    }


def _counts(counts: dict[str, int]) -> list[dict[str, Any]]:
    return [{"verdict": verdict, "count": counts.get(verdict.value, 0)} for verdict in Verdict]


def _importer(request: HttpRequest) -> Person:
    """Whose request it is. Raises PermissionDenied for who may import nothing."""
    person = person_of(request)
    if not firm_import.kinds_of(person):
        raise PermissionDenied
    return person
