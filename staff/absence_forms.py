"""Being away: the form that plans it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.forms import LocalDateTime, attempt, this_minute
from staff import absences
from staff.absences import Leave
from staff.models import Absence, AbsenceReason, Person, Role


class _PersonChoice(forms.ModelChoiceField[Person]):
    def label_from_instance(self, obj: Person) -> str:
        return f"{obj.branch.name} · {obj.name}({obj.get_role_display()})"


class AbsenceForm(forms.Form):
    """Who is away, from when until when, and who stands in. Those who lead may name somebody
    else; for all others it is themselves."""

    person = _PersonChoice(
        Person.objects.none(),
        label=_("不在岗的人"),
        empty_label=_("我自己"),
        required=False,
    )
    since = LocalDateTime(
        label=_("开始"),
        initial=this_minute,
        error_messages={"required": _("请填写从什么时候开始。")},
    )
    until = LocalDateTime(label=_("结束"), error_messages={"required": _("请填写什么时候回来。")})
    deputy = _PersonChoice(
        Person.objects.none(),
        label=_("代理人"),
        empty_label=_("不指定，由主管代理"),
        required=False,
        help_text=_("代理人以“代”的名义办理，首问责任人不变。"),
    )
    reason = forms.ChoiceField(
        label=_("原因"),
        choices=AbsenceReason,
        widget=forms.RadioSelect,
        initial=AbsenceReason.LEAVE,
        error_messages={"required": _("请选择原因。")},
    )

    def __init__(self, *args: Any, by: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by = by
        others = absences.of_others(by).select_related("branch")
        order = ("branch__sort_key", "sort_key", "username")
        if absences.leads(by):
            self.fields["person"].queryset = others.order_by(*order)  # type: ignore[attr-defined]
        else:
            del self.fields["person"]
        active = Person.objects.filter(is_active=True).exclude(role=Role.ADMINISTRATOR)
        deputies = active.select_related("branch").order_by(*order)
        self.fields["deputy"].queryset = deputies  # type: ignore[attr-defined]

    def perform(self, *, at: datetime) -> Absence | None:
        """Write it down; None where a rule stands against it, said beside its field."""
        data = self.cleaned_data
        leave = Leave(
            person=data.get("person") or self.by,
            since=data["since"],
            until=data["until"],
            reason=AbsenceReason(data["reason"]),
            deputy=data["deputy"],
        )
        return attempt(self, lambda: absences.plan(leave, by=self.by, at=at))
