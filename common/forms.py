"""What the forms of all rooms share: text through the one door, rules said beside their field."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common import text
from common.errors import RuleBroken

T = TypeVar("T")


class CleanText(forms.CharField):
    """A text field whose value has passed `common.text.clean`. The input carries no maxlength:
    a browser would cut pasted text without a word; the field says what is too long."""

    def __init__(self, *, limit: int, lines: bool = False, rows: int = 4, **kwargs: Any) -> None:
        widget = forms.Textarea(attrs={"rows": rows}) if lines else forms.TextInput()
        kwargs.setdefault("widget", widget)
        super().__init__(strip=False, **kwargs)
        self.limit = limit
        self.lines = lines

    def to_python(self, value: Any) -> str:
        """The text as it is stored. Raises ValidationError with the door's sentence."""
        raw = "" if value in self.empty_values else str(value)
        try:
            return text.clean(raw, limit=self.limit, lines=self.lines)
        except RuleBroken as broken:
            raise forms.ValidationError(broken.message, code=broken.code) from broken


class LocalDateTime(forms.DateTimeField):
    """A native date-and-time input in the firm's zone, to the minute."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateTimeInput(
            format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local", "step": 60}
        )
        kwargs.setdefault("widget", widget)
        kwargs.setdefault(
            "error_messages", {"invalid": _("请填写日期和时间，例如 2026-11-20 10:30。")}
        )
        super().__init__(**kwargs)


def this_minute() -> datetime:
    """Now, cut to the minute, as an input shows it."""
    return timezone.localtime().replace(second=0, microsecond=0)


def attempt(form: forms.BaseForm, deed: Callable[[], T]) -> T | None:
    """Do the deed; a broken rule becomes an error beside the form's field and None comes back."""
    try:
        return deed()
    except RuleBroken as broken:
        field = broken.field if broken.field in form.fields else None
        form.add_error(field, forms.ValidationError(broken.message, code=broken.code))
        return None
