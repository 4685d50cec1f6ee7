"""The pages for when something is wrong; customers have their own (`common/outside.py`)."""

from __future__ import annotations

import sys
from collections.abc import Callable

from django.core.exceptions import (
    RequestDataTooBig,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from common import outside
from common.api import RETRY_AFTER, failed
from common.errors import is_away

_TOO_MUCH = (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The page was left open too long; the browser's back button still has what was typed. A page
    may answer itself (`when_stale`), with what was typed."""
    match = request.resolver_match
    when_stale: Callable[..., HttpResponse] | None = getattr(
        match.func if match else None, "when_stale", None
    )
    if match is not None and when_stale is not None:
        return when_stale(request, **match.kwargs)
    return _page(request, "csrf", 403)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The request can't be read."""
    return too_much(request) if isinstance(exception, _TOO_MUCH) else _page(request, "400", 400)


def too_much(request: HttpRequest) -> HttpResponse:
    """More than is taken; programs get JSON."""
    if request.path.startswith("/api/"):
        return JsonResponse(failed(413), status=413)
    return _page(request, "413", 413)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The person's role doesn't reach here."""
    return render(request, "errors/403.html", status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """There is no such thing, or the person may not see it: the same page for both."""
    return _page(request, "404", 404)


def broken(request: HttpRequest) -> HttpResponse:
    """We have failed. Rendered without the request, which would ask the database who this is: a
    database that is away is answered with 503, and programs get JSON."""
    status = 503 if is_away(sys.exc_info()[1]) else 500
    if request.path.startswith("/api/"):
        return JsonResponse(failed(status), status=status, headers={"Retry-After": RETRY_AFTER})
    if outside.faces_outside(request):
        page = render_to_string(f"feedback/errors/{status}.html", outside.frame())
        return HttpResponse(page, status=status, headers={"Retry-After": RETRY_AFTER})
    return HttpResponse(render_to_string(f"errors/{status}.html"), status=status)


def _page(request: HttpRequest, name: str, status: int) -> HttpResponse:
    folder = "feedback/errors" if outside.faces_outside(request) else "errors"
    return render(request, f"{folder}/{name}.html", status=status)
