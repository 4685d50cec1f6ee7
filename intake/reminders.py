"""What was set aside and nobody has looked at: quality hears of it, at most once an hour."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_noop

from intake.models import Item, ItemState
from notify.models import Message
from notify.post import Note, post
from staff.models import Branch, Role
from staff.posts import Roster
from staff.presence import with_stand_ins

#: Set aside for longer than this, it is told of.
PATIENCE = timedelta(minutes=30)
_KEY = "set-aside:"


@transaction.atomic
def remind(at: datetime) -> int:
    """Tell headquarters' quality how many items wait for a person, once something waits for half
    an hour that they have not been told of yet; how many people are told. Any number may remind
    at once: an hour has one message for each."""
    waiting = Item.objects.filter(state=ItemState.SET_ASIDE, settled_at__lte=at - PATIENCE)
    latest = waiting.order_by("-settled_at").values_list("settled_at", flat=True).first()
    key = f"{_KEY}{at:%Y%m%d%H}"
    if latest is None or _is_told(key, latest + PATIENCE):
        return 0
    headquarters = Branch.objects.filter(parent=None).order_by("pk")[0]
    people = with_stand_ins(Roster(at=at).holders(Role.QUALITY, headquarters.pk), at)
    note = Note(
        key=key,
        recipient_ids=people,
        text=gettext_noop("%(count)s 条收到的内容等待人工处理已超过 30 分钟"),
        params={"count": str(waiting.count())},
        url="/intake/",
    )
    post([note], at=at)
    return len(people)


def _is_told(key: str, due_at: datetime) -> bool:
    """Whether this hour has its message, or the last to be told of was due before one."""
    since = Q(key__startswith=_KEY, created_at__gte=due_at)
    return Message.objects.filter(Q(key=key) | since).exists()
