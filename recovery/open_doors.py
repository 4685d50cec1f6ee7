"""Doors that are open to strangers do not ask who is there."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponseBase


class OpenDoors(LoginRequiredMiddleware):
    """Django's own looks up the session first, even where nobody has to sign in: then the health
    pages could not answer a browser while the database is away."""

    def process_view(
        self,
        request: HttpRequest,
        view_func: Any,
        view_args: tuple[Any, ...],
        view_kwargs: dict[str, Any],
    ) -> HttpResponseBase | None:
        """A redirect to the sign-in for a stranger, unless the view is open to all."""
        if not getattr(view_func, "login_required", True):
            return None
        return super().process_view(request, view_func, view_args, view_kwargs)
