"""Who holds the key to a case, remembered by their browser alone, for two hours: a signed cookie
that goes to the customers' pages only. No number and no tail ever stands in an address."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from common.outside import PREFIX
from intake.public.receipts import Key

COOKIE = "feedback"
FOR = timedelta(hours=2)
_SALT = "intake.holder"


@dataclass(frozen=True)
class Held:
    """The key, and on the receipt's page the form's mark, from which the secret code comes."""

    key: Key
    mark: str = ""


def hold(response: HttpResponse, held: Held) -> None:
    """Let the browser bring it along from now on."""
    said = [held.key.complaint_id, held.key.receipt_id, held.mark]
    response.set_cookie(
        COOKIE,
        signing.dumps(said, salt=_SALT),
        max_age=FOR,
        path=PREFIX,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def held_by(request: HttpRequest) -> Held | None:
    """What the browser has brought, if we wrote it within the last two hours."""
    try:
        said: list[Any] = signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT, max_age=FOR)
    except signing.BadSignature:
        return None
    complaint_id, receipt_id, mark = said
    return Held(Key(complaint_id, receipt_id), mark)


def let_go(response: HttpResponse) -> None:
    """Forget it."""
    response.delete_cookie(COOKIE, path=PREFIX, samesite="Lax")
