"""Each page runs in a transaction that sees with its reader's eyes, and with nobody else's."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponseBase

from common import walls
from staff.access import eyes_of
from staff.models import Person


class Sight:
    """Calls the page: what it reads passes the second wall (`common/walls.py`). Whoever comes
    with a token is known later, and gets their eyes then (`staff/tokens.py`)."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response: HttpResponseBase = self.get_response(request)
        return response

    def process_view(
        self,
        request: HttpRequest,
        view: Any,
        view_args: tuple[Any, ...],
        view_kwargs: dict[str, Any],
    ) -> HttpResponseBase | None:
        """The page's answer, rendered; a failure leaves nothing written. Doors that are open to
        strangers read no case and answer also while the database is away."""
        is_api = hasattr(view, "cls")
        if not getattr(view, "login_required", True) and not is_api:
            return None
        with walls.eyes(_eyes(request)):
            response: Any = view(request, *view_args, **view_kwargs)
            if hasattr(response, "render"):
                response = response.render()
            if response.status_code >= 500:
                transaction.set_rollback(True)
        answer: HttpResponseBase = response
        return answer


def _eyes(request: HttpRequest) -> walls.Eyes:
    return eyes_of(request.user) if isinstance(request.user, Person) else walls.NOBODY
