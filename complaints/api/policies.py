"""The API of the rules of time: the versions, what one would do, and its approval."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from common.api import LabelOut, Nouns, StrictSerializer, checked_form, refuse_unknown_query
from common.fields import Text
from common.schema import ACTING, LISTING, operation, query
from common.time import now
from complaints import policies, policy_drafts
from complaints.forms.policies import ApproveForm, PreviewForm
from complaints.ladder import ACKNOWLEDGE_WITHIN
from complaints.models import Channel, ClockKind, Policy, PolicyClock, PolicyState, Severity
from complaints.policy_checks import check
from complaints.policy_drafts import READING
from complaints.preview import preview
from staff.api import BranchNameOut, PersonOut
from staff.models import Person, Role
from staff.session import person_of


class PolicyRowOut(serializers.Serializer[Policy]):
    """A version. `in_force` for the one that what is received now falls under."""

    version = serializers.IntegerField()
    state = serializers.ChoiceField(choices=PolicyState.choices)
    state_label = LabelOut(PolicyState)
    in_force = serializers.SerializerMethodField()
    effective_from = serializers.DateTimeField(allow_null=True)
    note = serializers.CharField()
    drafted_by = PersonOut(allow_null=True)
    drafted_at = serializers.DateTimeField(allow_null=True)
    approved_by = PersonOut(allow_null=True)
    approved_at = serializers.DateTimeField(allow_null=True)

    def get_in_force(self, policy: Policy) -> bool:
        """As of the moment of the answer."""
        current: Policy = self.context["current"]
        return policy.pk == current.pk


class StepOut(serializers.Serializer[Any]):
    """A rung: level 0 warns, 1 to 3 escalate; `offset_minutes` from due, negative before it.
    `tells_debtor`: whoever owes it, beside the holders of `roles`."""

    level = serializers.IntegerField()
    offset_minutes = serializers.IntegerField()
    tells_debtor = serializers.BooleanField()
    roles = serializers.ListField(child=serializers.ChoiceField(choices=Role.choices))


class LengthOut(serializers.Serializer[PolicyClock]):
    """How long one kind of clock runs; `severity` and `channel` are "" for all others."""

    kind = serializers.ChoiceField(choices=ClockKind.choices)
    kind_label = LabelOut(ClockKind)
    severity = serializers.CharField(help_text=_("空：不限"))
    channel = serializers.CharField(help_text=_("空：不限"))
    minutes = serializers.IntegerField()
    steps = StepOut(many=True, source="steps.all")


class ProblemOut(serializers.Serializer[Any]):
    """What stands in the way of approving it; `step` counts the row's steps from 0."""

    code = serializers.CharField()
    message = serializers.CharField()
    kind = serializers.ChoiceField(choices=ClockKind.choices)
    severity = serializers.CharField()
    channel = serializers.CharField()
    step = serializers.IntegerField(allow_null=True)


class PolicyOut(PolicyRowOut):
    """A version with all it says; `problems` only of a draft."""

    clocks = serializers.SerializerMethodField()
    problems = serializers.SerializerMethodField()

    @extend_schema_field(LengthOut(many=True))
    def get_clocks(self, policy: Policy) -> Any:
        """The general row of each kind first."""
        rows: Any = policies.rows_of(policy)
        return LengthOut(rows, many=True).data

    @extend_schema_field(ProblemOut(many=True))
    def get_problems(self, policy: Policy) -> Any:
        """As of now: who holds which post is part of it."""
        return ProblemOut(
            check(policy) if policy.state == PolicyState.DRAFT else [], many=True
        ).data


class AlarmOut(serializers.Serializer[Any]):
    """A step that would come at `at`; at `sooner_at` when nobody acknowledged the levels below.
    Told are `people`, and the owner when `tells_owner`."""

    at = serializers.DateTimeField()
    sooner_at = serializers.DateTimeField()
    level = serializers.IntegerField()
    roles = serializers.ListField(child=serializers.ChoiceField(choices=Role.choices))
    tells_debtor = serializers.BooleanField()
    tells_owner = serializers.BooleanField()
    people = PersonOut(many=True)


class CourseOut(serializers.Serializer[Any]):
    """How one clock would run if nothing was done."""

    kind = serializers.ChoiceField(choices=ClockKind.choices)
    kind_label = serializers.CharField(source="kind.label")
    started_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField()
    alarms = AlarmOut(many=True)


class PreviewOut(serializers.Serializer[Any]):
    """What was asked, and how the clocks of such a complaint would run."""

    received_at = serializers.DateTimeField()
    branch = BranchNameOut()
    severity = serializers.ChoiceField(choices=Severity.choices)
    channel = serializers.ChoiceField(choices=Channel.choices)
    anonymous = serializers.BooleanField()
    acknowledge_within_minutes = serializers.IntegerField()
    clocks = CourseOut(many=True)


class ApprovalIn(StrictSerializer):
    """From when it is in force, now when it is left out; `seen` is the `drafted_at` that was
    read: a draft changed since then is not approved."""

    effective_from = extend_schema_field(OpenApiTypes.DATETIME)(Text)(limit=40, required=False)
    seen = extend_schema_field(OpenApiTypes.DATETIME)(Text)(limit=40, required=False)


_QUESTION = [
    query("received_at", _("受理时间，带时区偏移，例如 2026-11-20T17:40:00+08:00"), required=True),
    query("branch", _("受理机构的代码"), required=True),
    query("severity", _("严重程度"), enum=Severity.values, required=True),
    query("channel", _("渠道"), enum=Channel.values, required=True),
    query("anonymous", _("`true`：匿名"), enum=["true", "false"]),
]


class Policies(Nouns):
    """The versions of the rules of time."""

    @operation(
        _("时限策略的各版本"), tag="policies", returns=PolicyRowOut(many=True), errors=LISTING
    )
    def list(self, request: Request) -> Response:
        """The newest first."""
        _reader(request)
        refuse_unknown_query(request, frozenset())
        return self.page(_named(), PolicyRowOut, current=policies.in_force(now()))

    @operation(_("一个版本的时限策略"), tag="policies", returns=PolicyOut, errors=LISTING)
    def retrieve(self, request: Request, version: int) -> Response:
        """All it says."""
        _reader(request)
        return Response(_shown(_policy(version), now()))

    @operation(
        _("预演：这样一件投诉何时响铃、通知谁"),
        tag="policies",
        returns=PreviewOut,
        errors=LISTING,
        parameters=_QUESTION,
    )
    def preview(self, request: Request, version: int) -> Response:
        """As if nothing was done, with the people who hold the posts now."""
        _reader(request)
        policy = _policy(version)
        refuse_unknown_query(request, {each.name for each in _QUESTION})
        asked = checked_form(PreviewForm(request.query_params))
        found = {
            **asked,
            "acknowledge_within_minutes": ACKNOWLEDGE_WITHIN // timedelta(minutes=1),
            "clocks": preview(policy, **asked),
        }
        return Response(PreviewOut(found).data)

    @operation(
        _("批准时限策略"), tag="policies", request=ApprovalIn, returns=PolicyOut, errors=ACTING
    )
    def approve(self, request: Request, version: int) -> Response:
        """The version, approved; it never changes again."""
        person, at = _reader(request), now()
        policy = _policy(version)
        said = checked_form(ApproveForm(self.read(ApprovalIn)))
        policy_drafts.approve(policy.pk, **said, by=person, at=at)
        return Response(_shown(_policy(version), at))


def _reader(request: Request) -> Person:
    person = person_of(request)
    if person.role not in READING:
        raise PermissionDenied
    return person


def _named() -> Any:
    return Policy.objects.select_related("drafted_by", "approved_by")


def _policy(version: int) -> Policy:
    """Raises Policy.DoesNotExist."""
    found: Policy = _named().get(version=version)
    return found


def _shown(policy: Policy, at: datetime) -> Any:
    return PolicyOut(policy, context={"current": policies.in_force(at)}).data
