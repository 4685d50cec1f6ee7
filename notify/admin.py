"""The back office for the ways out; their addresses go in and never come out."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from notify.forms import OutletForm
from notify.models import Outlet
from notify.selectors import is_available


@admin.register(Outlet)
class OutletAdmin(admin.ModelAdmin[Outlet]):
    """Mail and SMS are switched on and off here; all else about them the environment says."""

    form = OutletForm
    list_display = ("__str__", "kind", "masked", "is_active", "open_now")

    def has_delete_permission(self, request: HttpRequest, obj: Outlet | None = None) -> bool:
        """Nothing is deleted: what went out by it would lose its way."""
        return False

    def get_fields(self, request: HttpRequest, obj: Outlet | None = None) -> Any:
        """Mail and SMS have no address, and no kind once they are there nobody has."""
        if obj is None:
            return ["kind", "name", "address", "is_active"]
        return ["is_active"] if obj.kind in Outlet.OWN_ADDRESS else ["name", "address", "is_active"]

    def formfield_for_choice_field(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """A new way out is a robot or a hook: mail and SMS are there already."""
        if db_field.name == "kind":
            kwargs["choices"] = [
                each for each in db_field.choices if each[0] not in Outlet.OWN_ADDRESS
            ]
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    @admin.display(description=_("地址"))
    def masked(self, outlet: Outlet) -> str:
        """The scheme alone."""
        return f"{outlet.address.partition('://')[0]}://****" if outlet.address else "–"

    @admin.display(description=_("可用"), boolean=True)
    def open_now(self, outlet: Outlet) -> bool:
        """Whether messages may leave by it."""
        return is_available(outlet)
