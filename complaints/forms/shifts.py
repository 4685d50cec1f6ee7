"""The form of a shift's hand-over: one receiver for all, and where wanted another for a case."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext_lazy as _

from common.forms import CleanText
from complaints.forms.fields import PersonChoice
from complaints.forms.handovers import people_here
from complaints.handovers import NOTE_LIMIT, Offer
from complaints.models import Complaint, HandoverReason
from staff.models import Person


class ShiftForm(forms.Form):
    """`receiver` and `note` hold for every case whose own are left empty; a case is left out by
    its box. The fields of a case end in its id."""

    receiver = PersonChoice(
        Person.objects.none(),
        label=_("交给谁"),
        empty_label=_("请选择"),
        error_messages={"required": _("请选择接收人。")},
    )
    note = CleanText(
        label=_("交接说明"),
        limit=NOTE_LIMIT,
        lines=True,
        rows=2,
        help_text=_("对所有投诉都适用的话；某一件要另说的，写在那一行。"),
        error_messages={"required": _("请写明交接时要说的话。")},
    )

    def __init__(
        self, *args: Any, complaints: Sequence[Complaint], person: Person, at: datetime, **kw: Any
    ) -> None:
        super().__init__(*args, **kw)
        self.complaints = complaints
        here = people_here(at).exclude(pk=person.pk)
        near = here.filter(branch=person.branch_id)
        self.fields["receiver"].queryset = near  # type: ignore[attr-defined]
        choices = [(each.pk, each.name) for each in near]
        for complaint in complaints:
            self._add(complaint, choices)

    def _add(self, complaint: Complaint, choices: list[tuple[int, str]]) -> None:
        which = {"no": complaint.no}
        self.fields[f"take_{complaint.pk}"] = forms.BooleanField(
            label=_("交出 %(no)s") % which, required=False, initial=True
        )
        self.fields[f"receiver_{complaint.pk}"] = forms.TypedChoiceField(
            label=_("%(no)s 交给谁") % which,
            required=False,
            coerce=int,
            empty_value=None,
            choices=[("", _("同上")), *choices],
        )
        self.fields[f"note_{complaint.pk}"] = CleanText(
            label=_("%(no)s 的交接说明") % which, limit=NOTE_LIMIT, required=False
        )

    def rows(self) -> list[tuple[Complaint, BoundField, BoundField, BoundField]]:
        """Each case with its three fields."""
        return [
            (each, self[f"take_{each.pk}"], self[f"receiver_{each.pk}"], self[f"note_{each.pk}"])
            for each in self.complaints
        ]

    def offers(self) -> list[tuple[Complaint, Offer]]:
        """What is to be offered; the form must be valid."""
        data = self.cleaned_data
        people = self.fields["receiver"].queryset.in_bulk()  # type: ignore[attr-defined]
        return [
            (
                each,
                Offer(
                    receiver=people.get(data[f"receiver_{each.pk}"]) or data["receiver"],
                    reason=HandoverReason.SHIFT,
                    note=data[f"note_{each.pk}"] or data["note"],
                ),
            )
            for each in self.complaints
            if data[f"take_{each.pk}"]
        ]
