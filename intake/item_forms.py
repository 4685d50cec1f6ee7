"""What a person does with what came in: find it, register it, append it, leave it."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar

from django import forms
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common.forms import CleanText
from complaints.forms.register import RegisterForm
from complaints.models import Channel, Complaint
from complaints.registration import WHAT_LIMIT
from complaints.statements import SAID_LIMIT
from intake import contents, items
from intake.models import Inlet, Item, ItemState
from staff.models import Person


class ItemFilter(forms.Form):
    """The query of the list; what is not said narrows nothing."""

    inlet = forms.ModelChoiceField(
        Inlet.objects.all(), label=_("入口"), required=False, empty_label=_("全部"),
        to_field_name="key",
    )  # fmt: skip
    channel = forms.ChoiceField(
        label=_("渠道"), required=False, choices=[("", _("全部")), *Channel.choices]
    )
    since = forms.DateField(
        label=_("从"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    until = forms.DateField(
        label=_("到"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def narrow(self, found: QuerySet[Item]) -> QuerySet[Item]:
        """Those of the ways in, received on the firm's days from `since` to `until`."""
        said = self.cleaned_data
        if said["inlet"]:
            found = found.filter(inlet=said["inlet"])
        if said["channel"]:
            found = found.filter(inlet__channel=said["channel"])
        if said["since"]:
            found = found.filter(received_at__gte=_midnight(said["since"]))
        if said["until"] and said["until"] < date.max:
            found = found.filter(received_at__lt=_midnight(said["until"] + timedelta(days=1)))
        return found


class DayFilter(forms.Form):
    """The days of the reconciliation: at most a quarter, else the last week."""

    LONGEST: ClassVar = timedelta(days=92)

    since = forms.DateField(
        label=_("从"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    until = forms.DateField(
        label=_("到"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def days(self, at: datetime) -> tuple[date, date]:
        """The first and the last."""
        today = timezone.localtime(at, timezone.get_default_timezone()).date()
        said = self.cleaned_data if self.is_valid() else {}
        last = min(said.get("until") or today, today)
        first = said.get("since") or last - timedelta(days=6)
        return max(min(first, last), last - self.LONGEST), last


class ItemDeed(forms.Form):
    """Something done to what was set aside, on a page of its own."""

    title: ClassVar[Any]
    lead: ClassVar[Any] = ""
    submit_label: ClassVar[Any]
    danger: ClassVar[bool] = False

    def __init__(self, *args: Any, item: Item, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.item = item

    def perform(self, *, by: Person, at: datetime) -> Item:
        """Raises RuleBroken, Conflict."""
        raise NotImplementedError


class IgnoreForm(ItemDeed):
    """不受理"""

    title = _("不受理")
    lead = _("广告、误发、与客户投诉无关的内容；原文仍然保留。")
    submit_label = _("不受理")
    danger = True

    reason = CleanText(
        label=_("原因"), limit=500, lines=True, rows=3,
        error_messages={"required": _("请写明为什么不受理。")},
    )  # fmt: skip

    def perform(self, *, by: Person, at: datetime) -> Item:
        """Raises RuleBroken, Conflict."""
        return items.ignore(self.item.pk, reason=self.cleaned_data["reason"], by=by, at=at)


class AppendForm(ItemDeed):
    """并入已有投诉"""

    title = _("并入已有投诉")
    lead = _("客户的话会作为补充写进这件投诉，并通知首问责任人。")
    submit_label = _("并入")

    no = CleanText(
        label=_("投诉编号"), limit=40, error_messages={"required": _("请填写投诉编号。")}
    )
    said = CleanText(
        label=_("客户所述"), limit=SAID_LIMIT, lines=True, rows=8,
        error_messages={"required": _("没有写内容。")},
    )  # fmt: skip

    def __init__(self, *args: Any, item: Item, **kwargs: Any) -> None:
        super().__init__(*args, item=item, **kwargs)
        self.fields["said"].widget.attrs["data-counter"] = SAID_LIMIT
        self.fields["no"].widget.attrs["autocomplete"] = "off"

    def perform(self, *, by: Person, at: datetime) -> Item:
        """Raises RuleBroken, Conflict."""
        return items.appended_by_hand(self.item.pk, **self.cleaned_data, by=by, at=at)


class RegisterItemForm(RegisterForm):
    """人工登记: the register form, and the item has become that case."""

    def __init__(self, *args: Any, item: Item, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.item = item

    def perform(self, *, by: Person, at: datetime) -> tuple[Complaint, bool]:
        """Register the case and settle the item: both or neither. Raises RuleBroken; Conflict
        `item.settled`."""
        with transaction.atomic():
            # before anything is written: others wait here
            told = items.hold_talk(items.hold_set_aside(self.item.pk))
            complaint, created = super().perform(by=by, at=at)
            items.taken_by_hand(self.item.pk, complaint, told, by=by, at=at)
        return complaint, created


def known(item: Item, words: str) -> dict[str, Any]:
    """What the form begins with: what the channel understood, else the words as they came."""
    told = items.told_by(item)
    begun: dict[str, Any] = {
        "channel": item.inlet.channel,
        "received_at": timezone.localtime(item.received_at).replace(second=0, microsecond=0),
        "what": words,
        "complainant_phone": item.sender if contents.is_phone(item.sender) else "",
        "category": item.inlet.category_id,
    }
    if told is None:
        return begun
    return {
        **begun,
        "what": told.what[:WHAT_LIMIT],
        "complainant_name": told.name,
        "complainant_phone": told.phone or begun["complainant_phone"],
        "complainant_role": told.role,
        "anonymous": told.anonymous,
        "order_no": told.order_no,
        "remedy_sought": told.remedy_sought,
        "severity": told.severity,
        "category": told.category.pk if told.category else begun["category"],
        "concerned_branch": told.branch.pk if told.branch else None,
    }


def is_open(item: Item) -> bool:
    """Whether it waits for a person."""
    return item.state == ItemState.SET_ASIDE


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=timezone.get_default_timezone())
