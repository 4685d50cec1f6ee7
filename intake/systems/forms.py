"""The forms of connected systems."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.forms import CleanText
from complaints.models import Category, Channel
from intake.systems import hooks
from intake.systems.connections import Connection
from staff.models import Branch, Person, Role

_DAYS = (30, 90, 180, 365)


def _lasts() -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=_("密钥有效期"),
        choices=[(days, _("%d 天") % days) for days in _DAYS],
        coerce=int,
        initial=_DAYS[3],
        widget=forms.RadioSelect,
    )


class ConnectForm(forms.Form):
    """A system, and its first key."""

    name = CleanText(label=_("名称"), limit=60, help_text=_("写明是哪个系统，例如“客户关系系统”。"))
    channel = forms.ChoiceField(
        label=_("渠道"),
        choices=Channel.choices,
        initial=Channel.OTHER,
        help_text=_("由它登记的投诉都记为这个渠道。"),
    )
    branch = forms.ModelChoiceField(
        Branch.objects.live(),
        label=_("受理机构"),
        to_field_name="code",
        empty_label=_("请选择"),
        error_messages={"required": _("请选择机构。")},
        help_text=_("没有写明涉及机构的投诉归这里。"),
    )
    receiver = forms.ModelChoiceField(
        Person.objects.filter(is_active=True).exclude(role=Role.ADMINISTRATOR).order_by("name"),
        label=_("首问人"),
        to_field_name="username",
        required=False,
        empty_label=_("由机构一线轮流"),
    )
    category = forms.ModelChoiceField(
        Category.objects.filter(is_active=True, children=None).order_by("position", "pk"),
        label=_("默认类别"),
        to_field_name="code",
        required=False,
        empty_label=_("按内容判断"),
    )
    days = _lasts()

    def said(self) -> Connection:
        """What was typed of the system."""
        names = ("name", "branch", "receiver", "category")
        words: dict[str, Any] = {name: self.cleaned_data[name] for name in names}
        return Connection(channel=Channel(self.cleaned_data["channel"]), **words)


class KeyForm(forms.Form):
    """A further key of the same system."""

    name = CleanText(label=_("名称"), limit=60, help_text=_("例如“2027 年更换”。"))
    days = _lasts()


class HookForm(forms.Form):
    """Where the system hears of what happens."""

    url = forms.CharField(
        label=_("地址"),
        max_length=500,
        help_text=_("https:// 开头，须在公网；不跟随跳转，5 秒内要有回答。"),
        widget=forms.URLInput(attrs={"placeholder": "https://", "autocomplete": "off"}),
    )
    events = forms.MultipleChoiceField(
        label=_("事件"),
        choices=[(action.value, action.label) for action in hooks.HEARD],
        initial=[action.value for action in hooks.HEARD],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("请选择要通知的事件。")},
    )
