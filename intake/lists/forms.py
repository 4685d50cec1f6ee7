"""导入: the form that takes a list."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from common.files import LARGEST
from intake.lists import firm_import
from intake.models import Kind, Upload
from staff.models import Person


class UploadForm(forms.Form):
    """A file of one of the kinds that the person may import."""

    kind = forms.ChoiceField(label=_("内容"), widget=forms.RadioSelect)
    file = forms.FileField(
        label=_("文件"),
        help_text=_("XLSX 或 CSV，第一行是表头。先看预览，确认以后才写入。"),
        error_messages={
            "required": _("请选择文件。"),
            "missing": _("请选择文件。"),
            "empty": _("文件是空的。"),
        },
    )

    def __init__(self, *args: Any, person: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person
        kinds = firm_import.kinds_of(person)
        choice = cast("forms.ChoiceField", self.fields["kind"])
        choice.choices = [(kind.value, kind.label) for kind in kinds]
        choice.initial = kinds[0].value if kinds else None

    def perform(self, *, at: datetime) -> Upload:
        """Raises RuleBroken, NotAllowed."""
        said = self.cleaned_data
        content = said["file"].read(LARGEST + 1)
        return firm_import.upload(
            Kind(said["kind"]), said["file"].name, content, by=self.person, at=at
        )
