"""Sends the calls that are due: at least once, signed, each hook by itself, so that a slow one
holds up no other."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from queue import SimpleQueue
from threading import Thread
from time import monotonic

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q

from common import outward
from intake.models import CallState, HookCall
from intake.systems import hook_rows, hooks

logger = logging.getLogger(__name__)

#: So long nobody else takes what a sender has claimed.
LEASE = timedelta(seconds=60)
#: Of one hook nothing new is begun after so many seconds, and of all after so many.
_BUDGET, _AT_MOST = 5.0, 30.0
#: Hooks that are called at the same time, and calls that are claimed of each.
_AT_ONCE, _EACH = 8, 20
#: Pauses double from the first to the longest; after a day a call is given up.
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=10), timedelta(hours=1)
PATIENCE = timedelta(hours=24)
#: Calls that are over are kept so long.
KEPT = timedelta(days=30)


@dataclass(frozen=True)
class Outcome:
    """How a call went: the status of the answer, or the reason why there is none."""

    status: int | None
    error: str = ""

    @property
    def taken(self) -> bool:
        """Whether the other side has it."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_down(self) -> bool:
        """Whether the fault lies with the other side as a whole, not with this one event."""
        return self.status is None or self.status >= 500 or self.status == 429


def drain(now: Callable[[], datetime]) -> int:
    """Write the rows of what has happened and send what is due; how many calls were made. Each
    hook has a thread of its own; what came of it is written down here."""
    hook_rows.sweep(at=now())
    done, ends = 0, monotonic() + _AT_MOST
    busy: set[int] = set()
    over: SimpleQueue[tuple[list[HookCall], list[Outcome]]] = SimpleQueue()
    while True:
        if monotonic() < ends:
            for calls in _claim(now(), busy):
                busy.add(calls[0].hook_id)
                Thread(target=_call_one_hook, args=(calls, now(), over), daemon=True).start()
        if not busy:
            return done
        calls, outcomes = over.get()
        _write_down(calls, outcomes, at=now())
        busy.discard(calls[0].hook_id)
        done += len(outcomes)


def forget(*, at: datetime) -> int:
    """Drop calls that are over since `KEPT`; how many."""
    over = HookCall.objects.exclude(state=CallState.PENDING).filter(created_at__lte=at - KEPT)
    dropped, _rows = over.delete()
    return dropped


_FREE = """
SELECT hook.id FROM intake_hook AS hook
WHERE hook.is_active AND hook.id <> ALL(%(busy)s)
    AND EXISTS (SELECT FROM intake_hookcall AS due WHERE due.hook_id = hook.id
        AND due.state = 'pending' AND due.next_try_at <= %(at)s)
    AND NOT EXISTS (SELECT FROM intake_hookcall AS held WHERE held.hook_id = hook.id
        AND held.state = 'pending' AND held.lease_until > %(at)s)
ORDER BY hook.id LIMIT %(most)s FOR UPDATE SKIP LOCKED
"""


@transaction.atomic
def _claim(at: datetime, busy: set[int]) -> list[list[HookCall]]:
    """Of each hook that nobody is calling the oldest calls that are due, under a lease."""
    most = _AT_ONCE - len(busy)
    with connection.cursor() as cursor:
        cursor.execute(_FREE, {"at": at, "busy": list(busy), "most": most})
        free = [pk for (pk,) in cursor.fetchall()]
    return [calls for hook_id in free if (calls := _claim_of(hook_id, at))]


def _claim_of(hook_id: int, at: datetime) -> list[HookCall]:
    """Looks again, now that the hook is locked: who had it until then has left a lease."""
    waiting = HookCall.objects.filter(hook=hook_id, state=CallState.PENDING)
    if waiting.filter(lease_until__gt=at).exists():
        return []
    due = waiting.filter(next_try_at__lte=at).order_by("pk")
    ids = list(due.select_for_update(skip_locked=True).values_list("pk", flat=True)[:_EACH])
    claimed = HookCall.objects.filter(pk__in=ids)
    claimed.update(lease_until=at + LEASE, lease_token=uuid.uuid4())
    return list(claimed.select_related("hook").order_by("pk"))


def _call_one_hook(
    calls: list[HookCall], at: datetime, over: SimpleQueue[tuple[list[HookCall], list[Outcome]]]
) -> None:
    """One after the other, until the other side is down or the time up. Touches no database."""
    began, outcomes = monotonic(), list[Outcome]()
    for call in calls:
        passed = monotonic() - began
        if passed > _BUDGET or (outcomes and outcomes[-1].is_down):
            break
        outcomes.append(_call(call, at + timedelta(seconds=passed)))
    over.put((calls, outcomes))


def _call(call: HookCall, at: datetime) -> Outcome:
    hook = call.hook
    name = f"evt-{call.event_id}" if call.event_id else f"test-{call.pk}"
    body = json.dumps({"id": name, **call.payload}, ensure_ascii=False).encode()
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Recovery-Hook/1",
        "Recovery-Event-Id": name,
        "Recovery-Signature": hooks.signature(hook, body, at=at),
    }
    try:
        return Outcome(outward.post(hook.url, body, headers, private=settings.HOOKS_ALLOW_PRIVATE))
    except outward.NotCalled as failure:
        return Outcome(None, failure.reason)
    except Exception as unforeseen:
        logger.error("hook %s: %s", hook.pk, type(unforeseen).__name__)
        return Outcome(None, type(unforeseen).__name__[:60])


def _write_down(calls: list[HookCall], outcomes: list[Outcome], *, at: datetime) -> None:
    for call, outcome in zip(calls, outcomes, strict=False):
        _note(call, outcome, at=at)
    _release(calls[len(outcomes) :])
    if outcomes and outcomes[-1].is_down:
        _hold(calls[0].hook_id, at)


def _note(call: HookCall, outcome: Outcome, *, at: datetime) -> None:
    """Sent; later again; or, after a day, given up. Whoever has taken the lease over says it."""
    mine = HookCall.objects.filter(pk=call.pk, lease_token=call.lease_token)
    again = None if outcome.taken else next_try(call, at=at)
    state = CallState.SENT if outcome.taken else CallState.PENDING if again else CallState.FAILED
    mine.update(
        state=state,
        attempts=F("attempts") + 1,
        tried_at=at,
        next_try_at=again,
        response_code=outcome.status,
        error=outcome.error,
        lease_until=None,
        lease_token=None,
    )


def next_try(call: HookCall, *, at: datetime) -> datetime | None:
    """When to try again what has failed now: after 10 s, 20 s, 40 s, … 1 h; None: no more."""
    pause: timedelta = FIRST_PAUSE * 2 ** min(call.attempts, 9)
    again = at + min(pause, LONGEST_PAUSE)
    return again if again <= call.created_at + PATIENCE else None


def _release(left: list[HookCall]) -> None:
    """What was not tried."""
    if left:
        mine = Q(pk__in=[call.pk for call in left], lease_token=left[0].lease_token)
        HookCall.objects.filter(mine).update(lease_until=None, lease_token=None)


def _hold(hook_id: int, at: datetime) -> None:
    """The other side is down: what is due there waits for a moment."""
    until = at + FIRST_PAUSE
    due = HookCall.objects.filter(hook=hook_id, state=CallState.PENDING, next_try_at__lt=until)
    due.update(next_try_at=until)
