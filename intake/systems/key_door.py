"""The door of other systems: `Authorization: Key <prefix>.<secret>`."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import AnonymousUser
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.request import Request

from intake.models import Inlet, SystemKey
from intake.systems import keys

#: A key has 56 characters; a header of megabytes needn't be looked up.
_LONGEST = 200


class KeyAuthentication(BaseAuthentication):
    """A system is nobody: it has no role and sees no case. What it may do hangs on its inlet."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, SystemKey] | None:
        """The key; None without the header, or with that of another kind. Raises
        AuthenticationFailed."""
        header = get_authorization_header(request)
        kind, _space, text = header.partition(b" ")
        if kind.lower() != b"key":
            return None
        if len(header) > _LONGEST or not text.isascii():
            raise AuthenticationFailed
        found = keys.find(text.decode("ascii"))
        if found is None:
            raise AuthenticationFailed
        key, request._request.asked_at = found  # type: ignore[attr-defined]  # read below
        return AnonymousUser(), key

    def authenticate_header(self, request: Request) -> str:
        """What to come with."""
        return "Key"


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # no types
    """How the description of the API names it."""

    target_class = "intake.systems.key_door.KeyAuthentication"
    name = "systemKey"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """A header of its own kind."""
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "Key <prefix>.<secret>",
        }


def system_of(request: Request) -> tuple[Inlet, datetime]:
    """The inlet of whoever calls, and the moment of the call. Raises NotAuthenticated."""
    key = request.auth
    if not isinstance(key, SystemKey):
        raise NotAuthenticated
    return key.inlet, request._request.asked_at  # type: ignore[attr-defined]  # put there above
