"""When a message is tried again, and what happens when it is given up."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.timezone import localdate
from django.utils.translation import gettext_noop

from notify.models import Delivery
from notify.post import Note, msgid, post
from staff.models import Role
from staff.posts import Roster

FIRST_PAUSE = timedelta(seconds=10)
LONGEST_PAUSE = timedelta(minutes=15)
#: So long after it was made a delivery that fails is given up.
PATIENCE = timedelta(hours=24)
UNDELIVERED_TEXT = gettext_noop("%(name)s 的消息没能通过%(outlet)s送达，请当面或打电话告知")


def next_attempt(delivery: Delivery, *, at: datetime) -> datetime | None:
    """When to try again what has failed now: after 10 s, 20 s, 40 s, ... 15 min; None: no more."""
    if at >= delivery.created_at + PATIENCE:
        return None
    doubled: timedelta = FIRST_PAUSE * 2 ** min(delivery.attempts, 7)
    return at + min(doubled, LONGEST_PAUSE)


def give_up(delivery: Delivery, *, at: datetime) -> None:
    """Tell the quality managers of the recipient's branch, inside only, and once a day for each
    person and way out."""
    person, outlet = delivery.message.recipient, delivery.outlet
    note = Note(
        key=f"undelivered:{outlet.pk}:{person.pk}:{localdate(at)}",
        recipient_ids=Roster().holders(Role.QUALITY, person.branch_id),
        text=UNDELIVERED_TEXT,
        params={"name": person.name, "outlet": msgid(outlet.__str__)},
        in_app_only=True,
    )
    post([note], at=at)
