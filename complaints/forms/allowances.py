"""The forms of pausing and extending the 24H clock."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.forms import CleanText
from complaints import allowances
from complaints.allowances import LONGEST_EXTENSION, NOTE_LIMIT, Wish
from complaints.forms.actions import ActionForm
from complaints.forms.fields import Hours, yes_no
from complaints.models import Allowance, AllowanceKind, AllowanceReason
from complaints.rules import Action
from staff.models import Person


class _WishForm(ActionForm):
    lead = _("暂停合计最多 48 小时，延期合计最多 72 小时")

    kind = forms.ChoiceField(
        label=_("类型"),
        choices=AllowanceKind,
        widget=forms.RadioSelect,
        initial=AllowanceKind.PAUSE,
        help_text=_("暂停：时限停住，到时自动恢复；延期：时限照走，到期时间推后。"),
    )
    minutes = Hours(
        label=_("时长（小时）"),
        at_most=LONGEST_EXTENSION,
        error_messages={"required": _("请填写需要多少小时。")},
    )
    reason = forms.ChoiceField(
        label=_("原因"),
        choices=AllowanceReason,
        widget=forms.RadioSelect,
        error_messages={"required": _("请选择原因。")},
    )
    note = CleanText(
        label=_("具体情况"),
        limit=NOTE_LIMIT,
        lines=True,
        error_messages={"required": _("请写明需要更多时间的具体情况。")},
    )

    def wish(self) -> Wish:
        """What was filled in; the form must be valid."""
        data = self.cleaned_data
        return Wish(
            kind=AllowanceKind(data["kind"]),
            reason=AllowanceReason(data["reason"]),
            minutes=data["minutes"],
            note=data["note"],
        )


class AskTimeForm(_WishForm):
    action = Action.ASK_TIME
    title = _("申请暂停或延期")
    submit_label = _("提交申请")
    done = _("申请已提交，批准之前时限照常计时。")

    def perform(self, *, by: Person, at: datetime) -> Allowance:
        return allowances.ask(self.complaint.pk, self.wish(), by=by, at=at)


class GrantTimeForm(_WishForm):
    action = Action.GRANT_TIME
    title = _("暂停或延期反馈")
    submit_label = _("立即生效")
    done = _("反馈时限已调整。")

    def perform(self, *, by: Person, at: datetime) -> Allowance:
        return allowances.grant(self.complaint.pk, self.wish(), by=by, at=at)


class _AllowanceForm(ActionForm):
    """An action on one request, or on one pause, of the case."""

    def __init__(self, *args: Any, allowance: Allowance, **kwargs: Any) -> None:
        super().__init__(*args, complaint=allowance.complaint, **kwargs)
        self.allowance = allowance


class EndorseTimeForm(_AllowanceForm):
    action = Action.ENDORSE_TIME
    title = _("同意申请")
    submit_label = _("同意")
    lead = _("由品质管理员或服务总监最后批准")
    done = _("已同意这项申请。")

    def perform(self, *, by: Person, at: datetime) -> Allowance:
        return allowances.endorse(self.allowance.pk, by=by, at=at)


class DecideTimeForm(_AllowanceForm):
    action = Action.DECIDE_TIME
    title = _("批准或驳回申请")
    submit_label = _("保存审批")
    lead = _("批准后从现在起生效")
    done = _("审批已保存。")

    granted = yes_no(_("批准吗"), error_messages={"required": _("请选择批准或不批准。")})
    opinion = CleanText(
        label=_("审批意见"), limit=NOTE_LIMIT, required=False, help_text=_("不批准时必须写明原因。")
    )

    def perform(self, *, by: Person, at: datetime) -> Allowance:
        data = self.cleaned_data
        return allowances.decide(
            self.allowance.pk, granted=data["granted"], opinion=data["opinion"], by=by, at=at
        )


class ResumeTimeForm(_AllowanceForm):
    action = Action.RESUME_TIME
    title = _("提前恢复计时")
    submit_label = _("恢复计时")
    lead = _("没有用完的暂停时间收回，到期时间相应提前")
    done = _("反馈时限已恢复计时。")

    def perform(self, *, by: Person, at: datetime) -> Allowance:
        return allowances.resume(self.allowance.pk, by=by, at=at)
