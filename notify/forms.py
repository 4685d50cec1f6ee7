"""消息设置: the form of one's own choice, and the back office's form of a way out."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from common.forms import attempt
from notify import preferences, selectors
from notify.channels.robots import plugin
from notify.models import Outlet
from staff.models import Person

_QUIET: dict[str, Any] = {
    "required": False,
    "widget": forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
    "error_messages": {"invalid": _("请填写时间，例如 22:00。")},
}


class SettingsForm(forms.Form):
    """The ways out that are offered to the person, and the quiet hours."""

    outlets = forms.MultipleChoiceField(
        label=_("发送通道"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("消息总会出现在“消息”里；选中的通道另外再发一份。"),
    )
    quiet_from = forms.TimeField(label=_("免打扰从"), **_QUIET)
    quiet_until = forms.TimeField(
        label=_("免打扰到"),
        help_text=_("可以跨零点。这段时间里普通消息留到结束时再发；超时升级等紧急消息照发。"),
        **_QUIET,
    )

    def __init__(self, data: QueryDict | None, *, person: Person) -> None:
        choice, offered = selectors.choice(person), selectors.offered(person)
        initial = {
            "outlets": [outlet.name for outlet in offered if outlet.pk in choice.outlet_ids],
            "quiet_from": choice.quiet_from,
            "quiet_until": choice.quiet_until,
        }
        super().__init__(data, initial=initial)
        self.person = person
        names = [(outlet.name, str(outlet)) for outlet in offered]
        cast("forms.MultipleChoiceField", self.fields["outlets"]).choices = names

    def perform(self) -> bool:
        """Keep the choice; whether no rule stood against it."""
        attempt(self, lambda: preferences.choose(self.person, **self.cleaned_data))
        return not self.errors


class OutletForm(forms.ModelForm[Outlet]):
    """A way out. Its address is written, never shown: left empty, it stays as it is."""

    address = forms.CharField(
        label=_("地址"),
        required=False,
        max_length=500,
        strip=True,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "size": 60}),
        help_text=_(
            "企业微信 wecombot://KEY；钉钉 dingtalk://加签密钥@TOKEN；飞书 feishu://TOKEN；"
            "网络钩子 jsons://主机/路径。保存后不再显示；留空表示不变。"
        ),
    )

    class Meta:
        model = Outlet
        fields = ("kind", "name", "address", "is_active")

    def clean(self) -> dict[str, Any]:
        """With the old address where none was written. Raises ValidationError."""
        data: dict[str, Any] = super().clean() or {}
        kind = data.get("kind", self.instance.kind)
        data["address"] = data.get("address") or self.instance.address
        if kind and kind not in Outlet.OWN_ADDRESS:
            attempt(self, lambda: plugin(kind, data["address"]))
        return data
