"""登记投诉: the form that is filled in while the customer is on the line."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django import forms
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from common.forms import CleanText, LocalDateTime, this_minute
from complaints import attachments, drafts, registration, subjects
from complaints.forms.fields import CategoryChoice, ManyFiles
from complaints.models import Channel, ComplainantRole, Complaint, Severity
from complaints.registration import WHAT_LIMIT, Report
from staff.models import Branch, Person


class RegisterForm(forms.Form):
    """Reads a Report; `perform` registers it with its files. The hidden key makes a form that is
    sent twice one case."""

    channel = forms.ChoiceField(
        label=_("渠道"), choices=Channel, widget=forms.RadioSelect, initial=Channel.PHONE
    )
    received_at = LocalDateTime(
        label=_("受理时间"), initial=this_minute, help_text=_("客户告诉我们的时间，默认现在。")
    )
    complainant_phone = CleanText(label=_("联系电话"), limit=40, required=False)
    complainant_name = CleanText(label=_("投诉人"), limit=60, required=False)
    complainant_role = forms.ChoiceField(
        label=_("投诉人身份"), choices=ComplainantRole, initial=ComplainantRole.CUSTOMER
    )
    anonymous = forms.BooleanField(
        label=_("匿名"), required=False, help_text=_("客户不愿透露身份；无法致歉和回访。")
    )
    what = CleanText(
        label=_("投诉内容"),
        limit=WHAT_LIMIT,
        lines=True,
        rows=6,
        error_messages={"required": _("请写明投诉内容。")},
    )
    order_no = CleanText(label=_("单号"), limit=60, required=False)
    category = CategoryChoice(
        label=_("类别"), empty_label=_("请选择"), error_messages={"required": _("请选择类别。")}
    )
    concerned_branch = forms.ModelChoiceField(
        Branch.objects.live(), label=_("涉及机构"), required=False, empty_label=_("未知")
    )
    subjects = CleanText(
        label=_("被投诉的员工"),
        limit=200,
        required=False,
        help_text=_("姓名或用户名，几位用逗号分开；投诉不会让本人看到。"),
    )
    severity = forms.ChoiceField(
        label=_("严重程度"), choices=Severity, widget=forms.RadioSelect, initial=Severity.MINOR
    )
    remedy_sought = CleanText(label=_("客户诉求"), limit=500, required=False)
    settled_on_spot = forms.BooleanField(
        label=_("现场已处理"), required=False, help_text=_("已当场致歉并告知结果；仍会安排回访。")
    )
    settlement = CleanText(label=_("现场怎样处理"), limit=2000, lines=True, rows=2, required=False)
    attachments = ManyFiles(
        label=_("附件"), required=False, help_text=_("照片、单据、录音等，每个不超过 20 MB。")
    )
    submission_key = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["submission_key"].initial = uuid.uuid4
        self.fields["complainant_phone"].widget.attrs |= {"inputmode": "tel", "autocomplete": "off"}
        self.fields["complainant_name"].widget.attrs["autocomplete"] = "off"
        self.fields["what"].widget.attrs["data-counter"] = WHAT_LIMIT

    def perform(self, *, by: Person, at: datetime) -> tuple[Complaint, bool]:
        """Register the case and keep its files: both or neither; its draft is done with. Raises
        RuleBroken."""
        data = self.cleaned_data
        key = data["submission_key"]
        with transaction.atomic():
            complaint, created = registration.register(
                self._report(),
                by=by,
                at=at,
                submission_key=drafts.form_key(by, key) if key else None,
            )
            for upload in data["attachments"] if created else []:
                attachments.keep(complaint, upload, by=by, at=at)
            if key:
                drafts.done(key, by=by)
        return complaint, created

    def _report(self) -> Report:
        data = self.cleaned_data
        return Report(
            channel=Channel(data["channel"]),
            severity=Severity(data["severity"]),
            complainant_role=ComplainantRole(data["complainant_role"]),
            subject_ids=tuple(
                person.pk for person in subjects.resolve(data["subjects"], data["concerned_branch"])
            ),
            **{
                name: data[name]
                for name in (
                    "received_at",
                    "complainant_phone",
                    "complainant_name",
                    "anonymous",
                    "what",
                    "order_no",
                    "category",
                    "concerned_branch",
                    "remedy_sought",
                    "settled_on_spot",
                    "settlement",
                )
            },
        )
