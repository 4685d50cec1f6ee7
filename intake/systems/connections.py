"""Connected systems: each is an inlet that has keys."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, Max, Q, QuerySet

from complaints.models import Category, Channel
from intake.models import CallState, HookCall, Inlet, SystemKey
from intake.systems import keys
from staff.models import Branch, Person


@dataclass(frozen=True, kw_only=True)
class Connection:
    """What is settled about a system when it is connected: whose its complaints are, who hears
    them first (None: the branch's front line), and what they are about when it doesn't say."""

    name: str
    channel: Channel
    branch: Branch
    receiver: Person | None = None
    category: Category | None = None


@transaction.atomic
def connect(
    said: Connection, *, lasts: timedelta, by: Person, at: datetime
) -> tuple[Inlet, SystemKey, str]:
    """A new system with its first key, and the key's text, which is shown once. Raises RuleBroken
    `key.too_long`."""
    inlet = Inlet.objects.create(
        key=f"system-{secrets.token_hex(4)}",
        name=said.name,
        channel=said.channel,
        branch=said.branch,
        receiver=said.receiver,
        category=said.category,
    )
    key, text = keys.issue(inlet, name=said.name, lasts=lasts, by=by, at=at)
    return inlet, key, text


def connected() -> QuerySet[Inlet]:
    """All of them, with what the list shows: when last used, and how many calls did not arrive."""
    found = Inlet.objects.filter(pk__in=SystemKey.objects.values("inlet"))
    failed = Q(hooks__calls__state=CallState.FAILED)
    return (
        found.select_related("branch", "receiver", "category")
        .annotate(
            last_used_at=Max("keys__last_used_at"),
            failed_count=Count("hooks__calls", filter=failed, distinct=True),
        )
        .order_by("name", "pk")
    )


def latest_calls(hook_id: int, *, limit: int = 50) -> list[HookCall]:
    """The newest of a hook, without what they said: whoever looks sees no case."""
    return list(HookCall.objects.filter(hook=hook_id).defer("payload").order_by("-pk")[:limit])
