"""反馈二维码: the codes of the branches in one's reach, to be printed or downloaded."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_GET

from intake.public import codes
from staff.models import Branch
from staff.session import person_of


@require_GET
def codes_list(request: HttpRequest) -> HttpResponse:
    """The branches, each with its address."""
    rows = [
        {"branch": branch, "address": codes.address_of(branch)}
        for branch in codes.branches_of(person_of(request))
    ]
    return render(request, "intake/codes.html", {"rows": rows})


@require_GET
def code(request: HttpRequest, branch_code: str) -> HttpResponse:
    """One branch's code on a sheet that can be printed and hung up."""
    branch = _branch(request, branch_code)
    context = {
        "branch": branch,
        "address": codes.address_of(branch),
        # drawn by us from an address of ours
        "drawing": mark_safe(codes.svg(branch, bare=True)),  # noqa: S308
        "hotline": settings.HOTLINE,
        "firm": settings.FIRM_NAME,
    }
    return render(request, "intake/code.html", context)


@require_GET
def picture(request: HttpRequest, branch_code: str, kind: str) -> HttpResponse:
    """The code as a file: `svg` or `png`."""
    branch = _branch(request, branch_code)
    if kind == "svg":
        answer = HttpResponse(codes.svg(branch), content_type="image/svg+xml")
    elif kind == "png":
        answer = HttpResponse(codes.png(branch), content_type="image/png")
    else:
        raise Http404
    answer["Content-Disposition"] = f'attachment; filename="feedback-{branch.code}.{kind}"'
    return answer


def _branch(request: HttpRequest, branch_code: str) -> Branch:
    return get_object_or_404(codes.branches_of(person_of(request)), code=branch_code)
