"""What another system says through the machine API, and what it means."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from common import text
from common.api import StrictSerializer
from common.errors import RuleBroken
from common.fields import Choice, Moment, Named, Text, YesNo
from complaints.models import Category, ComplainantRole, Complaint, Severity
from complaints.registration import OLDEST, WHAT_LIMIT
from complaints.statements import SAID_LIMIT
from intake.models import Item
from intake.systems.own_cases import own_case
from intake.understood import Told
from staff.branches import closed_sentence
from staff.models import Branch

#: A complaint, and further words to one.
COMPLAINT = "application/vnd.recovery.intake+json"
STATEMENT = "application/vnd.recovery.statement+json"
OUTSIDE_ID_LIMIT = 150
_SAID = "said:"


class _Id(Text):
    """The system's own id: visible, and short enough to be kept as it is."""

    default_error_messages = {"blank": gettext_lazy("请填写本系统的编号。")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(limit=OUTSIDE_ID_LIMIT, allow_blank=False, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        """Raises ValidationError `blank`, `text.*`."""
        value = super().to_internal_value(data)
        if text.is_blank(value):
            self.fail("blank")
        return value


class MachineReportIn(StrictSerializer):
    """A complaint as another system tells it; channel and receiving branch are those of the key.
    `outside_id` is the system's own number of it: the same again is the same case. What comes in
    the same `conversation` while its case is open is appended to that."""

    outside_id = _Id()
    what = Text(limit=WHAT_LIMIT, lines=True)
    complainant_name = Text(limit=60, required=False, default="")
    complainant_phone = Text(limit=40, required=False, default="")
    complainant_role = Choice(ComplainantRole, required=False, default=ComplainantRole.CUSTOMER)
    anonymous = YesNo(required=False, default=False)
    order_no = Text(limit=60, required=False, default="")
    category = Named(
        Category.objects.filter(is_active=True, children=None),
        by="code",
        required=False,
        default=None,
        allow_null=True,
    )
    concerned_branch = Named(
        Branch.objects.all(), by="code", required=False, default=None, allow_null=True
    )
    severity = Choice(Severity, required=False, default=Severity.MINOR)
    received_at = Moment(required=False, default=None, allow_null=True)
    remedy_sought = Text(limit=500, required=False, default="")
    conversation = Text(limit=OUTSIDE_ID_LIMIT, required=False, default="")

    def validate_outside_id(self, outside_id: str) -> str:
        """Raises ValidationError `outside_id.reserved`."""
        if outside_id.startswith(_SAID):  # where further words are kept
            raise serializers.ValidationError(
                _("编号不能以“%(begins)s”开头。") % {"begins": _SAID}, code="outside_id.reserved"
            )
        return outside_id

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """What the registration would refuse for its words is refused here already, beside its
        field, as of `context["at"]`. Raises ValidationError."""
        wrong = _wrong(attrs, self.context["at"])
        if wrong is not None:
            field, code, sentence = wrong
            raise serializers.ValidationError(
                {field: [serializers.ErrorDetail(sentence, code=code)]}
            )
        return attrs


class MachineSaidIn(StrictSerializer):
    """Further words of the customer to a case; `occurred_at` is now when it is left out."""

    outside_id = _Id()
    said = Text(limit=SAID_LIMIT, lines=True)
    occurred_at = Moment(required=False, default=None, allow_null=True)

    def validate_said(self, said: str) -> str:
        """Raises ValidationError `said.blank`."""
        if text.is_blank(said):
            raise serializers.ValidationError(_("没有写内容。"), code="said.blank")
        return said


def clean_id(value: Any) -> str | None:
    """The checked `outside_id` of whatever was said; None where there is none that will do."""
    try:
        return str(_Id().run_validation(value.get("outside_id")))
    except (AttributeError, serializers.ValidationError):
        return None


def kept_id(media_type: str, outside_id: str) -> str:
    """What a thing is kept by: numbers of complaints and of further words don't meet."""
    return f"{_SAID}{outside_id}" if media_type == STATEMENT else outside_id


def own_id(item: Item) -> str:
    """The system's own id of it."""
    return item.outside_id.removeprefix(_SAID) if item.media_type == STATEMENT else item.outside_id


def told(said: Mapping[str, Any]) -> Told:
    """The checked words of a `MachineReportIn` as every channel tells them."""
    return Told(
        what=said["what"],
        name=said["complainant_name"],
        phone=said["complainant_phone"],
        role=said["complainant_role"],
        anonymous=said["anonymous"],
        order_no=said["order_no"],
        remedy_sought=said["remedy_sought"],
        branch=said["concerned_branch"],
        category=said["category"],
        severity=said["severity"],
        received_at=said["received_at"],
        conversation=said["conversation"],
    )


def told_besides(said: Mapping[str, Any], complaint_id: int) -> Told:
    """The checked words of a `MachineSaidIn`, to this case."""
    return Told(what=said["said"], said_at=said["occurred_at"], complaint_id=complaint_id)


def read_report(item: Item) -> Told:
    """What a kept complaint says. Raises RuleBroken for what has become wrong since, such as a
    branch that has closed."""
    return told(
        _checked(
            MachineReportIn(data=json.loads(bytes(item.raw)), context={"at": item.received_at})
        )
    )


def read_statement(item: Item) -> Told:
    """What kept further words say, in a case of the same system. Raises RuleBroken `no.unknown`."""
    kept = json.loads(bytes(item.raw))
    no = kept.pop("no")
    said = _checked(MachineSaidIn(data=kept))
    try:
        complaint_id = own_case(item.inlet, no)
    except Complaint.DoesNotExist as unknown:
        raise RuleBroken("no.unknown", _("这个系统没有这件投诉。"), field="no") from unknown
    return told_besides(said, complaint_id)


def _checked(serializer: StrictSerializer) -> dict[str, Any]:
    if serializer.is_valid():
        values: dict[str, Any] = serializer.validated_data
        return values
    field, details = next(iter(serializer.errors.items()))
    raise RuleBroken(details[0].code, str(details[0]), field=field)


def _wrong(attrs: dict[str, Any], at: datetime) -> tuple[str, str, str] | None:
    """Field, code and sentence of the first thing that is wrong; None: nothing is."""
    branch, received_at = attrs["concerned_branch"], attrs["received_at"]
    if text.is_blank(attrs["what"]):
        return "what", "what.blank", _("请写明投诉内容。")
    if received_at and received_at > at:
        return "received_at", "received_at.future", _("受理时间不能晚于现在。")
    if received_at and received_at < at - OLDEST:
        return "received_at", "received_at.too_old", _("受理时间太早，请检查年份。")
    if branch and branch.closed_at:
        return "concerned_branch", "branch.closed", closed_sentence(branch)
    if not (attrs["anonymous"] or attrs["complainant_name"] or attrs["complainant_phone"]):
        return (
            "complainant_phone",
            "complainant.missing",
            _("请填写投诉人姓名或电话；客户不愿透露时勾选“匿名”。"),
        )
    return None
