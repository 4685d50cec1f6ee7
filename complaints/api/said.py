"""What the API reads: one serializer an action; what the words mean is the services' business."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from common.api import StrictSerializer
from common.fields import Amount, Choice, Moment, Named, Percent, Text, Whole, YesNo
from complaints.allowances import NOTE_LIMIT as TIME_NOTE_LIMIT
from complaints.contacts import SAID_LIMIT
from complaints.disputes import REASONS_LIMIT
from complaints.findings import BASIS_LIMIT
from complaints.models import (
    AllowanceKind,
    AllowanceReason,
    Category,
    Channel,
    ComplainantRole,
    ContactKind,
    Department,
    InvalidReason,
    Means,
    RemedyKind,
    Severity,
    Supplier,
)
from complaints.registration import WHAT_LIMIT
from complaints.suggestions import NOTE_LIMIT
from staff.models import Branch, Person


class NothingIn(StrictSerializer):
    """Nothing more to say."""


class ReportIn(StrictSerializer):
    """What the customer said; `received_at` is now when it is left out."""

    channel = Choice(Channel)
    what = Text(limit=WHAT_LIMIT, lines=True)
    category = Named(Category.objects.filter(is_active=True, children=None), by="code")
    severity = Choice(Severity)
    received_at = Moment(required=False)
    complainant_name = Text(limit=60, required=False)
    complainant_phone = Text(limit=40, required=False)
    complainant_role = Choice(ComplainantRole, required=False)
    anonymous = YesNo(required=False)
    order_no = Text(limit=60, required=False)
    concerned_branch = Named(Branch.objects.all(), by="code", required=False, allow_null=True)
    subjects = serializers.ListField(
        child=Named(Person.objects.filter(is_active=True), by="username"),
        max_length=5,
        required=False,
    )
    remedy_sought = Text(limit=500, required=False)
    settled_on_spot = YesNo(required=False)
    settlement = Text(limit=2000, lines=True, required=False)


class ContactIn(StrictSerializer):
    """A talk; `occurred_at` is now when it is left out."""

    kind = Choice(ContactKind)
    means = Choice(Means)
    reached = YesNo()
    said = Text(limit=SAID_LIMIT, lines=True)
    occurred_at = Moment(required=False)


class RejectionIn(StrictSerializer):
    """Why it is not a valid complaint; a duplicate names the number of the other case."""

    reason = Choice(InvalidReason)
    note = Text(limit=500, lines=True)
    duplicate_of = Text(limit=20, required=False)


class TriageReviewIn(StrictSerializer):
    """Sorted out rightly or not; what is reversed says why."""

    upheld = YesNo()
    opinion = Text(limit=500, lines=True, required=False, default="")


class TriageSuggestionIn(StrictSerializer):
    """How to sort it: no reason means as valid."""

    reason = Choice(InvalidReason, required=False, allow_null=True)
    note = Text(limit=NOTE_LIMIT, lines=True)


class PartyIn(StrictSerializer):
    """Who bears a share: a branch, in it a department or a person; or an outside supplier."""

    branch = Named(Branch.objects.all(), by="code", required=False, allow_null=True)
    department = Named(
        Department.objects.filter(is_active=True), by="code", required=False, allow_null=True
    )
    person = Named(
        Person.objects.filter(is_active=True), by="username", required=False, allow_null=True
    )
    supplier = Named(
        Supplier.objects.filter(is_active=True), by="code", required=False, allow_null=True
    )
    share = Percent()


class _FindingIn(StrictSerializer):
    """Who answers besides the branch that leads, and by what evidence."""

    department = Named(
        Department.objects.filter(is_active=True), by="code", required=False, allow_null=True
    )
    share = Percent(required=False)
    others = PartyIn(many=True, required=False)
    basis = Text(limit=BASIS_LIMIT, lines=True)
    evidence = serializers.ListField(child=Whole(), required=False)
    talks = serializers.ListField(child=Whole(), required=False)


class RulingIn(_FindingIn):
    """The branch by its code, the person by their username: they lead and write the sheet. Alone
    they bear all; `others` bear the rest. `evidence` are ids of the case's attachments, `talks`
    of its contacts."""

    branch = Named(Branch.objects.all(), by="code")
    person = Named(Person.objects.filter(is_active=True), by="username")


class DisputeIn(StrictSerializer):
    """Why the ruling is wrong."""

    reasons = Text(limit=REASONS_LIMIT, lines=True)
    evidence = serializers.ListField(child=Whole(), required=False)


class DisputeAnswerIn(_FindingIn):
    """Upheld: `basis` alone says why. Changed: what stands instead, as in a ruling."""

    upheld = YesNo()
    branch = Named(Branch.objects.all(), by="code", required=False)
    person = Named(Person.objects.filter(is_active=True), by="username", required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Another ruling names its branch and person."""
        missing = [] if attrs["upheld"] else [n for n in ("branch", "person") if n not in attrs]
        if missing:
            sentence = _("改判时必须填写。")
            raise serializers.ValidationError(dict.fromkeys(missing, sentence), code="required")
        return attrs


class RulingSuggestionIn(StrictSerializer):
    """Whom to rule responsible."""

    branch = Named(Branch.objects.all(), by="code")
    person = Named(
        Person.objects.filter(is_active=True), by="username", required=False, allow_null=True
    )
    note = Text(limit=NOTE_LIMIT, lines=True)


class RemedyIn(StrictSerializer):
    """What is offered, and what it costs the firm in yuan (0 for a letter)."""

    kind = Choice(RemedyKind)
    amount = Amount()
    description = Text(limit=500)


class DecisionIn(StrictSerializer):
    """Approved or not."""

    approve = YesNo()
    note = Text(limit=500, required=False, default="")


class DeliveryIn(StrictSerializer):
    """How it is known that the customer has it."""

    proof = Text(limit=200)


class CancellationIn(StrictSerializer):
    """Why it is cancelled."""

    note = Text(limit=500)


class CallbackIn(StrictSerializer):
    """What the customer answered; `satisfied` and `solved` are wanted when reached."""

    means = Choice(Means)
    reached = YesNo()
    satisfied = YesNo(required=False, allow_null=True)
    solved = YesNo(required=False, allow_null=True)
    score = Whole(required=False, allow_null=True, min_value=1, max_value=5)
    said = Text(limit=2000, lines=True, required=False)
    occurred_at = Moment(required=False)


class AllowanceIn(StrictSerializer):
    """How much more time the 24H is to have, and why."""

    kind = Choice(AllowanceKind)
    reason = Choice(AllowanceReason)
    minutes = Whole()
    note = Text(limit=TIME_NOTE_LIMIT, lines=True)


class AllowanceDecisionIn(StrictSerializer):
    """Granted or not; a refusal says why."""

    granted = YesNo()
    opinion = Text(limit=TIME_NOTE_LIMIT, required=False, default="")


class ReopeningIn(StrictSerializer):
    """Why the customer is still dissatisfied."""

    reason = Text(limit=500, lines=True)


class WithdrawalIn(StrictSerializer):
    """Who took it back, and how."""

    said_by = Text(limit=60)
    note = Text(limit=500, lines=True)


class AcknowledgementIn(StrictSerializer):
    """What is being done about it."""

    note = Text(limit=500, required=False, default="")


class AcknowledgementsIn(AcknowledgementIn):
    """Which escalations, at most 100, and what is being done about them."""

    ids = serializers.ListField(child=Whole(), max_length=1000)


class AttachmentIn(StrictSerializer):
    """One file, at most 20 MB."""

    file = serializers.FileField(allow_empty_file=True)
