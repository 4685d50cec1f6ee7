"""Counting in the database how often a door is tried, so that nobody can try for ever: the counts
hold for all processes and while the broker, hence the cache, is away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils.crypto import salted_hmac

from staff.models import Throttle

#: Old rows that each try takes away.
_FORGET_AT_ONCE = 50
#: Longer than any rule remembers.
_KEPT = timedelta(days=2)


@dataclass(frozen=True)
class Rule:
    """After `limit` tries the door is shut for `shut`, and after each further one for twice as
    long, up to `longest`. Tries are forgotten when there was none for `memory`."""

    name: str
    limit: int
    shut: timedelta
    longest: timedelta
    memory: timedelta


@dataclass(frozen=True)
class Quota:
    """`limit` times within `span` of the first; then not again until that span is over."""

    name: str
    limit: int
    span: timedelta


_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)
#: A password: of one name from one address.
SIGN_IN = Rule("sign-in", 5, 15 * _MINUTE, 8 * _HOUR, 24 * _HOUR)
#: A code of the second factor: of one person, from wherever.
SECOND_FACTOR = Rule("second-factor", 5, 15 * _MINUTE, 8 * _HOUR, 24 * _HOUR)
#: A mail with a link for a new password: to one address, and asked for from one.
RESET = Rule("reset", 3, _HOUR, _HOUR, _HOUR)
RESET_FROM = Rule("reset-from", 30, _HOUR, _HOUR, _HOUR)
#: A code that was right once is not right again as long as it shows.
USED_CODE = Rule("used-code", 1, 5 * _MINUTE, 5 * _MINUTE, 5 * _MINUTE)


@transaction.atomic
def enter(rule: Rule, *what: str, at: datetime) -> bool:
    """Whether this may be tried now; the try is counted before its outcome is known, so that a
    hundred at once are not a hundred guesses. Whoever succeeds calls `forget`."""
    _forget_the_oldest(at)
    row = _counted(rule.name, what, at)
    if row.until is not None and at < row.until:
        return False
    if at - row.last_at >= rule.memory:
        row.count = 0
    row.count, row.last_at = row.count + 1, at
    row.until = at + _shut(rule, row.count) if row.count >= rule.limit else None
    row.save()
    return True


def forget(rule: Rule, *what: str) -> None:
    """It was tried with success."""
    Throttle.objects.filter(key=_key(rule.name, what)).delete()


@transaction.atomic
def spend(quota: Quota, *what: str, at: datetime) -> bool:
    """Whether it may be done once more now; counted before its outcome is known, like `enter`."""
    _forget_the_oldest(at)
    row = _counted(quota.name, what, at)
    if at - row.last_at >= quota.span:
        row.count, row.last_at = 0, at
    if row.count >= quota.limit:
        return False
    row.count += 1
    row.save()
    return True


@transaction.atomic
def give_back(quota: Quota, *what: str) -> None:
    """What was spent last does not count: it was no wrong try."""
    rows = Throttle.objects.filter(key=_key(quota.name, what), count__gt=0)
    rows.update(count=F("count") - 1)


def _shut(rule: Rule, count: int) -> timedelta:
    doubled: int = 2 ** min(count - rule.limit, 10)
    return min(rule.shut * doubled, rule.longest)


def _counted(name: str, what: tuple[str, ...], at: datetime) -> Throttle:
    """The locked row of this."""
    key = _key(name, what)
    Throttle.objects.get_or_create(key=key, defaults={"last_at": at})
    row = Throttle.objects.select_for_update().filter(key=key).first()
    # forgotten by somebody who succeeded at this very moment
    return row or Throttle(key=key, last_at=at)


def _key(name: str, what: tuple[str, ...]) -> str:
    said = "\0".join((name, *what)).encode("utf-8", "surrogatepass")
    return salted_hmac("staff.throttle", said, algorithm="sha256").hexdigest()


def _forget_the_oldest(at: datetime) -> None:
    """A few rows that no rule remembers; what somebody else is just taking away is theirs."""
    old = Throttle.objects.filter(last_at__lt=at - _KEPT).select_for_update(skip_locked=True)
    keys = list(old.order_by("last_at").values_list("key", flat=True)[:_FORGET_AT_ONCE])
    if keys:
        Throttle.objects.filter(key__in=keys).delete()
