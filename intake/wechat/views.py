"""Where WeChat and WeCom call us. They wait five seconds, call three times, and then forget."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from common.api import RETRY_AFTER
from common.errors import is_away
from common.patience import within
from common.time import now
from complaints.models import Channel
from intake import spool
from intake.wechat import accounts, taking
from intake.wechat.calls import Call, Forged, Keys, Unreadable, check_age, echo, open_, reply
from intake.wechat.messages import LARGEST, parse

#: Seconds that the database is given.
PATIENCE = 2.5
_QUERY_LIMIT = 4096


@csrf_exempt
@login_not_required
@require_http_methods(["GET", "POST"])
def wechat(request: HttpRequest, key: str) -> HttpResponse:
    """The calls of an official account."""
    return _answer(request, Channel.WECHAT, key)


@csrf_exempt
@login_not_required
@require_http_methods(["GET", "POST"])
def wecom(request: HttpRequest, key: str) -> HttpResponse:
    """The calls of WeCom."""
    return _answer(request, Channel.WECOM, key)


def _answer(request: HttpRequest, channel: Channel, key: str) -> HttpResponse:
    """Every refusal looks the same: 403 and nothing else. 400 is for what is no call at all."""
    try:
        query = {name: str(value) for name, value in request.GET.items()}
        call = Call(channel, key, query, _body(request))
        return _text(_check_url(call)) if request.method == "GET" else _receive(call)
    except Unreadable:
        return HttpResponse(status=400)
    except Forged:
        return HttpResponse(status=403)
    except (spool.Full, OSError):
        return HttpResponse(status=503, headers={"Retry-After": RETRY_AFTER})


def _body(request: HttpRequest) -> bytes:
    """Raises Unreadable for more than a call ever has; the rest of it is not read."""
    body: bytes = request.read(LARGEST + 1)
    if len(body) > LARGEST or len(request.META.get("QUERY_STRING", "")) > _QUERY_LIMIT:
        raise Unreadable
    return body


def _check_url(call: Call) -> str:
    """What the platform wants to hear back. Raises Forged; OSError while the database is away."""

    def find() -> tuple[Keys, datetime]:
        return accounts.find(call.channel, call.key)[1], now()

    try:
        keys, at = within(PATIENCE, find)
    except Exception as error:
        if is_away(error):
            raise OSError from error
        raise
    said = echo(call, keys)
    check_age(call, at)
    return said


def _receive(call: Call) -> HttpResponse:
    """Keep the message, in the database or else in the spool, and say so."""
    parse(call.body)  # what is no XML bothers nobody
    keys = accounts.remembered(call.channel, call.key)
    theirs = keys is not None and _is_theirs(call, keys)
    if keys is not None and not theirs and accounts.just_read(call.channel, call.key):
        raise Forged
    try:
        taken = within(PATIENCE, lambda: taking.take(call, at=now()))
    except Exception as error:
        if not is_away(error):
            raise
        if keys is not None and not theirs:
            raise Forged from None
        # the database's clock is away with it
        taking.put_by(call, at=timezone.now(), verified=theirs)
        return _text("success")
    if not taken.words:
        return _text("success")
    said = reply(taken.opened, taken.words, taken.keys, timezone.now())
    return HttpResponse(said, content_type="text/xml; charset=utf-8")


def _is_theirs(call: Call, keys: Keys) -> bool:
    try:
        open_(call, keys)
    except Forged:
        return False
    return True


def _text(said: str) -> HttpResponse:
    return HttpResponse(said, content_type="text/plain; charset=utf-8")
