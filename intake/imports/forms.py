"""投诉文件导入: the form that takes a file, and the one that says what its columns mean."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from complaints.models import Channel
from intake.imports import import_jobs
from intake.imports.import_jobs import CHANNELS, LARGEST, Source
from intake.imports.mapping import LABELS, NOTHING
from intake.models import ImportJob, Inlet
from staff.models import Branch, Person

_INLET = "inlet:"


class CaseFileForm(forms.Form):
    """Where a file comes from, and the file."""

    source = forms.ChoiceField(label=_("来源"), widget=forms.RadioSelect)
    branch = forms.ModelChoiceField(
        Branch.objects.filter(closed_at=None),
        label=_("默认涉及机构"),
        required=False,
        empty_label=_("不指定"),
        to_field_name="code",
        help_text=_("某一行没有写明机构时用它。"),
    )
    append = forms.BooleanField(
        label=_("外部编号已登记、内容或期限有变时，并入原投诉"),
        required=False,
        help_text=_("不勾选时，这样的行不予导入，留给人核对。"),
    )
    file = forms.FileField(
        label=_("文件"),
        help_text=_("XLSX、CSV 或 JSONL，至多 %(most)d MB。下一步确认各列的含义，预检以后才登记。")
        % {"most": LARGEST // 1024 // 1024},
        error_messages={
            "required": _("请选择文件。"),
            "missing": _("请选择文件。"),
            "empty": _("文件是空的。"),
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        inlets = Inlet.objects.filter(channel__in=CHANNELS, is_active=True)
        source = cast("forms.ChoiceField", self.fields["source"])
        source.choices = [
            *((channel.value, str(channel.label)) for channel in CHANNELS),
            *((f"{_INLET}{inlet.key}", inlet.name) for inlet in inlets),
        ]
        source.initial = CHANNELS[0].value

    def perform(self, *, by: Person, at: datetime) -> ImportJob:
        """Raises RuleBroken, NotAllowed."""
        said = self.cleaned_data
        inlet = None
        channel = said["source"]
        if channel.startswith(_INLET):
            inlet = Inlet.objects.select_related("branch").get(key=channel.removeprefix(_INLET))
            channel = inlet.channel
        source = Source(
            channel=Channel(channel), inlet=inlet, branch=said["branch"], append=said["append"]
        )
        return import_jobs.upload(source, said["file"], by=by, at=at)


class ColumnsForm(forms.Form):
    """What each column means: one choice a column, in the order of the file."""

    def __init__(
        self, *args: Any, headers: Sequence[str], meanings: Sequence[str], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        choices = [(NOTHING, _("不导入")), *((field.value, LABELS[field]) for field in LABELS)]
        for place, (header, meaning) in enumerate(zip(headers, meanings, strict=True)):
            self.fields[f"column-{place}"] = forms.ChoiceField(
                label=header or _("（无名列）"), choices=choices, required=False, initial=meaning
            )

    def meanings(self) -> list[str]:
        """As they were chosen."""
        return [self.cleaned_data[name] for name in self.fields]
