"""Tokens for programs: shown once, kept as a digest, expiring by themselves, each with a scope."""

from __future__ import annotations

from binascii import Error as NotHex
from datetime import datetime, timedelta
from hmac import compare_digest

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from knox.auth import TokenAuthentication as KnoxAuthentication
from knox.crypto import hash_token
from knox.models import AuthToken
from knox.settings import CONSTANTS, knox_settings
from rest_framework.authentication import get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from common.errors import NotAllowed, RuleBroken
from common.prepared import PreparedRows
from common.walls import see_with
from staff import passwords, second_factor
from staff.eyes import eyes_of
from staff.models import Person, TokenGrant, TokenScope

#: knox makes 64; a header of megabytes needn't be looked up.
_LONGEST_TOKEN = 200
#: No token lives longer.
LONGEST = timedelta(days=365)
#: How exactly the last use is known.
_NOTED = timedelta(minutes=5)

#: What a token may do that only registers: the call itself, and looking up what it names.
_REGISTERING = {
    ("POST", "api-complaints"),
    ("GET", "api-categories"),
    ("GET", "api-branches"),
    ("GET", "api-me"),
}
#: Every token may end itself.
_ENDING = ("DELETE", "api-token")


class WrongSignIn(RuleBroken):
    """The name or the password is wrong; which of them is not said."""

    status = 401


class TokenAuthentication(KnoxAuthentication):  # type: ignore[misc]  # knox has no types
    """`Authorization: Token …`; what can't be a token is refused before it is looked up, and what
    the token's scope doesn't name is refused for every address alike."""

    def authenticate(self, request: Request) -> tuple[Person, AuthToken] | None:
        """The person and their token; None without the header. Raises AuthenticationFailed;
        NotAllowed `token.scope`, `sign_in.second_factor`."""
        header = get_authorization_header(request)
        plain = header.isascii() and header.decode("ascii").isprintable()
        if not plain or len(header) > _LONGEST_TOKEN:
            raise AuthenticationFailed
        found: tuple[Person, AuthToken] | None = super().authenticate(request)
        if found is not None:
            _check_reach(request, found[1].grant)
            if second_factor.is_missing(found[0]):
                raise needs_second_factor()
            see_with(eyes_of(found[0]))
        return found

    def authenticate_credentials(self, token: bytes) -> tuple[Person, AuthToken]:
        """As knox does, in one query. Raises AuthenticationFailed for what is unknown, expired,
        older than the password, of somebody who has left, or has no grant."""
        text, at = token.decode("ascii"), timezone.now()
        grant = _find(text)
        if grant is None or not _holds(grant, at):
            raise AuthenticationFailed
        if grant.last_used_at is None or at - grant.last_used_at >= _NOTED:
            TokenGrant.objects.filter(pk=grant.pk).update(last_used_at=at)
        return grant.token.user, grant.token


def reaches(scope: str, method: str, address: str) -> bool:
    """Whether a token of this scope opens the address (by its name) to this method. What is not
    said here is refused."""
    if (method, address) == _ENDING:
        return True
    match scope:
        case TokenScope.ALL:
            return True
        case TokenScope.READ:
            return method == "GET"
        case TokenScope.REGISTER:
            return (method, address) in _REGISTERING
    return False


def sign_in(
    username: str, password: str, *, address: str, at: datetime
) -> tuple[Person, str, datetime]:
    """The person, a new token for all they may do, and when it expires. Raises WrongSignIn
    `sign_in.failed` with one sentence for an unknown name, a wrong password, too many of them and
    an account that is closed; NotAllowed `sign_in.second_factor` where a password isn't enough."""
    person = passwords.recognise(username, password, address=address, at=at)
    if person is None:
        raise WrongSignIn("sign_in.failed", _("用户名或密码不对，请再试一次。"))
    if second_factor.is_required(person) or second_factor.has_one(person):
        raise needs_second_factor()
    grant, token = issue(person, name="", scope=TokenScope.ALL, lasts=knox_settings.TOKEN_TTL)
    TokenGrant.objects.filter(pk=grant.pk).update(last_used_at=at)  # signing in is a use
    return person, token, grant.token.expiry


@transaction.atomic
def issue(
    person: Person, *, name: str, scope: TokenScope, lasts: timedelta
) -> tuple[TokenGrant, str]:
    """A new token and its text, which is nowhere kept. Those that the person got by signing in and
    that have expired are swept away. Raises RuleBroken `token.too_long`."""
    if not timedelta(0) < lasts <= LONGEST:
        raise RuleBroken("token.too_long", _("有效期最长 365 天。"), field="days")
    old = AuthToken.objects.filter(user=person, grant__name="", expiry__lt=timezone.now())
    old.delete()
    kept, token = AuthToken.objects.create(user=person, expiry=lasts)
    grant = TokenGrant.objects.create(
        token=kept, name=name, scope=scope, password_mark=_password_mark(person)
    )
    return grant, token


def listed(person: Person) -> list[TokenGrant]:
    """The person's tokens, the newest first."""
    return list(_of(person).order_by("-token__created", "-pk"))


def revoke(person: Person, grant_id: int) -> bool:
    """End one of the person's own; whether there was such a one."""
    ended, _rows = AuthToken.objects.filter(user=person, grant=grant_id).delete()
    return bool(ended)


def needs_second_factor() -> NotAllowed:
    """A password or a token isn't enough for this person."""
    return NotAllowed(
        "sign_in.second_factor",
        _("这个账号须用两步验证：请登录网页，设置好后在“API 令牌”里新建令牌。"),
    )


def _of(person: Person) -> QuerySet[TokenGrant]:
    return TokenGrant.objects.filter(token__user=person).select_related("token")


def _find(text: str) -> TokenGrant | None:
    try:
        digest = hash_token(text)
    except (TypeError, NotHex):
        return None
    alike = _ALIKE.get(text[: CONSTANTS.TOKEN_KEY_LENGTH])
    return next((one for one in alike if compare_digest(digest, one.token.digest)), None)


_ALIKE = PreparedRows(
    lambda key: TokenGrant.objects.filter(token__token_key=key).select_related(
        "token__user__branch"
    ),
    "KEY",
)


def _holds(grant: TokenGrant, at: datetime) -> bool:
    person: Person = grant.token.user
    same = compare_digest(grant.password_mark, _password_mark(person))
    return person.is_active and same and at < grant.token.expiry


def _check_reach(request: Request, grant: TokenGrant) -> None:
    match_ = request.resolver_match
    if not reaches(grant.scope, request.method or "", (match_ and match_.url_name) or ""):
        raise NotAllowed("token.scope", _("这个令牌的范围不包括这项操作。"))


def _password_mark(person: Person) -> str:
    return salted_hmac("staff.tokens", person.password, algorithm="sha256").hexdigest()
