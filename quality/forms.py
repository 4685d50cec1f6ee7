"""The forms of the rectification sheet."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.forms import CleanText
from complaints.forms.actions import ActionForm
from complaints.rules import Action
from quality import sheets
from quality.models import Sheet
from quality.sheets import PART_LIMIT, TITLE_LIMIT, Parts
from staff.models import Person

_PARTS = [field.name for field in fields(Parts)]
_BLANK = {"required": _("这一部分不能空着。")}


def _part(label: Any, help_text: Any = "", rows: int = 3) -> CleanText:
    return CleanText(
        label=label,
        limit=PART_LIMIT,
        lines=True,
        rows=rows,
        help_text=help_text,
        error_messages=_BLANK,
    )


class SheetForm(ActionForm):
    """Parts 2 to 6 of the sheet; a returned one comes back with what was written."""

    action = Action.SUBMIT_SHEET
    title = _("问题整改工作单")
    submit_label = _("提交整改单")
    lead = _("六部分齐全、写明承诺日期，才算完成 48H")
    done = _("整改单已提交。")
    fields_template = "quality/_sheet_fields.html"

    title_text = CleanText(
        label=_("标题"),
        limit=TITLE_LIMIT,
        error_messages=_BLANK,
        help_text=_("问题主体 + 问题性质 + 异常内容，例如：兰州中转站分拣延误致 3 票冷链货变质。"),
    )
    facts = _part(_("基本信息"), _("单号、时间、地点、货物、涉及人员。"))
    course = _part(_("事件经过"), rows=4)
    cause = _part(_("原因分析"), _("具体、真实、与问题直接相关。"), rows=4)
    evidence = _part(_("调查取证"), _("看了什么记录、问了谁，得到什么。"))
    containment = _part(_("应急处理措施"), _("先写客户关心的问题怎样解决。"))
    accountability = _part(_("责任追究"), _("包括外部供方和内部管理人员。"))
    prevention = _part(_("如何预防"))
    detection = _part(_("如何及时发现"))
    response = _part(_("如何快速响应客户"))
    effect = _part(_("执行效果"), _("处理结果和客户满意度，如实写。"))
    committed_on = forms.DateField(
        label=_("承诺完成日期"),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"required": _("请填写承诺完成日期。"), "invalid": _("请填写正确的日期。")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if sheet := sheets.of_round(self.complaint):
            self.initial = {**_written(sheet), **self.initial}

    def perform(self, *, by: Person, at: datetime) -> Sheet:
        """Submit it. Raises RuleBroken."""
        parts = Parts(**{part: self.cleaned_data[_field(part)] for part in _PARTS})
        return sheets.submit(self.complaint.pk, parts, by=by, at=at)


def _written(sheet: Sheet) -> dict[str, Any]:
    """What a returned sheet already says, by the form's field names."""
    return {_field(part): getattr(sheet, part) for part in _PARTS}


def _field(part: str) -> str:
    """A form has a title of its own, so the sheet's goes by another name."""
    return "title_text" if part == "title" else part


class _OpinionForm(ActionForm):
    opinion = CleanText(
        label=_("核实意见"),
        limit=PART_LIMIT,
        lines=True,
        error_messages={"required": _("请写明核实意见。")},
    )


class ReturnForm(_OpinionForm):
    action = Action.RETURN_SHEET
    title = _("退回整改单")
    submit_label = _("退回")
    done = _("整改单已退回，整改责任人已收到通知。")
    danger = True

    def perform(self, *, by: Person, at: datetime) -> Sheet:
        """Return it. Raises RuleBroken."""
        return sheets.send_back(
            self.complaint.pk, opinion=self.cleaned_data["opinion"], by=by, at=at
        )


class VerifyForm(_OpinionForm):
    action = Action.VERIFY_SHEET
    title = _("验收整改单")
    submit_label = _("验收通过")
    lead = _("核实执行效果后确认，并给出指导意见")
    done = _("整改单验收通过，内部闭环。")

    def perform(self, *, by: Person, at: datetime) -> Sheet:
        """Verify it. Raises RuleBroken."""
        return sheets.verify(self.complaint.pk, opinion=self.cleaned_data["opinion"], by=by, at=at)


class WaiveForm(ActionForm):
    action = Action.WAIVE_SHEET
    title = _("免整改")
    submit_label = _("免整改")
    lead = _("不再要求整改单；比例会单独统计")
    done = _("已免整改。")
    danger = True

    reason = CleanText(
        label=_("免整改原因"),
        limit=PART_LIMIT,
        lines=True,
        error_messages={"required": _("请写明免整改的原因。")},
    )

    def perform(self, *, by: Person, at: datetime) -> Sheet:
        """Waive it. Raises RuleBroken."""
        return sheets.waive(self.complaint.pk, reason=self.cleaned_data["reason"], by=by, at=at)
