"""What every page shows around its content: unread messages, what waits on the board."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from common.heartbeat import age
from complaints.selectors import unacknowledged_count
from notify.selectors import unread_count
from recovery.health import ALARM
from staff.models import Person, Role

_HIDDEN = {
    Role.FRONTLINE: "board ranking",
    Role.ADMINISTRATOR: "complaint-new complaint-list board ranking",
}


def frame(request: HttpRequest) -> dict[str, Any]:
    """Counts and hidden entries of the navigation; a banner when the sweep is overdue."""
    person = getattr(request, "user", None)
    if not isinstance(person, Person) or request.headers.get("HX-Request"):
        return {}
    sweep = age("sweep")
    return {
        "unread_count": unread_count(person),
        "board_count": unacknowledged_count(person),
        "nav_hide": _HIDDEN.get(Role(person.role), ""),
        "sweep_stale_minutes": int(sweep.total_seconds() // 60) if sweep and sweep > ALARM else 0,
    }
