"""The forms of passing a case on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from common.forms import CleanText
from common.time import now
from complaints import handovers
from complaints.forms.actions import ActionForm
from complaints.forms.fields import PersonChoice
from complaints.handovers import NOTE_LIMIT, Offer
from complaints.models import (
    Contact,
    Handover,
    HandoverReason,
    Remedy,
)
from complaints.promises import promised, told
from complaints.rules import Action, latest_handover
from staff import presence
from staff.models import Person


def people_here(at: datetime) -> QuerySet[Person]:
    """Whom a case may be offered to, by branch and name."""
    found = presence.here(at).select_related("branch")
    return found.order_by("branch__sort_key", "sort_key", "username")


class OfferForm(ActionForm):
    action = Action.OFFER
    title = _("交接")
    submit_label = _("请对方接手")
    lead = _("对方接受之前仍由您负责，时限照常计时；2 小时内没有答复，主管可以裁决")
    done = _("已请对方接手；对方接受之前仍由您负责。")

    receiver = PersonChoice(
        Person.objects.none(),
        label=_("交给谁"),
        empty_label=_("请选择"),
        help_text=_("只列出现在在岗的人。"),
        error_messages={"required": _("请选择接收人。")},
    )
    reason = forms.ChoiceField(
        label=_("交接原因"),
        choices=HandoverReason,
        widget=forms.RadioSelect,
        error_messages={"required": _("请选择交接原因。")},
    )
    note = CleanText(
        label=_("交接说明"),
        limit=NOTE_LIMIT,
        lines=True,
        help_text=_("办到哪一步，答应过客户什么，接下来要做什么。"),
        error_messages={"required": _("请写明交接时要说的话。")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = people_here(now()).exclude(pk=self.complaint.owner_id)
        self.fields["receiver"].queryset = people  # type: ignore[attr-defined]

    def perform(self, *, by: Person, at: datetime) -> Handover:
        data = self.cleaned_data
        offered = Offer(
            receiver=data["receiver"], reason=HandoverReason(data["reason"]), note=data["note"]
        )
        return handovers.offer(self.complaint.pk, offered, by=by, at=at)


class _AnswerForm(ActionForm):
    """A form that shows what the answer is about: the offer, and what the customer was promised."""

    fields_template = "complaints/_offered.html"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.handover = latest_handover(self.complaint)

    @property
    def remedies(self) -> Sequence[Remedy]:
        """What the customer was promised, or may yet be."""
        return promised(self.complaint)

    @property
    def told(self) -> Sequence[Contact]:
        """What the customer was told, the latest first."""
        return told(self.complaint)


class AcceptOfferForm(_AnswerForm):
    action = Action.ACCEPT_OFFER
    title = _("接受交接")
    submit_label = _("我来负责")
    lead = _("接受后由您对客户负责到底；时限不重新计算")
    done = _("现在由您负责这件投诉。")

    def perform(self, *, by: Person, at: datetime) -> Handover:
        return handovers.accept(self.complaint.pk, by=by, at=at)


class RefuseOfferForm(_AnswerForm):
    action = Action.REFUSE_OFFER
    title = _("退回交接")
    submit_label = _("退回")
    lead = _("仍由原责任人负责；同一轮第二次退回，由品质管理员裁决")
    done = _("已退回，仍由原责任人负责。")
    danger = True

    answer = CleanText(
        label=_("不接受的原因"),
        limit=NOTE_LIMIT,
        lines=True,
        error_messages={"required": _("请写明不接受的原因。")},
    )

    def perform(self, *, by: Person, at: datetime) -> Handover:
        answer = self.cleaned_data["answer"]
        return handovers.refuse(self.complaint.pk, answer=answer, by=by, at=at)


class WithdrawOfferForm(ActionForm):
    action = Action.WITHDRAW_OFFER
    title = _("撤回交接")
    submit_label = _("撤回")
    lead = _("对方不用再答复，仍由您负责")
    done = _("交接已撤回，仍由您负责。")

    def perform(self, *, by: Person, at: datetime) -> Handover:
        return handovers.withdraw(self.complaint.pk, by=by, at=at)


class DecideOfferForm(_AnswerForm):
    action = Action.DECIDE_OFFER
    title = _("裁决交接")
    submit_label = _("裁决")
    lead = _("裁决立即生效，双方都会收到通知")
    done = _("交接已裁决。")

    owner = PersonChoice(
        Person.objects.none(),
        label=_("由谁负责"),
        empty_label=_("请选择"),
        error_messages={"required": _("请选择由谁负责。")},
    )
    opinion = CleanText(
        label=_("裁决意见"),
        limit=NOTE_LIMIT,
        lines=True,
        error_messages={"required": _("请写明裁决意见。")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        here = Q(pk__in=people_here(now()).values("pk")) | Q(pk=self.complaint.owner_id)
        people = Person.objects.filter(here).select_related("branch")
        self.fields["owner"].queryset = people.order_by(  # type: ignore[attr-defined]
            "branch__sort_key", "sort_key", "username"
        )
        self.fields["owner"].initial = self.complaint.owner_id

    def perform(self, *, by: Person, at: datetime) -> Handover:
        data = self.cleaned_data
        return handovers.decide(
            self.complaint.pk, owner=data["owner"], opinion=data["opinion"], by=by, at=at
        )
