"""The back office for people, branches, calendars and limits; the administrator's, who sees no
case."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from common.forms import attempt
from common.time import now
from staff import absences, branches, people
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


class _NothingIsDeleted(admin.ModelAdmin[Any]):
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Branch)
class BranchAdmin(_NothingIsDeleted):
    list_display = ("name", "code", "kind", "parent", "city")
    search_fields = ("name", "code")
    fields = ("code", "name", "kind", "parent", "city", "calendar")

    def save_model(self, request: HttpRequest, obj: Branch, form: Any, change: bool) -> None:
        """Through the one place that writes the tree."""
        branches.save(obj)


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


class PersonForm(UserChangeForm):  # type: ignore[type-arg]
    """Who still answers for open cases can't be made an administrator, who sees none."""

    def clean(self) -> dict[str, Any]:
        """Raises ValidationError beside the role."""
        data: dict[str, Any] = super().clean() or {}
        becomes = data.get("role") == Role.ADMINISTRATOR != self.initial.get("role")
        if becomes and not people.is_free_to_leave(self.instance):
            self.add_error("role", _("这个人还有未结投诉，须先全部交出，才能改为系统管理员。"))
        if self.initial and (data.get("branch") != self.instance.branch or becomes):
            self._check_headquarters()
        return data

    def _check_headquarters(self) -> None:
        at = now()
        before = Person.objects.select_related("branch").get(pk=self.instance.pk)
        attempt(self, lambda: absences.check_somebody_stays(before, at, at + absences.LONGEST))


@admin.register(Person)
class PersonAdmin(UserAdmin, _NothingIsDeleted):  # type: ignore[type-arg]
    form = PersonForm
    add_form = AdminUserCreationForm
    readonly_fields = ("is_active", "account")
    list_display = ("name", "username", "role", "branch", "is_active")
    list_filter = ("role", "is_active", "branch")
    search_fields = ("name", "username")
    ordering = ("sort_key",)
    filter_horizontal = ()
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

    @admin.display(description=_("停用或启用"))
    def account(self, person: Person) -> str:
        """Where an account is closed: what its person still answers for is handed on there."""
        return format_html('<a href="/people/departures/">{}</a>', _("到“人员离岗”里办理"))

    def save_model(self, request: HttpRequest, obj: Person, form: Any, change: bool) -> None:
        """Administrators, and only they, get into the back office."""
        obj.sort_key = sort_key(obj.name)
        obj.is_staff = obj.is_superuser = obj.role == Role.ADMINISTRATOR
        super().save_model(request, obj, form, change)


@admin.register(AuthorityLimit)
class AuthorityLimitAdmin(_NothingIsDeleted):
    list_display = ("role", "amount")
