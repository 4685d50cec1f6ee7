"""Each page lets in whom its door lets in, and runs in a transaction that sees with its reader's
eyes, and with nobody else's."""

from __future__ import annotations

import logging
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from common import walls
from intake.models import SystemKey
from recovery.doors import door_of
from staff.eyes import eyes_of
from staff.models import Person

logger = logging.getLogger(__name__)


class Sight:
    """Calls the page: what it reads passes the second wall (`common/walls.py`). Whoever comes
    with a token is known later: their door is `Declared`, and their eyes are set when the token
    is read (`staff/tokens.py`)."""

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
        strangers read no case and answer also while the database is away; and views that say
        themselves what is one transaction see nothing until they do. Raises PermissionDenied."""
        is_api = hasattr(view, "cls")
        if getattr(view, "cls", None) and getattr(view.cls, "own_transactions", False):
            return None
        if not is_api and _let_in(request, None):
            return None
        person = request.user if isinstance(request.user, Person) else None
        if not is_api and not _let_in(request, person):
            raise PermissionDenied
        with walls.eyes(eyes_of(person) if person else walls.NOBODY):
            response: Any = view(request, *view_args, **view_kwargs)
            if hasattr(response, "render"):
                response = response.render()
            if response.status_code >= 500:
                transaction.set_rollback(True)
        answer: HttpResponseBase = response
        return answer


class Declared(BasePermission):
    """The same door for programs."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether the person, the system or a stranger may come through."""
        person = request.user if isinstance(request.user, Person) else None
        return _let_in(request, person, by_key=isinstance(request.auth, SystemKey))


def _let_in(request: HttpRequest | Request, person: Person | None, by_key: bool = False) -> bool:
    match = request.resolver_match
    name = match.view_name if match else ""
    door = door_of(name, request.method or "")
    if door is None:
        logger.error("The address %r stands in no row of recovery/doors.py: it is shut.", name)
        return False
    return door.systems if by_key else door.lets_in(person)
