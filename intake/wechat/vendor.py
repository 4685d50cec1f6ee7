"""The platforms' own API: a token for the account's secret, and what a message's media id names."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from time import monotonic
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from django.conf import settings

from common.files import LARGEST
from complaints.models import Channel
from intake import inlets
from intake.models import Inlet
from intake.wechat.accounts import owner_of
from intake.wechat.fetching import Answer, Rules, Unreachable, ask

T = TypeVar("T")

#: Why there is nothing; `for_good`: asking again is of no use.
Unavailable = Unreachable

#: Seconds before its end at which a token is not used any more.
_MARGIN = 300
#: Bytes of an answer: of a token, and of a page of messages.
_SMALL, _PAGE = 64 * 1024, 4 * 1024 * 1024
#: What the platforms answer when the token is stale, and when there is no such media (any more).
_STALE = (40001, 40014, 42001)
_GONE = (40007, 41006)
_tokens: dict[int, tuple[str, str, float]] = {}
_lock = threading.Lock()


def fetch(inlet: Inlet, media_id: str, url: str) -> bytes:
    """The picture or recording; by its public address where the account has no secret. Raises
    Unavailable."""
    if not inlets.secrets_of(inlet).get("app_secret"):
        if not url:
            raise Unavailable("the account has no secret yet")
        return _outside(url)
    return _with_token(inlet, lambda token: _by_id(inlet, media_id, token))


def pull(inlet: Inlet, wish: dict[str, Any]) -> dict[str, Any]:
    """A page of what customers wrote to 微信客服 (`kf/sync_msg`). Raises Unavailable."""
    if not inlets.secrets_of(inlet).get("app_secret"):
        raise Unavailable("the account has no secret yet")
    body = json.dumps(wish).encode()

    def ask_for_it(token: str) -> dict[str, Any]:
        path = f"/cgi-bin/kf/sync_msg?access_token={quote(token, safe='')}"
        return _understood(_call(inlet, path, body=body, largest=_PAGE))

    return _with_token(inlet, ask_for_it)


def _with_token(inlet: Inlet, work: Callable[[str], T]) -> T:
    """What the work returns; with a new token where the old one holds no more."""
    try:
        return work(_token(inlet))
    except _Stale:
        _forget(inlet)
        return work(_token(inlet))


class _Stale(Unavailable):
    """The token holds no more."""


def _by_id(inlet: Inlet, media_id: str, token: str) -> bytes:
    query = f"access_token={quote(token, safe='')}&media_id={quote(media_id, safe='')}"
    answer = _call(inlet, f"/cgi-bin/media/get?{query}", largest=LARGEST)
    if "json" not in answer.kind and not answer.kind.startswith("text/"):
        return answer.content
    said = _understood(answer)
    if elsewhere := said.get("video_url"):  # what the official account's API does with videos
        return _outside(str(elsewhere))
    raise Unavailable("no media")


def _token(inlet: Inlet) -> str:
    """As it was remembered, or a new one. Kept in memory: the platform gives the same again."""
    owner, secret = owner_of(inlet), inlets.secrets_of(inlet)["app_secret"]
    kept = _tokens.get(inlet.pk)
    if kept and kept[0] == secret and kept[2] > monotonic():
        return kept[1]
    if inlet.channel == Channel.WECOM:
        query = f"corpid={quote(owner, safe='')}&corpsecret={quote(secret, safe='')}"
        said = _understood(_call(inlet, f"/cgi-bin/gettoken?{query}"))
    else:  # the stable one: asking for it takes none away from the firm's other systems
        wish = {"grant_type": "client_credential", "appid": owner, "secret": secret}
        body = json.dumps(wish).encode()
        said = _understood(_call(inlet, "/cgi-bin/stable_token", body=body))
    token, lasts = str(said.get("access_token", "")), float(said.get("expires_in", 0))
    if not token:
        raise Unavailable("no token")
    with _lock:
        _tokens[inlet.pk] = secret, token, monotonic() + lasts - _MARGIN
    return token


def _forget(inlet: Inlet) -> None:
    with _lock:
        _tokens.pop(inlet.pk, None)


def _call(inlet: Inlet, path: str, *, body: bytes | None = None, largest: int = _SMALL) -> Answer:
    base = settings.WECHAT_API[inlet.channel]
    host = urlsplit(base).netloc
    return ask(f"{base}{path}", Rules((), (host,), largest), body=body)


def _outside(url: str) -> bytes:
    """A picture where the platform shows it: on its own hosts, which lie outside."""
    answer = ask(url, Rules(settings.WECHAT_MEDIA_HOSTS, (), LARGEST))
    return answer.content


def _understood(answer: Answer) -> dict[str, Any]:
    """Raises Unavailable with the platform's number for what went wrong."""
    try:
        said = json.loads(answer.content)
        wrong = int(said.get("errcode") or 0)
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise Unavailable("no JSON") from None
    if wrong in _STALE:
        raise _Stale(f"errcode {wrong}")
    if wrong:
        raise Unavailable(f"errcode {wrong}", for_good=wrong in _GONE)
    return dict(said)
