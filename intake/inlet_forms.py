"""受理入口: the form of a way in, with the fields of its channel."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.forms import CleanText
from complaints.models import Category, Channel
from intake import inlets
from intake.inlet_fields import InletField, Kind, of_channel
from intake.inlets import Plan
from intake.models import Inlet
from staff.models import Branch, Person, Role


class ChannelForm(forms.Form):
    """Which channel the new way in is of."""

    channel = forms.ChoiceField(label=_("渠道"), choices=Channel, widget=forms.RadioSelect)


class InletForm(forms.Form):
    """A way in as it shall be. Secrets are written and never shown again."""

    key = forms.SlugField(
        label=_("代码"),
        max_length=40,
        help_text=_("字母、数字、- 和 _；出现在回调地址和链接里，改了以后对方那边也要改。"),
        error_messages={"invalid": _("只能用字母、数字、- 和 _。")},
    )
    name = CleanText(label=_("名称"), limit=60)
    branch = forms.ModelChoiceField(
        Branch.objects.none(),
        label=_("受理机构"),
        empty_label=_("请选择"),
        help_text=_("内容里没有写明机构时，归这里。"),
    )
    receiver = forms.ModelChoiceField(
        Person.objects.none(),
        label=_("首问人"),
        required=False,
        empty_label=_("由受理机构的前台轮派"),
        help_text=_("第一个听到的人，也就是首问责任人。"),
    )
    category = forms.ModelChoiceField(
        Category.objects.filter(is_active=True),
        label=_("默认类别"),
        required=False,
        empty_label=_("按内容推断"),
    )
    is_active = forms.BooleanField(label=_("启用"), required=False, initial=True)

    def __init__(self, *args: Any, channel: str, inlet: Inlet | None = None, **kwargs: Any) -> None:
        kwargs["initial"] = _initial(inlet) if inlet else None
        super().__init__(*args, **kwargs)
        self.channel = Channel(channel)
        self.inlet = inlet
        self.sealed = inlets.secrets_of(inlet) if inlet else {}
        self._choices(inlet)
        for asked in of_channel(channel):
            self.fields[asked.name] = self._field(asked)

    def _choices(self, inlet: Inlet | None) -> None:
        """The live ones, and what is chosen already."""
        branch = cast("forms.ModelChoiceField[Branch]", self.fields["branch"])
        receiver = cast("forms.ModelChoiceField[Person]", self.fields["receiver"])
        chosen = [inlet.branch_id] if inlet else []
        branch.queryset = Branch.objects.live() | Branch.objects.filter(pk__in=chosen)
        may = Q(is_active=True) & ~Q(role=Role.ADMINISTRATOR)
        named = [inlet.receiver_id] if inlet and inlet.receiver_id else []
        people = Person.objects.filter(may | Q(pk__in=named))
        receiver.queryset = people.select_related("branch").order_by(
            "branch__sort_key", "sort_key", "username"
        )

    def _field(self, asked: InletField) -> forms.Field:
        common: dict[str, Any] = {
            "label": asked.label,
            "required": False,
            "initial": asked.default if self.inlet is None else None,
            "help_text": asked.hint,
        }
        if self.inlet and not asked.is_secret:
            common["initial"] = self.inlet.settings.get(asked.name, asked.default)
        match asked.kind:
            case Kind.CHOICE:
                return forms.ChoiceField(choices=asked.choices, **common)
            case Kind.NUMBER:
                return forms.IntegerField(min_value=1, max_value=65_535, **common)
            case Kind.HIDDEN:
                return self._secret(asked, common)
        return CleanText(limit=asked.limit, **common)

    def _secret(self, asked: InletField, common: dict[str, Any]) -> forms.Field:
        attrs: dict[str, Any] = {"autocomplete": "new-password", "spellcheck": "false"}
        if asked.name in self.sealed:
            attrs["placeholder"] = _("已设置，留空就不改")
        widget = forms.PasswordInput(attrs=attrs)
        return forms.CharField(**{**common, "initial": None}, strip=False, widget=widget)

    @property
    def own_fields(self) -> list[forms.BoundField]:
        """Those of the channel."""
        return [self[asked.name] for asked in of_channel(self.channel)]

    @property
    def common_fields(self) -> list[forms.BoundField]:
        """Those of any way in."""
        return [self[name] for name in self.base_fields]

    def perform(self, *, by: Person, at: datetime) -> Inlet:
        """Raises RuleBroken, NotAllowed."""
        said = self.cleaned_data
        more = {asked.name: said.get(asked.name) or "" for asked in of_channel(self.channel)}
        plan = Plan(**{name: said[name] for name in self.base_fields}, more=more)
        if self.inlet is None:
            return inlets.found(self.channel, plan, by=by, at=at)
        return inlets.change(self.inlet.pk, plan, by=by, at=at)


def _initial(inlet: Inlet) -> dict[str, Any]:
    return {
        "key": inlet.key,
        "name": inlet.name,
        "branch": inlet.branch_id,
        "receiver": inlet.receiver_id,
        "category": inlet.category_id,
        "is_active": inlet.is_active,
    }
