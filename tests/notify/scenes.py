"""Messages and choices, as tests need them."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from notify.models import Delivery, Message, Outlet, Preference
from notify.post import Note, post
from staff.models import Person
from tests.conftest import MONDAY

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def tell(
    *recipients: Person, key: str = "k", text: str = "您好", at: datetime = MONDAY, **said: Any
) -> None:
    post([Note(key=key, recipient_ids=[p.pk for p in recipients], text=text, **said)], at=at)


def tell_many(person: Person, n: int, *, at: datetime = MONDAY, **said: Any) -> None:
    """`n` messages to the person, numbered."""
    post([Note(f"m{k}:{at}", [person.pk], f"第 {k} 条", **said) for k in range(n)], at=at)


def wants(
    person: Person, *outlets: Outlet, quiet: tuple[time, time] | tuple[None, None] = (None, None)
) -> None:
    """The person's choice of ways out and quiet hours."""
    choice, _made = Preference.objects.update_or_create(
        person=person, defaults={"quiet_from": quiet[0], "quiet_until": quiet[1]}
    )
    choice.outlets.set(outlets)


def mail() -> Outlet:
    return Outlet.objects.get(kind="mail")


def sms() -> Outlet:
    return Outlet.objects.get(kind="sms")


def hook(address: str, name: str = "值班群") -> Outlet:
    return Outlet.objects.create(kind="webhook", name=name, address=address)


def states() -> list[str]:
    return list(Delivery.objects.order_by("pk").values_list("state", flat=True))


def waiting() -> int:
    return Message.objects.filter(dispatched_at=None).count()
