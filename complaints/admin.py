"""The back office for reference data; cases are not here, they change through services only."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from complaints.models import Category, Department, PlaybookEntry, Supplier


class _NothingIsDeleted(admin.ModelAdmin[Any]):
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Category)
class CategoryAdmin(_NothingIsDeleted):
    list_display = ("name", "code", "parent", "position", "is_active")
    list_filter = ("parent", "is_active")
    search_fields = ("name", "code")


@admin.register(PlaybookEntry)
class PlaybookEntryAdmin(_NothingIsDeleted):
    list_display = ("title", "code", "is_active")
    filter_horizontal = ("categories",)
    search_fields = ("title",)


@admin.register(Department)
class DepartmentAdmin(_NothingIsDeleted):
    list_display = ("name", "code", "is_active")
    search_fields = ("name", "code")


@admin.register(Supplier)
class SupplierAdmin(_NothingIsDeleted):
    list_display = ("name", "code", "contact", "is_active")
    search_fields = ("name", "code")
