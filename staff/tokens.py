"""Tokens for programs: shown once, kept as a digest, expiring by themselves."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth import authenticate
from django.utils.translation import gettext as _
from knox.auth import TokenAuthentication as KnoxAuthentication
from knox.models import AuthToken
from rest_framework.authentication import get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from common.errors import RuleBroken
from common.walls import see_with
from staff.access import eyes_of
from staff.models import Person

#: Hashing takes time that grows with the password; nobody has a longer one.
PASSWORD_LIMIT = 128
#: knox makes 64; a header of megabytes needn't be looked up.
_LONGEST_TOKEN = 200


class WrongSignIn(RuleBroken):
    """The name or the password is wrong; which of them is not said."""

    status = 401


class TokenAuthentication(KnoxAuthentication):  # type: ignore[misc]  # knox has no types
    """`Authorization: Token …`; what can't be a token is refused before it is looked up."""

    def authenticate(self, request: Request) -> tuple[Person, AuthToken] | None:
        """The person and their token; None without the header. Raises AuthenticationFailed."""
        header = get_authorization_header(request)
        plain = header.isascii() and header.decode("ascii").isprintable()
        if not plain or len(header) > _LONGEST_TOKEN:
            raise AuthenticationFailed
        found: tuple[Person, AuthToken] | None = super().authenticate(request)
        if found:
            see_with(eyes_of(found[0]))
        return found


def sign_in(username: str, password: str) -> tuple[Person, str, datetime]:
    """The person, a new token and when it expires. Raises WrongSignIn `sign_in.failed` with one
    sentence for an unknown name, a wrong password and an account that is closed."""
    person = None
    if len(password) <= PASSWORD_LIMIT:
        person = authenticate(username=username, password=password)
    if not isinstance(person, Person):
        raise WrongSignIn("sign_in.failed", _("用户名或密码不对，请再试一次。"))
    kept, token = AuthToken.objects.create(user=person)
    return person, token, kept.expiry
