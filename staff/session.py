"""Whose request it is."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from rest_framework.request import Request

from staff.models import Person


def person_of(request: HttpRequest | Request) -> Person:
    """The person signed in. Raises PermissionDenied for a stranger."""
    if isinstance(request.user, Person):
        return request.user
    raise PermissionDenied
