"""Between the door and the pages: whoever stayed too long is out, and whoever has to have a second
factor and has none gets to setting one up, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from rest_framework.authentication import SessionAuthentication as BrowserAuthentication
from rest_framework.request import Request

from staff import second_factor, stays
from staff.models import Person
from staff.tokens import needs_second_factor

#: What is open to somebody who has yet to set up the second factor.
SETTING_UP = frozenset(
    {
        "mfa_index", "mfa_activate_totp", "mfa_add_webauthn", "mfa_view_recovery_codes",
        "account_reauthenticate", "sign-out",
    }
)  # fmt: skip


class Gate:
    """Middleware; stands before the one that asks who is there, and looks up no session where
    nobody is asked."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        """A redirect to the set-up for whoever lacks the second factor."""
        if not getattr(view, "login_required", True) or not may_stay(request):
            return None
        match_ = request.resolver_match
        setting_up = match_ is not None and match_.view_name in SETTING_UP
        if not setting_up and second_factor.is_missing(request.user):  # type: ignore[arg-type]  # may_stay: a person
            return redirect("mfa_index")
        return None


class SessionAuthentication(BrowserAuthentication):
    """The API for a browser that is signed in, through the same gate."""

    def authenticate(self, request: Request) -> tuple[Any, None] | None:
        """The person; None for a stranger. Raises NotAllowed `sign_in.second_factor`."""
        if not may_stay(request._request):
            return None
        found = super().authenticate(request)
        if found is not None and second_factor.is_missing(found[0]):
            raise needs_second_factor()
        return found


def may_stay(request: HttpRequest) -> bool:
    """Whether somebody is signed in and may go on; who stayed too long is signed out."""
    if not isinstance(request.user, Person):
        return False
    at = timezone.now()
    if stays.is_over(request, at):
        logout(request)
        return False
    stays.note(request, request.user, at)
    return True
