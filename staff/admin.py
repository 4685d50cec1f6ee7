"""The back office for people, branches, calendars and limits; the administrator's, who sees no
case."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from staff import second_factor
from staff.branches import sort_key
from staff.models import (
    AuthorityLimit,
    Branch,
    Calendar,
    CalendarDay,
    CalendarYear,
    Person,
    Role,
)

# Secrets of the door are nobody's to look at.
for _label in ("account", "mfa", "usersessions", "socialaccount", "knox"):
    for _model in apps.get_app_config(_label).get_models():
        if admin.site.is_registered(_model):
            admin.site.unregister(_model)


class _NothingIsDeleted(admin.ModelAdmin[Any]):
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Branch)
class BranchAdmin(_NothingIsDeleted):
    list_display = ("name", "code", "kind", "parent", "city")
    search_fields = ("name", "code")
    fields = ("code", "name", "kind", "parent", "city", "calendar", "closed_at", "heir")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Branches are opened, moved and closed on their own pages, which keep the history."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class CalendarYearInline(admin.TabularInline[CalendarYear, Calendar]):
    model = CalendarYear
    extra = 1
    can_delete = False


@admin.register(Calendar)
class CalendarAdmin(_NothingIsDeleted):
    list_display = ("name", "zone", "weekly")
    search_fields = ("name",)
    fields = ("name", "zone", "weekly")
    inlines = (CalendarYearInline,)


@admin.register(CalendarDay)
class CalendarDayAdmin(_NothingIsDeleted):
    list_display = ("date", "calendar", "windows", "note", "imported_for")
    list_filter = ("calendar",)
    date_hierarchy = "date"
    fields = ("calendar", "date", "windows", "note")

    def save_model(self, request: HttpRequest, obj: CalendarDay, form: Any, change: bool) -> None:
        """What a person has written is no longer an import's, and no import changes it."""
        obj.imported_for = None
        super().save_model(request, obj, form, change)


@admin.register(Person)
class PersonAdmin(UserAdmin, _NothingIsDeleted):  # type: ignore[type-arg]
    add_form = AdminUserCreationForm
    list_display = ("name", "username", "role", "branch", "is_active")
    list_filter = ("role", "is_active", "branch")
    search_fields = ("name", "username")
    ordering = ("sort_key",)
    filter_horizontal = ()
    actions = ("remove_second_factors",)
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (
            _("人员"),
            {"fields": ("name", "role", "branch", "phone", "email", "is_active", "account")},
        ),
    )
    add_fieldsets = (
        (None, {"fields": ("username", "usable_password", "password1", "password2")}),
        (_("人员"), {"fields": ("name", "role", "branch", "phone", "email")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Role and branch are changed by appointing to a post, on the person's own page."""
        return ("role", "branch", "is_active", "account") if obj else ()

    @admin.display(description=_("停用或启用"))
    def account(self, person: Person) -> str:
        """Where an account is closed: what its person still answers for is handed on there."""
        return format_html('<a href="/departures/">{}</a>', _("到“人员离岗”里办理"))

    def save_model(self, request: HttpRequest, obj: Person, form: Any, change: bool) -> None:
        """Administrators, and only they, get into the back office."""
        obj.sort_key = sort_key(obj.name)
        obj.is_staff = obj.is_superuser = obj.role == Role.ADMINISTRATOR
        super().save_model(request, obj, form, change)

    @admin.action(description=_("移除两步验证（本人丢失设备时）"))
    def remove_second_factors(self, request: HttpRequest, queryset: QuerySet[Person]) -> None:
        """For those who have lost theirs; the back office's history says who did it."""
        people = list(queryset)
        for person in people:
            second_factor.remove_all(person)
            self.log_change(request, person, "second factors removed")
        messages.success(
            request, gettext("已移除 %(count)d 人的两步验证。") % {"count": len(people)}
        )


@admin.register(AuthorityLimit)
class AuthorityLimitAdmin(_NothingIsDeleted):
    list_display = ("role", "amount")
