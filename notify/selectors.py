"""A person's inbox, the ways out that there are, and what has not got out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

import phonenumbers
from django.conf import settings
from django.db.models import Min, Q, QuerySet
from django.db.models.functions import Coalesce

from common import phones, walls
from notify.models import Delivery, DeliveryState, Message, Outlet, OutletKind, Preference
from staff.models import Person

#: So many times a message may fail to get out before `undelivered` shows it.
PATIENCE = 3


def inbox(person: Person) -> QuerySet[Message]:
    """All that the person was told, newest first."""
    return Message.objects.filter(recipient=person)


def unread_count(person: Person, *, at_most: int = 99) -> int:
    """How many messages are unread, counted no further than `at_most` + 1."""
    unread = Message.objects.filter(recipient=person, read_at=None)
    return unread[: at_most + 1].count()


def is_available(outlet: Outlet) -> bool:
    """Whether messages may leave by it: switched on, and set up where the environment does."""
    needed = {OutletKind.MAIL: settings.EMAIL_HOST, OutletKind.SMS: settings.SMS_URL}
    return outlet.is_active and bool(needed.get(OutletKind(outlet.kind), True))


def available() -> list[Outlet]:
    """The ways out that are open now."""
    return [outlet for outlet in Outlet.objects.all() if is_available(outlet)]


def sms_number(person: Person) -> str:
    """Where an SMS reaches the person, as `+8613800138000`; "" for nowhere."""
    key = phones.key(person.phone)
    try:
        return key if phonenumbers.is_possible_number(phonenumbers.parse(key)) else ""
    except phonenumbers.NumberParseException:
        return ""


def offered(person: Person) -> list[Outlet]:
    """Those of them that reach the person: no mail without an address, no SMS without a number."""
    own = {
        OutletKind.MAIL: bool(person.email),
        OutletKind.SMS: bool(sms_number(person)),
    }
    return [outlet for outlet in available() if own.get(OutletKind(outlet.kind), True)]


@dataclass(frozen=True)
class Choice:
    """By which ways out someone hears, and from when until when not (neither: at any hour)."""

    outlet_ids: frozenset[int]
    quiet_from: time | None = None
    quiet_until: time | None = None


def choice(person: Person) -> Choice:
    """What the person has chosen; mail at any hour where they never did."""
    chosen = Preference.objects.filter(person=person).first()
    if chosen is None:
        mail = Outlet.objects.filter(kind=OutletKind.MAIL)
        return Choice(frozenset(mail.values_list("pk", flat=True)))
    ids = chosen.outlets.values_list("pk", flat=True)
    return Choice(frozenset(ids), chosen.quiet_from, chosen.quiet_until)


def oldest_waiting(at: datetime) -> timedelta | None:
    """How long the one that should have moved first has been waiting: a message to be
    dispatched, a delivery to be sent. What is held or backs off does not count."""
    with walls.lifted():
        undispatched = Message.objects.filter(
            Q(hold_until=None) | Q(hold_until__lte=at), dispatched_at=None
        ).aggregate(since=Min(Coalesce("hold_until", "created_at")))["since"]
    unsent = Delivery.objects.filter(state=DeliveryState.PENDING, available_at__lte=at).aggregate(
        since=Min("available_at")
    )["since"]
    since = min((found for found in (undispatched, unsent) if found), default=None)
    return None if since is None else at - since


def undelivered() -> QuerySet[Delivery]:
    """What was given up, and what has failed more than `PATIENCE` times, newest first."""
    return Delivery.objects.filter(
        Q(state=DeliveryState.GIVEN_UP) | Q(state=DeliveryState.PENDING, attempts__gt=PATIENCE)
    ).select_related("message__recipient", "outlet")
