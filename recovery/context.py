"""What every page shows around its content: unread messages, what waits on the board, alarms."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest

from common import outside
from common.time import now
from complaints import pulse
from complaints.selectors import unacknowledged_count
from intake.access import set_aside_count
from notify.selectors import unread_count
from recovery.caretakers import is_caretaker
from staff.calendars import missing_years
from staff.models import Person, Role

#: Seconds for which the years without holidays are remembered.
_REMEMBERED = 60

_HIDDEN = {
    Role.FRONTLINE: "board ranking first-response item-list",
    Role.SUPERVISOR: "item-list",
    Role.ADMINISTRATOR: "complaint-new complaint-list board ranking first-response item-list",
}


def frame(request: HttpRequest) -> dict[str, Any]:
    """Counts and hidden entries of the navigation; banners when deadlines are not watched, and,
    for those who look after the house, when a calendar lacks a year. Customers' pages have a
    frame of their own."""
    if outside.faces_outside(request):
        return outside.frame()
    person = getattr(request, "user", None)
    if not isinstance(person, Person) or request.headers.get("HX-Request"):
        return {}
    at = now()
    return {
        "unread_count": unread_count(person),
        "board_count": unacknowledged_count(person),
        "set_aside_count": set_aside_count(person),
        "nav_hide": _HIDDEN.get(Role(person.role), ""),
        **_alarms(at),
        **(_for_caretakers(at) if is_caretaker(person) else {}),
    }


def _alarms(at: datetime) -> dict[str, int]:
    """Whole minutes, for the banner: since the last sweep, or else that a clock has been due. A
    house that never swept is new, and says so once a clock is late."""
    seen = pulse.read()
    if seen.swept_at and seen.is_silent(at):
        return {"sweep_stale_minutes": _minutes(at - seen.swept_at)}
    return {"ring_late_minutes": _minutes(seen.lag(at))} if seen.is_late(at) else {}


def _for_caretakers(at: datetime) -> dict[str, Any]:
    missing = cache.get("missing-years")
    if missing is None:
        missing = missing_years(at)
        cache.set("missing-years", missing, _REMEMBERED)
    return {"sees_system": True, "missing_years": missing}


def _minutes(span: timedelta) -> int:
    return int(span.total_seconds() // 60)
