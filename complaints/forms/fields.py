"""Inputs that several forms of the desk share."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.forms.models import ModelChoiceIterator, ModelChoiceIteratorValue
from django.utils.translation import gettext_lazy as _

from common import files
from common.errors import RuleBroken
from complaints.models import Category
from staff.models import Person

YES_NO = [("yes", _("是")), ("no", _("否"))]


def yes_no(label: Any, **kwargs: Any) -> forms.TypedChoiceField:
    """A question that wants a yes or a no said; True, False, or None when left open."""
    return forms.TypedChoiceField(
        label=label,
        choices=YES_NO,
        coerce=lambda answer: answer == "yes",
        empty_value=None,
        widget=forms.RadioSelect,
        **kwargs,
    )


class Hours(forms.IntegerField):
    """A span typed in whole hours, as people say it; its value is in minutes."""

    def __init__(self, *, at_most: timedelta, **kwargs: Any) -> None:
        most = at_most // timedelta(hours=1)
        range_ = _("请填写 1 到 %(most)s 之间的整数。") % {"most": most}
        errors = dict.fromkeys(("invalid", "min_value", "max_value"), range_)
        kwargs["error_messages"] = {**errors, **kwargs.get("error_messages", {})}
        super().__init__(min_value=1, max_value=most, **kwargs)

    def clean(self, value: Any) -> int | None:
        """The minutes. Raises ValidationError."""
        hours = super().clean(value)
        return None if hours is None else hours * 60


class ManyFilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class ManyFiles(forms.FileField):
    """Any number of files, each checked by the one door for files."""

    widget = ManyFilesInput

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile[Any]]:
        """The uploads. Raises ValidationError with each bad file's sentence."""
        uploads = [
            upload for upload in (data if isinstance(data, list | tuple) else [data]) if upload
        ]
        errors = []
        for upload in uploads:
            try:
                files.check(upload)
            except RuleBroken as broken:
                errors.append(forms.ValidationError(broken.message, code=broken.code))
        if errors:
            raise forms.ValidationError(errors)
        if self.required and not uploads:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        return uploads


class PersonChoice(forms.ModelChoiceField[Person]):
    """A colleague, by branch, name and role; the queryset comes with the branches."""

    def label_from_instance(self, obj: Person) -> str:
        return f"{obj.branch.name} · {obj.name}({obj.get_role_display()})"


class CategoryChoice(forms.ModelChoiceField[Category]):
    """The active categories that a case may be filed under, grouped by their parent."""

    def __init__(self, **kwargs: Any) -> None:
        leaves = Category.objects.filter(is_active=True, children=None).select_related("parent")
        super().__init__(leaves.order_by("parent__position", "position", "code"), **kwargs)
        self.iterator = _Grouped

    def label_from_instance(self, obj: Category) -> str:
        return obj.name


class _Grouped(ModelChoiceIterator[Category]):
    def __iter__(self) -> Any:
        if self.field.empty_label is not None:
            yield ("", self.field.empty_label)
        groups: dict[str, list[tuple[ModelChoiceIteratorValue | str, str]]] = {}
        for category in self.queryset:
            group = category.parent.name if category.parent else ""
            groups.setdefault(group, []).append(self.choice(category))
        for group, choices in groups.items():
            if group:
                yield (group, choices)
            else:
                yield from choices
