"""One form an action on the case page; each reads its words and calls its service."""

from __future__ import annotations

import uuid
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from common import once
from common.forms import CleanText, LocalDateTime, this_minute
from complaints import (
    attachments,
    callbacks,
    closing,
    contacts,
    customers,
    remedies,
    suggestions,
    triage,
)
from complaints.acknowledgement import acknowledge
from complaints.callbacks import Answers
from complaints.contacts import SAID_LIMIT, Talk
from complaints.forms.fields import ManyFiles, yes_no
from complaints.models import (
    Complaint,
    Contact,
    ContactKind,
    Escalation,
    InvalidReason,
    Means,
    Remedy,
    RemedyKind,
    Suggestion,
)
from complaints.rules import Action
from staff.models import Person


class ActionForm(forms.Form):
    """A form that does one thing to one case. `perform` raises RuleBroken when it may not."""

    action: ClassVar[Action]
    title: ClassVar[Any]
    submit_label: ClassVar[Any]
    lead: ClassVar[Any] = ""
    done: ClassVar[Any] = _("已保存。")
    danger: ClassVar[bool] = False
    multipart: ClassVar[bool] = False
    fields_template: ClassVar[str] = ""

    press_key = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, complaint: Complaint, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["press_key"].initial = uuid.uuid4
        self.complaint = complaint

    @transaction.atomic
    def perform_once(self, *, by: Person, at: datetime) -> bool:
        """`perform`, unless this very form has done so before. Raises RuleBroken."""
        key = self._key(by)
        if key is None or once.claim(key):
            self.perform(by=by, at=at)
        return True

    def was_pressed(self, by: Person) -> bool:
        """Whether this very form was sent, and its deed done, before."""
        key = self._key(by)
        return key is not None and once.is_claimed(key)

    def _key(self, by: Person) -> str | None:
        key = self.cleaned_data.get("press_key")
        return f"form:{by.pk}:{key}" if key else None

    def perform(self, *, by: Person, at: datetime) -> object:
        """Do it. Raises RuleBroken."""
        raise NotImplementedError


class ContactForm(ActionForm):
    action = Action.RECORD_CONTACT
    title = _("记录联系")
    submit_label = _("保存联系记录")
    lead = _("联系上客户，才算完成致歉或反馈")
    done = _("联系已记录。")

    kind = forms.ChoiceField(
        label=_("联系类型"),
        choices=ContactKind,
        widget=forms.RadioSelect,
        initial=ContactKind.APOLOGY,
        help_text=_("致歉：向客户道歉；进度：还在处理；结果：告知决定和补救。"),
    )
    means = forms.ChoiceField(
        label=_("联系方式"), choices=Means, widget=forms.RadioSelect, initial=Means.PHONE
    )
    reached = yes_no(
        _("联系上客户了吗"),
        initial="yes",
        error_messages={"required": _("请说明是否联系上客户。")},
    )
    occurred_at = LocalDateTime(
        label=_("联系时间"), initial=this_minute, help_text=_("通话发生的时间，不是录入时间。")
    )
    said = CleanText(
        label=_("沟通内容"),
        limit=SAID_LIMIT,
        lines=True,
        help_text=_("联系类型是“结果”时，客户能在查询页看到这里写的内容。"),
        error_messages={"required": _("请写明和客户说了什么。")},
    )

    def perform(self, *, by: Person, at: datetime) -> Contact:
        data = self.cleaned_data
        talk = Talk(
            kind=ContactKind(data["kind"]),
            means=Means(data["means"]),
            said=data["said"],
            occurred_at=data["occurred_at"],
            reached=data["reached"],
        )
        return contacts.record(self.complaint.pk, talk, by=by, at=at)


class CustomerNoteForm(ActionForm):
    action = Action.NOTE_CUSTOMER
    title = _("客户须知")
    submit_label = _("保存")
    lead = _("下次来电时显示给接电话的人；清空就是不再需要")
    done = _("客户须知已保存。")

    words = CleanText(
        label=_("特别需要"),
        limit=customers.WORDS_LIMIT,
        required=False,
        help_text=_("例如：听力障碍，请发短信；仅限下午联系；说维吾尔语。只写联系时要注意的事。"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if standing := customers.standing(self.complaint.phone_key):
            self.initial = {"words": standing.words, **self.initial}

    def perform(self, *, by: Person, at: datetime) -> object:
        """Write it down. Raises RuleBroken."""
        words = self.cleaned_data["words"]
        return customers.note(self.complaint.pk, words=words, by=by, at=at)


class AcceptForm(ActionForm):
    action = Action.ACCEPT
    title = _("分拣为有效投诉")
    submit_label = _("确认有效")
    lead = _("之后判定责任机构和整改责任人")
    done = _("已分拣为有效投诉。")

    def perform(self, *, by: Person, at: datetime) -> Complaint:
        return triage.accept(self.complaint.pk, by=by, at=at)


class RejectForm(ActionForm):
    action = Action.REJECT
    title = _("分拣为无效")
    submit_label = _("判为无效")
    lead = _("时限停止；以后可以改回有效，仍从受理时间起算")
    done = _("已判为无效。")
    danger = True

    reason = forms.ChoiceField(
        label=_("无效原因"),
        choices=InvalidReason,
        widget=forms.RadioSelect,
        error_messages={"required": _("请选择无效原因。")},
    )
    duplicate_of = CleanText(
        label=_("与哪件重复"),
        limit=20,
        required=False,
        help_text=_("只在“重复投诉”时填写另一件的编号；那一件和它的时限不变。"),
    )
    note = CleanText(
        label=_("依据"),
        limit=500,
        lines=True,
        error_messages={"required": _("请写明判为无效的依据。")},
    )

    def perform(self, *, by: Person, at: datetime) -> Complaint:
        data = self.cleaned_data
        return triage.reject(
            self.complaint.pk,
            reason=InvalidReason(data["reason"]),
            note=data["note"],
            duplicate_of=data["duplicate_of"],
            by=by,
            at=at,
        )


class ReviewTriageForm(ActionForm):
    action = Action.REVIEW_TRIAGE
    title = _("复核分拣")
    submit_label = _("保存复核")
    lead = _("改判为有效时，时限仍从受理时间起算")
    done = _("复核已保存。")

    upheld = forms.TypedChoiceField(
        label=_("结论"),
        choices=[("yes", _("维持分拣")), ("no", _("改判为有效"))],
        coerce=lambda said: said == "yes",
        empty_value=None,
        widget=forms.RadioSelect,
        error_messages={"required": _("请选择维持分拣或改判为有效。")},
    )
    opinion = CleanText(
        label=_("复核意见"),
        limit=500,
        lines=True,
        required=False,
        help_text=_("改判为有效时必须写明原因。"),
    )

    def perform(self, *, by: Person, at: datetime) -> Complaint:
        data = self.cleaned_data
        return triage.review(
            self.complaint.pk, upheld=data["upheld"], opinion=data["opinion"], by=by, at=at
        )


class SuggestTriageForm(ActionForm):
    action = Action.SUGGEST_TRIAGE
    title = _("建议分拣")
    submit_label = _("提出建议")
    lead = _("由品质管理员分拣，建议会显示在投诉页上")
    done = _("建议已提出。")

    reason = forms.ChoiceField(
        label=_("建议分拣为"),
        choices=[("", _("有效投诉")), *InvalidReason.choices],
        widget=forms.RadioSelect,
        required=False,
    )
    note = CleanText(
        label=_("理由"),
        limit=500,
        lines=True,
        error_messages={"required": _("请写明建议的理由。")},
    )

    def perform(self, *, by: Person, at: datetime) -> Suggestion:
        data = self.cleaned_data
        reason = InvalidReason(data["reason"]) if data["reason"] else None
        return suggestions.suggest_triage(
            self.complaint.pk, reason=reason, note=data["note"], by=by, at=at
        )


class RemedyForm(ActionForm):
    action = Action.PROPOSE_REMEDY
    title = _("提出补救")
    submit_label = _("提出")
    lead = _("额度内即可承诺，超出额度自动转审批")
    done = _("补救已提出。")

    kind = forms.ChoiceField(
        label=_("补救方式"),
        choices=RemedyKind,
        widget=forms.RadioSelect,
        error_messages={"required": _("请选择补救方式。")},
    )
    amount = forms.DecimalField(
        label=_("金额（元）"),
        min_value=Decimal(0),
        max_value=remedies.LARGEST,
        decimal_places=2,
        initial=Decimal(0),
        help_text=_("公司承担的费用；致歉信填 0。"),
    )
    description = CleanText(
        label=_("补救内容"), limit=500, error_messages={"required": _("请写明补救的内容。")}
    )

    def perform(self, *, by: Person, at: datetime) -> Remedy:
        data = self.cleaned_data
        return remedies.propose(
            self.complaint.pk,
            kind=RemedyKind(data["kind"]),
            amount=data["amount"],
            description=data["description"],
            by=by,
            at=at,
        )


class CallbackForm(ActionForm):
    action = Action.RECORD_CALLBACK
    title = _("回访")
    submit_label = _("保存回访")
    lead = _("不满意或未解决会自动重开新一轮")
    done = _("回访已记录。")

    means = forms.ChoiceField(
        label=_("联系方式"), choices=Means, widget=forms.RadioSelect, initial=Means.PHONE
    )
    reached = yes_no(
        _("联系上客户了吗"),
        initial="yes",
        error_messages={"required": _("请说明是否联系上客户。")},
    )
    satisfied = yes_no(_("客户满意吗"), required=False)
    solved = yes_no(_("问题解决了吗"), required=False)
    score = forms.TypedChoiceField(
        label=_("评分"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[(5, "5"), (4, "4"), (3, "3"), (2, "2"), (1, "1")],
        widget=forms.RadioSelect,
    )
    occurred_at = LocalDateTime(label=_("回访时间"), initial=this_minute)
    said = CleanText(label=_("客户原话"), limit=2000, lines=True, required=False)

    def perform(self, *, by: Person, at: datetime) -> object:
        data = self.cleaned_data
        answers = Answers(
            means=Means(data["means"]),
            reached=data["reached"],
            satisfied=data["satisfied"],
            solved=data["solved"],
            score=data["score"],
            said=data["said"],
            occurred_at=data["occurred_at"],
        )
        return callbacks.record(self.complaint.pk, answers, by=by, at=at)


class CloseForm(ActionForm):
    action = Action.CLOSE
    title = _("为客户结案")
    submit_label = _("结案")
    lead = _("结果已告知、已回访、补救已定，才能结案")
    done = _("客户侧已结案。")

    def perform(self, *, by: Person, at: datetime) -> Complaint:
        return closing.close(self.complaint.pk, by=by, at=at)


class ReopenForm(ActionForm):
    action = Action.REOPEN
    title = _("重开")
    submit_label = _("重开新一轮")
    lead = _("四个时限重新计时，上一轮的结果不变")
    done = _("已重开，四个时限重新计时。")

    reason = CleanText(
        label=_("客户为什么仍不满意"),
        limit=500,
        lines=True,
        error_messages={"required": _("请写明客户为什么仍不满意。")},
    )

    def perform(self, *, by: Person, at: datetime) -> Complaint:
        return closing.reopen(self.complaint.pk, reason=self.cleaned_data["reason"], by=by, at=at)


class WithdrawForm(ActionForm):
    action = Action.WITHDRAW
    title = _("撤诉")
    submit_label = _("记录撤诉")
    lead = _("必须由客户提出；已超时的时限不会抹去")
    done = _("已记录撤诉。")
    danger = True

    said_by = CleanText(
        label=_("谁提出的"), limit=60, error_messages={"required": _("请写明是谁提出撤诉的。")}
    )
    note = CleanText(
        label=_("怎样提出的"),
        limit=500,
        lines=True,
        error_messages={"required": _("请写明客户怎样提出撤诉的。")},
    )

    def perform(self, *, by: Person, at: datetime) -> Complaint:
        data = self.cleaned_data
        return closing.withdraw(
            self.complaint.pk, said_by=data["said_by"], note=data["note"], by=by, at=at
        )


class AttachForm(ActionForm):
    action = Action.ATTACH
    title = _("添加附件")
    submit_label = _("上传")
    done = _("附件已添加。")
    multipart = True

    attachments = ManyFiles(
        label=_("文件"),
        help_text=_("照片、单据、录音等，每个不超过 20 MB。"),
        error_messages={"required": _("请选择文件。")},
    )

    def perform(self, *, by: Person, at: datetime) -> object:
        with transaction.atomic():
            return [
                attachments.attach(self.complaint.pk, upload, by=by, at=at)
                for upload in self.cleaned_data["attachments"]
            ]


class RemedyActionForm(ActionForm):
    """An action on one remedy of the case."""

    def __init__(self, *args: Any, remedy: Remedy, **kwargs: Any) -> None:
        super().__init__(*args, complaint=remedy.complaint, **kwargs)
        self.remedy = remedy


class DecideRemedyForm(RemedyActionForm):
    action = Action.DECIDE_REMEDY
    title = _("审批补救")
    submit_label = _("保存审批")
    done = _("审批已保存。")

    approve = yes_no(_("批准吗"), error_messages={"required": _("请选择批准或不批准。")})
    note = CleanText(label=_("审批意见"), limit=500, required=False)

    def perform(self, *, by: Person, at: datetime) -> Remedy:
        data = self.cleaned_data
        return remedies.decide(
            self.remedy.pk, approve=data["approve"], note=data["note"], by=by, at=at
        )


class DeliverRemedyForm(RemedyActionForm):
    action = Action.DELIVER_REMEDY
    title = _("兑现补救")
    submit_label = _("已兑现")
    done = _("补救已兑现。")

    proof = CleanText(
        label=_("兑现凭证"),
        limit=200,
        help_text=_("收据号、转账流水号或快递单号。"),
        error_messages={"required": _("请填写兑现凭证，例如收据号。")},
    )

    def perform(self, *, by: Person, at: datetime) -> Remedy:
        return remedies.deliver(self.remedy.pk, proof=self.cleaned_data["proof"], by=by, at=at)


class CancelRemedyForm(RemedyActionForm):
    action = Action.CANCEL_REMEDY
    title = _("取消补救")
    submit_label = _("取消补救")
    done = _("补救已取消。")
    danger = True

    note = CleanText(
        label=_("取消原因"), limit=500, error_messages={"required": _("请写明取消的原因。")}
    )

    def perform(self, *, by: Person, at: datetime) -> Remedy:
        return remedies.cancel(self.remedy.pk, note=self.cleaned_data["note"], by=by, at=at)


class AcknowledgeForm(ActionForm):
    action = Action.ACKNOWLEDGE
    title = _("确认升级")
    submit_label = _("我已知悉，正在跟进")
    done = _("升级已确认。")

    note = CleanText(label=_("怎样跟进"), limit=500, required=False)

    def __init__(self, *args: Any, escalation: Escalation, **kwargs: Any) -> None:
        super().__init__(*args, complaint=escalation.complaint, **kwargs)
        self.escalation = escalation

    def perform(self, *, by: Person, at: datetime) -> Escalation:
        return acknowledge(self.escalation.pk, note=self.cleaned_data["note"], by=by, at=at)
