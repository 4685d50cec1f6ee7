"""Hooks: who wants to hear of what happens to their cases, where, and how they know it is us."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from common import outward, walls
from common.errors import RuleBroken
from complaints.models import Event
from complaints.rules import Action
from intake.models import CallState, Hook, HookCall, Inlet
from staff import secrets as sealed
from staff.models import Person

#: What another system may hear of: what the customer would, nothing of the house's own affairs.
HEARD = (
    Action.REGISTER,
    Action.HEAR,
    Action.ACCEPT,
    Action.REJECT,
    Action.RECORD_CONTACT,
    Action.DELIVER_REMEDY,
    Action.RECORD_CALLBACK,
    Action.CLOSE,
    Action.REOPEN,
    Action.WITHDRAW,
)
TRIAL = "test"
#: After a change the old secret signs for so long too.
OVERLAP = timedelta(hours=24)
#: An inlet has so many at most.
MOST = 10
_SECRET_BEGINS = "whsec_"  # noqa: S105  # how a secret of ours is known


def create(
    inlet: Inlet, *, url: str, events: Iterable[str], by: Person, at: datetime
) -> tuple[Hook, str]:
    """A new hook, which hears of what happens from now on, and its secret, which is shown once.
    Raises RuleBroken `hook.url`, `hook.events`, `hook.too_many`."""
    asked = set(events)
    wanted = [action.value for action in HEARD if action in asked]
    if not wanted or len(wanted) < len(asked):
        raise RuleBroken("hook.events", _("请选择要通知的事件。"), field="events")
    check_url(url)
    if Hook.objects.filter(inlet=inlet, is_active=True).count() >= MOST:
        raise RuleBroken("hook.too_many", _("一个系统最多 %(most)d 个通知地址。") % {"most": MOST})
    secret = _new_secret()
    hook = Hook.objects.create(
        inlet=inlet,
        url=url,
        events=wanted,
        secret=sealed.seal(secret),
        since_event=_latest_event(),
        created_at=at,
        created_by=by,
    )
    return hook, secret


def check_url(url: str) -> None:
    """Raises RuleBroken `hook.url`. Where the name leads is looked at when it is called."""
    try:
        outward.target(url, private=settings.HOOKS_ALLOW_PRIVATE)
    except outward.NotCalled as wrong:
        raise RuleBroken(
            "hook.url",
            _("请填写 https:// 开头的地址，不带用户名和密码，最多 500 个字符。"),
            field="url",
        ) from wrong


@transaction.atomic
def rotate(hook: Hook, *, at: datetime) -> str:
    """A new secret, shown once; for `OVERLAP` the old one signs beside it."""
    kept = Hook.objects.select_for_update(of=("self",)).get(pk=hook.pk)
    secret = _new_secret()
    kept.old_secret, kept.old_secret_until = kept.secret, at + OVERLAP
    kept.secret = sealed.seal(secret)
    kept.save(update_fields=["secret", "old_secret", "old_secret_until"])
    return secret


@transaction.atomic
def switch(hook: Hook, *, on: bool) -> None:
    """Stop calling, or go on. What happened while it was off is not told later; what was due then
    is not sent, whoever has it in hand: a sender that has lost its lease has no say any more."""
    changes = {"is_active": on, **({"since_event": _latest_event()} if on else {})}
    Hook.objects.filter(pk=hook.pk).update(**changes)
    HookCall.objects.filter(hook=hook, state=CallState.PENDING).update(
        state=CallState.FAILED, next_try_at=None, error="off", lease_until=None, lease_token=None
    )


def trial(hook: Hook, *, at: datetime) -> HookCall:
    """A call about nothing, to see whether it arrives."""
    payload = {"kind": TRIAL, "at": at.isoformat(), "no": None, "outside_id": None, "status": None}
    return HookCall.objects.create(
        hook=hook, kind=TRIAL, payload=payload, created_at=at, next_try_at=at
    )


def again(hook: Hook, call_id: int, *, at: datetime) -> bool:
    """Try one that was given up once more, for another day; whether there is such a one."""
    given_up = HookCall.objects.filter(pk=call_id, hook=hook, state=CallState.FAILED)
    fresh = {"state": CallState.PENDING, "next_try_at": at, "attempts": 0, "created_at": at}
    return bool(given_up.update(**fresh))


def signature(hook: Hook, body: bytes, *, at: datetime) -> str:
    """`t=<seconds>,v1=<hex>`: HMAC-SHA256 of `<seconds>.<body>`; `v1` twice while the secret
    changes."""
    seconds = int(at.timestamp())
    signing = [hook.secret]
    if hook.old_secret_until is not None and at < hook.old_secret_until:
        signing.append(hook.old_secret)
    said = b"%d." % seconds + body
    made = [hmac.digest(sealed.unseal(each).encode(), said, "sha256").hex() for each in signing]
    return ",".join([f"t={seconds}", *(f"v1={each}" for each in made)])


def _new_secret() -> str:
    return _SECRET_BEGINS + secrets.token_urlsafe(32)


def _latest_event() -> int:
    with walls.lifted():
        return Event.objects.aggregate(latest=Max("pk"))["latest"] or 0
