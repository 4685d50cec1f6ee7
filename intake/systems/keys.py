"""Keys of other systems: shown once, kept as a digest, ending by themselves."""

from __future__ import annotations

import re
import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest

from django.utils.translation import gettext as _

from common.errors import RuleBroken
from common.time import now_in_sql
from intake.models import Inlet, SystemKey
from staff.models import Person

#: No key lives longer.
LONGEST = timedelta(days=365)
#: How exactly the last use is known.
_NOTED = timedelta(minutes=5)
_PREFIX = 12
_SHAPE = re.compile(rf"([0-9a-f]{{{_PREFIX}}})\.([A-Za-z0-9_-]{{43}})")


def issue(
    inlet: Inlet, *, name: str, lasts: timedelta, by: Person, at: datetime
) -> tuple[SystemKey, str]:
    """A new key and its text `<prefix>.<secret>`, which is nowhere kept. Raises RuleBroken
    `key.too_long`."""
    if not timedelta(0) < lasts <= LONGEST:
        raise RuleBroken("key.too_long", _("有效期最长 365 天。"), field="days")
    prefix, secret = secrets.token_hex(_PREFIX // 2), secrets.token_urlsafe(32)
    key = SystemKey.objects.create(
        inlet=inlet,
        name=name,
        prefix=prefix,
        digest=_digest(secret),
        created_at=at,
        created_by=by,
        expires_at=at + lasts,
    )
    return key, f"{prefix}.{secret}"


def find(text: str) -> tuple[SystemKey, datetime] | None:
    """The key, with its inlet, if it opens the door, and the moment of asking: one query, and a
    second one at most every five minutes, which notes its use."""
    shaped = _SHAPE.fullmatch(text)
    if shaped is None:
        return None
    kept = SystemKey.objects.select_related("inlet__branch", "inlet__receiver", "inlet__category")
    key = kept.filter(prefix=shaped[1]).annotate(asked_at=now_in_sql()).first()
    right = compare_digest(key.digest if key else "", _digest(shaped[2]))
    if key is None or not right or not _holds(key, key.asked_at):
        return None
    at: datetime = key.asked_at
    if key.last_used_at is None or at - key.last_used_at >= _NOTED:
        SystemKey.objects.filter(pk=key.pk).update(last_used_at=at)
    return key, at


def revoke(key_id: int, inlet: Inlet, *, by: Person, at: datetime) -> bool:
    """End it at once; whether this inlet has such a key. One that has ended stays as it was."""
    keys = SystemKey.objects.filter(pk=key_id, inlet=inlet)
    keys.filter(revoked_at=None).update(revoked_at=at, revoked_by=by)
    return keys.exists()


def _holds(key: SystemKey, at: datetime) -> bool:
    return key.revoked_at is None and at < key.expires_at and key.inlet.is_active


def _digest(secret: str) -> str:
    return sha256(secret.encode("ascii")).hexdigest()
