"""Which person the claims of an OpenID provider name."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from staff.models import Person


def person_named(said: dict[str, Any]) -> Person | None:
    """The one active person whom the claims name by OIDC_MATCH: `email`, which the provider has to
    say is verified, or else the claim that holds the username. None where there is none, or more
    than one, and where the two answers of the provider speak of different people."""
    info, token = said.get("userinfo") or {}, said.get("id_token") or {}
    if info and token and info.get("sub") != token.get("sub"):
        return None
    claims = {**token, **info}
    claim: str = settings.OIDC_MATCH
    value = claims.get(claim)
    if not isinstance(value, str) or not value or not value.isprintable():
        return None
    if claim == "email":
        if claims.get("email_verified") is not True:
            return None
        found = Person.objects.filter(email__iexact=value)
    else:
        found = Person.objects.filter(username=Person.normalize_username(value))
    active = list(found.filter(is_active=True)[:2])
    return active[0] if len(active) == 1 else None
