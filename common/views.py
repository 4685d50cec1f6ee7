"""The pages for when something is wrong."""

from __future__ import annotations

import sys

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from common.api import RETRY_AFTER, failed
from common.errors import is_away


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The page was left open too long; the browser's back button still has what was typed."""
    return render(request, "errors/csrf.html", status=403)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The request can't be read."""
    return render(request, "errors/400.html", status=400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The person's role doesn't reach here."""
    return render(request, "errors/403.html", status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """There is no such thing, or the person may not see it: the same page for both."""
    return render(request, "errors/404.html", status=404)


def broken(request: HttpRequest) -> HttpResponse:
    """We have failed. Rendered without the request, which would ask the database who this is: a
    database that is away is answered with 503, and programs get JSON."""
    status = 503 if is_away(sys.exc_info()[1]) else 500
    if request.path.startswith("/api/"):
        return JsonResponse(failed(status), status=status, headers={"Retry-After": RETRY_AFTER})
    return HttpResponse(render_to_string(f"errors/{status}.html"), status=status)
