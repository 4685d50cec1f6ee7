"""Ways out of the house that lead to the sinks: everybody hears by mail, some by webhook too."""

from __future__ import annotations

from notify.models import Outlet, OutletKind, Preference
from recovery.faults.house import House
from staff.models import Person, Role


def set_up(house: House) -> None:
    """A webhook to the sink; those who lead hear by it and by mail."""
    webhook = Outlet.objects.create(
        kind=OutletKind.WEBHOOK, name="sink", address=f"json://127.0.0.1:{house.web_sink.port}/"
    )
    mail = Outlet.objects.get(kind=OutletKind.MAIL)
    for person in Person.objects.filter(role__in=(Role.SUPERVISOR, Role.DIRECTOR)):
        chosen = Preference.objects.create(person=person)
        chosen.outlets.set([mail, webhook])
