"""The back office has no door of its own."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse


def admin_login(request: HttpRequest) -> HttpResponse:
    """To the one door and back. Raises PermissionDenied for who is in and isn't let in there."""
    if request.user.is_authenticated:
        raise PermissionDenied
    return redirect_to_login(request.GET.get(REDIRECT_FIELD_NAME, "/"), settings.LOGIN_URL)
