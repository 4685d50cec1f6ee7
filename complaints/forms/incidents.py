"""The forms of a mass incident."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from common.forms import CleanText, LocalDateTime, this_minute
from complaints import incidents
from complaints.contacts import SAID_LIMIT, Talk
from complaints.crowds import Went
from complaints.forms.fields import CategoryChoice
from complaints.incidents import TEXT_LIMIT, TITLE_LIMIT, Cause
from complaints.models import ContactKind, Incident, Means
from staff.models import Branch, Person


class CandidatesForm(forms.Form):
    """Which loose cases to look through."""

    category = CategoryChoice(label=_("类别"), empty_label=_("全部"), required=False)
    branch = forms.ModelChoiceField(
        Branch.objects.live(),
        label=_("机构"),
        required=False,
        empty_label=_("全部"),
        to_field_name="code",
    )
    hours = forms.TypedChoiceField(
        label=_("受理于"),
        choices=[(24, _("24 小时内")), (72, _("72 小时内")), (168, _("7 天内"))],
        coerce=int,
        required=False,
        empty_value=None,
    )


class GatherForm(forms.Form):
    """What the ticked cases have in common."""

    title = CleanText(
        label=_("标题"),
        limit=TITLE_LIMIT,
        error_messages={"required": _("请写明标题。")},
        help_text=_("例如：兰州冷库停电，冷链货变质。"),
    )
    cause = CleanText(
        label=_("共同原因"),
        limit=TEXT_LIMIT,
        lines=True,
        rows=3,
        error_messages={"required": _("请写明共同原因。")},
    )
    category = CategoryChoice(
        label=_("类别"), empty_label=_("请选择"), error_messages={"required": _("请选择类别。")}
    )
    branch = forms.ModelChoiceField(
        Branch.objects.live(),
        label=_("机构"),
        empty_label=_("请选择"),
        to_field_name="code",
        error_messages={"required": _("请选择机构。")},
    )

    def perform(
        self, numbers: list[str], lead: str, *, by: Person, at: datetime
    ) -> tuple[Incident, list[Went]]:
        """Open the incident. Raises RuleBroken."""
        return incidents.gather(Cause(**self.cleaned_data), numbers, lead=lead, by=by, at=at)


class BulkContactForm(forms.Form):
    """The one text, how and when it was said; the rows say to whom."""

    kind = forms.ChoiceField(
        label=_("联系类型"),
        choices=ContactKind,
        widget=forms.RadioSelect,
        initial=ContactKind.APOLOGY,
        help_text=_("致歉和结果要由人逐个联系，联系上才算；群发短信和邮件只能算进度。"),
    )
    means = forms.ChoiceField(
        label=_("联系方式"), choices=Means, widget=forms.RadioSelect, initial=Means.PHONE
    )
    occurred_at = LocalDateTime(label=_("联系时间"), initial=this_minute)
    said = CleanText(
        label=_("沟通内容"),
        limit=SAID_LIMIT,
        lines=True,
        rows=4,
        error_messages={"required": _("请写明和客户说了什么。")},
    )
    press_key = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["press_key"].initial = uuid.uuid4

    def talk(self) -> Talk:
        """What was said to each of them."""
        data = self.cleaned_data
        return Talk(
            kind=ContactKind(data["kind"]),
            means=Means(data["means"]),
            said=data["said"],
            occurred_at=data["occurred_at"],
        )


class IncidentForm(forms.Form):
    """A form that does one thing to an incident. `perform` raises RuleBroken when it may not."""

    title: ClassVar[Any]
    lead: ClassVar[Any] = ""
    submit_label: ClassVar[Any]
    done: ClassVar[Any]
    danger: ClassVar[bool] = False

    def perform(self, incident: Incident, *, by: Person, at: datetime) -> object:
        """Do it. Raises RuleBroken."""
        raise NotImplementedError


def _case() -> CleanText:
    return CleanText(
        label=_("投诉编号"), limit=20, error_messages={"required": _("请填写投诉编号。")}
    )


class LeaveForm(IncidentForm):
    title = _("移出群诉")
    lead = _("移出后这件投诉自己提交整改单，48H 仍按原来的到期时间")
    submit_label = _("移出")
    done = _("已移出群诉。")
    danger = True

    case = _case()
    reason = CleanText(
        label=_("移出原因"),
        limit=500,
        lines=True,
        rows=2,
        error_messages={"required": _("请写明为什么移出。")},
    )

    def perform(self, incident: Incident, *, by: Person, at: datetime) -> object:
        """Take it out. Raises RuleBroken."""
        data = self.cleaned_data
        no = data["case"].upper()
        return incidents.leave(incident.pk, no, reason=data["reason"], by=by, at=at)


class LeadForm(IncidentForm):
    title = _("更换牵头投诉")
    lead = _("由这件投诉的整改责任人提交统一的整改单；整改单提交之后不能再换")
    submit_label = _("由它牵头")
    done = _("牵头投诉已更换。")

    case = _case()

    def perform(self, incident: Incident, *, by: Person, at: datetime) -> object:
        """Let it lead. Raises RuleBroken."""
        return incidents.set_lead(incident.pk, self.cleaned_data["case"].upper(), by=by, at=at)


class ResultForm(IncidentForm):
    title = _("统一答复")
    lead = _("写好之后，用“批量联系”逐个告诉客户；写在这里不等于告诉了客户")
    submit_label = _("保存")
    done = _("统一答复已保存。")

    result = CleanText(
        label=_("答复内容"),
        limit=TEXT_LIMIT,
        lines=True,
        rows=6,
        error_messages={"required": _("请写明统一答复。")},
    )

    def perform(self, incident: Incident, *, by: Person, at: datetime) -> object:
        """Write it. Raises RuleBroken."""
        return incidents.answer(incident.pk, result=self.cleaned_data["result"], by=by, at=at)


class EndForm(IncidentForm):
    title = _("结束群诉")
    lead = _("结束后不能再归入；每位客户的致歉、反馈和回访照常进行")
    submit_label = _("结束")
    done = _("群诉已结束。")

    def perform(self, incident: Incident, *, by: Person, at: datetime) -> object:
        """End it. Raises RuleBroken."""
        return incidents.close(incident.pk, by=by, at=at)
