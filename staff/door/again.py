"""Showing once more who one is, before something that matters to the account."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.reauthentication import suspend_request
from allauth.core.exceptions import ImmediateHttpResponse, ReauthenticationRequired
from django.http import HttpRequest, HttpResponseBase

View = Callable[..., HttpResponseBase]


def asks_again(view: View) -> View:
    """The view, answering itself where allauth leaves it to its middleware: that hears nothing of
    a view that another middleware calls."""

    @wraps(view)
    def _asking(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except ReauthenticationRequired:
            ways = get_adapter().get_reauthentication_methods(request.user)
            answer: HttpResponseBase = suspend_request(request, ways[0]["url"])
            return answer
        except ImmediateHttpResponse as at_once:
            return at_once.response  # type: ignore[no-any-return]  # allauth has no types

    return _asking
