"""Fetches what customers wrote to 微信客服: page by page, each kept before we move on."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from intake import items
from intake.items import Arrival
from intake.models import Pull
from intake.wechat import vendor
from intake.wechat.customer_service import MEDIA_TYPE
from intake.wechat.vendor import Unavailable

logger = logging.getLogger(__name__)

#: So often we look in unasked: a call of theirs may have got lost.
LOOK_IN = timedelta(hours=1)
_LEASE = timedelta(minutes=3)
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=1)
_PAGE = 200
_MOST_PAGES = 50
#: Whose message it is, as the platform counts: the customer's.
_CUSTOMER = 3


def drain(now: Callable[[], datetime], *, limit: int = 5, overdue: timedelta = timedelta(0)) -> int:
    """Fetch for each account that is due for longer than `overdue`, up to `limit`; how many were
    tried. Never inside a transaction. Any number may drain at once."""
    tried = 0
    while tried < limit and (found := _claim(now(), overdue)) is not None:
        _fetch(found, now)
        tried += 1
    return tried


@transaction.atomic
def _claim(at: datetime, overdue: timedelta) -> Pull | None:
    due = Pull.objects.filter(next_try_at__lte=at - overdue, inlet__is_active=True)
    locked = due.order_by("next_try_at", "pk").select_for_update(skip_locked=True, of=("self",))
    pull = locked.select_related("inlet").first()
    if pull is not None:
        Pull.objects.filter(pk=pull.pk).update(next_try_at=at + _LEASE)
    return pull


def _fetch(pull: Pull, now: Callable[[], datetime]) -> None:
    mine = Pull.objects.filter(pk=pull.pk)
    try:
        _take_pages(pull, now)
    except Unavailable as failure:
        pause = min(_FIRST_PAUSE * 2 ** min(pull.tries, 10), _LONGEST_PAUSE)
        logger.warning("微信客服 %s: %s", pull.account, failure.reason)
        # what it gave us for the asking holds for ten minutes; without it we are only slower
        mine.update(
            tries=min(pull.tries + 1, 1000), token="", next_try_at=now() + pause,
            last_error=failure.reason[:200],
        )  # fmt: skip
    else:
        mine.update(tries=0, last_error="")
        # whoever was told of more meanwhile has it fetched at once
        mine.filter(asked=pull.asked).update(token="", next_try_at=now() + LOOK_IN)
        mine.exclude(asked=pull.asked).update(next_try_at=now())


def _take_pages(pull: Pull, now: Callable[[], datetime]) -> None:
    """Each page is kept before the cursor moves past it. Raises Unavailable."""
    cursor = pull.cursor
    for _page in range(_MOST_PAGES):
        wish = {
            "cursor": cursor, "token": pull.token, "limit": _PAGE, "open_kfid": pull.account,
        }  # fmt: skip
        said = vendor.pull(pull.inlet, wish)
        for each in said.get("msg_list") or []:
            _keep(pull, each, now())
        cursor = str(said.get("next_cursor") or cursor)[:500]
        Pull.objects.filter(pk=pull.pk).update(cursor=cursor)
        if not said.get("has_more"):
            return


def _keep(pull: Pull, said: Any, at: datetime) -> None:
    """What the customer wrote; not what staff or the platform did."""
    if not isinstance(said, dict) or said.get("origin") != _CUSTOMER:
        return
    raw = json.dumps(said, ensure_ascii=False).encode("utf-8", "surrogatepass")
    arrival = Arrival(
        outside_id=str(said.get("msgid", "")),
        raw=raw,
        media_type=MEDIA_TYPE,
        sender=str(said.get("external_userid", "")),
        subject=str(said.get("msgtype", "")),
    )
    items.keep(pull.inlet, arrival, at=at)
