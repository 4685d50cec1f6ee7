"""时限策略: its approval, a draft written anew, and the question of the preview."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common.forms import LocalDateTime
from complaints import policy_drafts
from complaints.models import Channel, Policy, PolicyState, Severity
from staff.models import Branch, BranchKind, Person


class Stamp(forms.CharField):
    """When the draft was last written, as the page shown said it; exact, unlike a date input."""

    widget = forms.HiddenInput

    def to_python(self, value: Any) -> Any:
        """A moment, None when there is none. Raises ValidationError."""
        written = super().to_python(value)
        try:
            return datetime.fromisoformat(written) if written else None
        except ValueError as error:
            raise forms.ValidationError(_("请刷新页面后再试。"), code="invalid") from error

    def prepare_value(self, value: Any) -> Any:
        """The moment as it is written into the page."""
        return value.isoformat() if isinstance(value, datetime) else value


class ApproveForm(forms.Form):
    """From when the draft is to be in force."""

    effective_from = LocalDateTime(
        label=_("生效时间"), required=False, help_text=_("留空就是批准后立即生效。")
    )
    seen = Stamp(required=False)

    def perform(self, policy: Policy, *, by: Person, at: datetime) -> Policy:
        """Approve it. Raises RuleBroken."""
        data = self.cleaned_data
        return policy_drafts.approve(
            policy.pk, effective_from=data["effective_from"], seen=data["seen"], by=by, at=at
        )


class ResetForm(forms.Form):
    """The version of which the draft becomes a copy."""

    based_on = forms.ModelChoiceField(
        Policy.objects.filter(state=PolicyState.APPROVED),
        label=_("以哪个版本为底稿"),
        to_field_name="version",
        empty_label=None,
    )

    def perform(self, policy: Policy, *, by: Person, at: datetime) -> Policy:
        """Rewrite the draft. Raises RuleBroken."""
        return policy_drafts.reset(policy.pk, self.cleaned_data["based_on"], by=by, at=at)


class PreviewForm(forms.Form):
    """The complaint of which a preview is asked for."""

    received_at = LocalDateTime(
        label=_("受理时间"),
        validators=[
            MinValueValidator(datetime(1990, 1, 1, tzinfo=UTC), _("时间太早，请检查年份。")),
            MaxValueValidator(datetime(2100, 1, 1, tzinfo=UTC), _("时间太远，请检查年份。")),
        ],
    )
    branch = forms.ModelChoiceField(
        Branch.objects.live(), label=_("受理机构"), to_field_name="code", empty_label=None
    )
    severity = forms.ChoiceField(label=_("严重程度"), choices=Severity)
    channel = forms.ChoiceField(label=_("渠道"), choices=Channel)
    anonymous = forms.BooleanField(label=_("匿名"), required=False)


def usual_question(person: Person, at: datetime) -> dict[str, str]:
    """What the preview shows before anything is asked: an ordinary phone call to the person's
    branch, or the firm's first, at 17:40 on the next Friday."""
    branch = (
        person.branch
        if person.branch.kind == BranchKind.BRANCH
        else Branch.objects.live().filter(kind=BranchKind.BRANCH).first() or person.branch
    )
    return {
        "received_at": f"{_friday(timezone.localdate(at)):%Y-%m-%d}T{time(17, 40):%H:%M}",
        "branch": branch.code,
        "severity": Severity.MINOR,
        "channel": Channel.PHONE,
    }


def _friday(today: date) -> date:
    """Today, when it is one, else the next."""
    return today + timedelta(days=(4 - today.weekday()) % 7)
