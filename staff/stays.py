"""How long somebody stays signed in: not idle for longer than SESSION_IDLE_MINUTES, and not longer
than SESSION_HOURS in all; and on which machines they are."""

from __future__ import annotations

from datetime import datetime, timedelta

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.http import HttpRequest

from staff.client import address_of
from staff.models import Person

_BEGAN, _SEEN = "stay_began", "stay_seen"
#: How exactly the last sight is known: it is written at most this often.
_NOTED = timedelta(minutes=1)


def is_over(request: HttpRequest, at: datetime) -> bool:
    """Whether the session of the request has lasted, or sat idle, too long."""
    began, seen = request.session.get(_BEGAN), request.session.get(_SEEN)
    if began is None or seen is None:
        return False
    lasted, idle = at.timestamp() - began, at.timestamp() - seen
    return bool(
        lasted >= settings.SESSION_HOURS * 3600 or idle >= settings.SESSION_IDLE_MINUTES * 60
    )


def note(request: HttpRequest, person: Person, at: datetime) -> None:
    """Remember that the person was here: two writes at the first sight of a session, then two a
    minute at most."""
    seen = request.session.get(_SEEN)
    if seen is not None and 0 <= at.timestamp() - seen < _NOTED.total_seconds():
        return
    request.session.setdefault(_BEGAN, int(at.timestamp()))
    request.session[_SEEN] = int(at.timestamp())
    agent = request.META.get("HTTP_USER_AGENT", "")
    longest = UserSession._meta.get_field("user_agent").max_length
    UserSession.objects.update_or_create(
        session_key=request.session.session_key,
        defaults={
            "user": person,
            "ip": address_of(request),
            "user_agent": agent[:longest].replace("\0", ""),
            "last_seen_at": at,
        },
    )


def listed(person: Person, at: datetime) -> list[UserSession]:
    """The person's sessions that still hold, the latest seen first."""
    alive = [one for one in UserSession.objects.purge_and_list(person) if _may_go_on(one, at)]
    return sorted(alive, key=lambda one: one.last_seen_at, reverse=True)


def end(person: Person, stay_id: int) -> bool:
    """End one of the person's own; whether there was such a one."""
    found = UserSession.objects.filter(user=person, pk=stay_id).first()
    if found is not None:
        found.end()
    return found is not None


def end_others(person: Person, session_key: str | None) -> int:
    """End all of the person's but this; how many those were."""
    others = UserSession.objects.filter(user=person).exclude(session_key=session_key or "")
    ended = list(others)
    for one in ended:
        one.end()
    return len(ended)


def _may_go_on(stay: UserSession, at: datetime) -> bool:
    idle = timedelta(minutes=settings.SESSION_IDLE_MINUTES)
    lasts = timedelta(hours=settings.SESSION_HOURS)
    return bool(at - stay.last_seen_at < idle and at - stay.created_at < lasts)
