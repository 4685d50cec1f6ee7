"""The filters of the list."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common import phones
from common.forms import CleanText
from complaints import selectors
from complaints.models import Channel, OutsideReference, RulingPart, Severity, Status
from complaints.models.complaint import OPEN, ComplaintQuerySet
from staff.models import Branch

#: Days that can be meant; the far ends of the calendar overflow in the firm's zone.
_DAYS = [MinValueValidator(date(1990, 1, 1)), MaxValueValidator(date(2100, 12, 31))]
_ALL = ("", _("全部"))
_CLOCKS = [_ALL, ("late", _("有超时")), ("soon", _("24 小时内到期"))]
_OPEN = [("open", _("未结"))]


class SearchForm(forms.Form):
    """Every field may stay empty. `narrow` applies what is filled in."""

    q = CleanText(label=_("搜索"), limit=100, required=False)
    status = forms.ChoiceField(
        label=_("状态"), choices=[_ALL, *_OPEN, *Status.choices], required=False
    )
    clock = forms.ChoiceField(label=_("时限"), choices=_CLOCKS, required=False)
    severity = forms.ChoiceField(
        label=_("严重程度"), choices=[_ALL, *Severity.choices], required=False
    )
    channel = forms.ChoiceField(label=_("渠道"), choices=[_ALL, *Channel.choices], required=False)
    branch = forms.ModelChoiceField(
        Branch.objects.all(),
        label=_("机构"),
        required=False,
        empty_label=_("全部"),
        to_field_name="code",
    )
    ruled = forms.ChoiceField(
        label=_("责任判定"),
        choices=[_ALL, ("no", _("待判定")), ("yes", _("已判定"))],
        required=False,
    )
    received_from = forms.DateField(
        label=_("受理自"),
        required=False,
        validators=_DAYS,
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    received_to = forms.DateField(
        label=_("至"),
        required=False,
        validators=_DAYS,
        widget=forms.DateInput(attrs={"type": "date"}),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        start, end = data.get("received_from"), data.get("received_to")
        if start and end and start > end:
            self.add_error("received_to", _("结束日期不能早于开始日期。"))
        return data

    def narrow(self, found: ComplaintQuerySet, at: datetime) -> ComplaintQuerySet:
        """Those of `found` that match; the form must be valid."""
        data = self.cleaned_data
        if data["status"]:
            statuses = OPEN if data["status"] == "open" else (data["status"],)
            found = found.filter(status__in=statuses)
        if data["ruled"] == "no":
            found = selectors.awaiting_ruling(found)
        elif data["ruled"] == "yes":
            found = found.filter(responsible_branch__isnull=False)
        for name in ("severity", "channel"):
            if data[name]:
                found = found.filter(**{name: data[name]})
        if data["branch"]:
            found = found.filter(_of_branch(data["branch"]))
        return _by_clock(_by_words(_by_day(found, data), data["q"]), data["clock"], at)


def _of_branch(branch: Branch) -> Q:
    """Owned by it, or ruled to it, be it to a share."""
    shared = RulingPart.objects.filter(branch=branch, ruling__superseded_at=None, lead=False)
    ruled = Q(responsible_branch=branch) | Q(pk__in=shared.values("ruling__complaint"))
    return Q(owner_branch=branch) | ruled


def _by_day(found: ComplaintQuerySet, data: dict[str, Any]) -> ComplaintQuerySet:
    zone = timezone.get_current_timezone()
    if start := data["received_from"]:
        found = found.filter(
            received_at__gte=datetime(start.year, start.month, start.day, tzinfo=zone)
        )
    if end := data["received_to"]:
        following = end + timedelta(days=1)
        found = found.filter(
            received_at__lt=datetime(following.year, following.month, following.day, tzinfo=zone)
        )
    return found


def _by_words(found: ComplaintQuerySet, words: str) -> ComplaintQuerySet:
    """By number, order, phone, name, another office's number, or any words of what happened."""
    if not words:
        return found
    match = Q(no=words.upper()) | Q(order_no=words) | Q(complainant_name=words)
    match |= Q(what__contains=words)
    match |= Q(pk__in=OutsideReference.objects.filter(number=words).order_by().values("complaint"))
    if len(key := phones.key(words)) >= 5:
        match |= Q(phone_key=key)
    return found.filter(match)


def _by_clock(found: ComplaintQuerySet, clock: str, at: datetime) -> ComplaintQuerySet:
    if clock == "late":
        return selectors.with_late_clock(found, at)
    if clock == "soon":
        return selectors.with_clock_due_within(found, at, timedelta(hours=24))
    return found
