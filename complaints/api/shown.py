"""What the API shows of a case and of what hangs on it; the customer's name and phone masked."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from common.api import ErrorDetailOut, LabelOut
from complaints import closing, disputing, elapsed, faces, links, rules, subjects
from complaints.acknowledgement import Answered
from complaints.disputing import RulingState
from complaints.loads import Load, OnTime
from complaints.models import (
    Allowance,
    AllowanceKind,
    AllowanceReason,
    AllowanceState,
    Attachment,
    Callback,
    Category,
    Channel,
    Clock,
    ClockKind,
    ComplainantRole,
    Complaint,
    Contact,
    ContactKind,
    Dispute,
    DisputeOutcome,
    Escalation,
    Event,
    InvalidReason,
    Means,
    OutsideReference,
    PlaybookEntry,
    Remedy,
    RemedyKind,
    RemedyState,
    Ruling,
    RulingPart,
    RulingStage,
    Severity,
    Status,
    Suggestion,
    SuggestionKind,
    Triage,
    TriageOutcome,
)
from complaints.outcome import Outcome, outcome
from complaints.rules import Action
from staff.api import BranchNameOut, PersonOut

#: How a running clock looks; the others look as they ended.
CLOCK_STATES = ["running", "soon", "paused", "late", "met", "attempted", "unreachable", "na"]


def _local(at: datetime | None) -> datetime | None:
    """In the firm's zone, as the fields of the framework write it."""
    return at and timezone.localtime(at)


class CategoryOut(serializers.Serializer[Category]):
    """A category as it is named beside other things."""

    code = serializers.CharField()
    name = serializers.CharField()


class CategoryRowOut(CategoryOut):
    """A category with its place in the tree; a case is filed under a leaf."""

    parent = serializers.CharField(  # type: ignore[assignment]  # a field, not the property
        source="parent.code", default=None, allow_null=True
    )
    keywords = serializers.ListField(child=serializers.CharField())
    is_leaf = serializers.BooleanField()


class CaseClockOut(serializers.Serializer[Clock]):
    """A clock as of the moment of asking (`context["at"]`)."""

    kind = serializers.ChoiceField(choices=ClockKind.choices)
    kind_label = LabelOut(ClockKind)
    span = serializers.SerializerMethodField(help_text="1H、24H、48H、72H")
    round = serializers.IntegerField()
    started_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField()
    original_due_at = serializers.DateTimeField(help_text="暂停或延期之前的到期时间")
    met_at = serializers.DateTimeField(allow_null=True)
    voided_at = serializers.DateTimeField(allow_null=True)
    outcome = serializers.SerializerMethodField()
    outcome_label = serializers.SerializerMethodField()
    state = serializers.SerializerMethodField()
    seconds_left = serializers.SerializerMethodField()
    paused_until = serializers.SerializerMethodField()
    seconds_elapsed = serializers.SerializerMethodField()
    net_seconds_elapsed = serializers.SerializerMethodField()

    def to_representation(self, clock: Clock) -> Any:
        """The clock as JSON."""
        self._face = faces.face(clock, self._at)
        return super().to_representation(clock)

    def get_span(self, _clock: Clock) -> str:
        """How long it runs, in the words of the desk."""
        return self._face.span_label

    def get_outcome(self, clock: Clock) -> Outcome:
        """How it ended, or `running`."""
        return outcome(clock, self._at)

    def get_outcome_label(self, clock: Clock) -> str:
        """The same in words."""
        return str(outcome(clock, self._at).label)

    def get_state(self, _clock: Clock) -> str:
        """`soon` in the last quarter, `paused` while it stands still, `late` once breached."""
        return self._face.state

    def get_seconds_left(self, clock: Clock) -> int | None:
        """Whole seconds until due, negative when late; null when it runs no more."""
        return int((clock.due_at - self._at).total_seconds()) if clock.is_running else None

    def get_paused_until(self, _clock: Clock) -> datetime | None:
        """When the pause it is in ends by itself; null when it is in none."""
        return _local(self._face.paused_until)

    def get_seconds_elapsed(self, _clock: Clock) -> int:
        """Whole seconds from its start until it ended, or until now."""
        return int(self._face.raw.total_seconds())

    def get_net_seconds_elapsed(self, _clock: Clock) -> int:
        """The same without its pauses."""
        return int(self._face.net.total_seconds())

    @property
    def _at(self) -> datetime:
        at: datetime = self.context["at"]
        return at


class ComplainantOut(serializers.Serializer[Complaint]):
    """Who complains, masked; `reveals/` shows more and leaves an event."""

    name = serializers.CharField(source="masked_name")
    phone = serializers.CharField(source="masked_phone")
    role = serializers.ChoiceField(choices=ComplainantRole.choices, source="complainant_role")
    role_label = LabelOut(ComplainantRole, source="complainant_role")
    anonymous = serializers.BooleanField()


class BriefOut(serializers.Serializer[Complaint]):
    """A case beside other things."""

    no = serializers.CharField()
    status = serializers.ChoiceField(choices=Status.choices)
    status_label = LabelOut(Status)
    round = serializers.IntegerField()
    severity = serializers.ChoiceField(choices=Severity.choices)
    severity_label = LabelOut(Severity)
    summary = serializers.CharField(help_text="投诉内容的前 40 个字")
    received_at = serializers.DateTimeField()
    owner = PersonOut()
    owner_branch = BranchNameOut()
    responsible_branch = BranchNameOut(allow_null=True)


class ComplaintRowOut(BriefOut):
    """A case in the list, with its running clocks, soonest due first."""

    channel = serializers.ChoiceField(choices=Channel.choices)
    channel_label = LabelOut(Channel)
    entered_at = serializers.DateTimeField()
    order_no = serializers.CharField()
    category = CategoryOut()
    concerned_branch = BranchNameOut(allow_null=True)
    complainant = ComplainantOut(source="*")
    clocks = CaseClockOut(source="running_clocks", many=True)


class AllowedOut(serializers.Serializer[Any]):
    """Something this person may do to the case now."""

    action = serializers.CharField()
    action_label = serializers.CharField()


class CountsOut(serializers.Serializer[Any]):
    """How much hangs on the case."""

    contacts = serializers.IntegerField(source="contact_count")
    rulings = serializers.IntegerField(source="ruling_count")
    remedies = serializers.IntegerField(source="remedy_count")
    callbacks = serializers.IntegerField(source="callback_count")
    attachments = serializers.IntegerField(source="attachment_count")
    escalations = serializers.IntegerField(source="escalation_count")
    events = serializers.IntegerField(source="event_count")


class OutsideOut(serializers.Serializer[OutsideReference]):
    """What another office calls the case, and by when it wants what."""

    channel = serializers.ChoiceField(choices=Channel.choices)
    channel_label = LabelOut(Channel)
    number = serializers.CharField()
    accept_by = serializers.DateTimeField(allow_null=True)
    due_by = serializers.DateTimeField(allow_null=True)


class ComplaintOut(ComplaintRowOut):
    """A case with all its clocks, and what this person (`context["person"]`) may do now."""

    what = serializers.CharField()
    remedy_sought = serializers.CharField()
    settled_on_spot = serializers.BooleanField()
    invalid_reason = serializers.ChoiceField(choices=[*InvalidReason.choices, ("", "")])
    invalid_reason_label = LabelOut(InvalidReason)
    entered_by = PersonOut()
    first_receiver = PersonOut()
    rectifier = PersonOut(allow_null=True)
    subjects = serializers.SerializerMethodField()
    duplicate_of = serializers.SerializerMethodField()
    duplicates = serializers.SerializerMethodField()
    outside_references = OutsideOut(many=True)
    closed_at = serializers.DateTimeField(allow_null=True)
    closed_inside_at = serializers.DateTimeField(allow_null=True)
    clocks = CaseClockOut(source="all_clocks", many=True)
    counts = CountsOut(source="*")
    missing = serializers.SerializerMethodField()
    allowed_actions = serializers.SerializerMethodField()

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_duplicate_of(self, complaint: Complaint) -> str | None:
        """The number of the case it was merged into."""
        kept = links.keeper(complaint)
        return kept.no if kept else None

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_duplicates(self, complaint: Complaint) -> list[str]:
        """The numbers of the cases merged into it."""
        return links.seen_numbers(complaint, self.context["person"])

    @extend_schema_field(PersonOut(many=True))
    def get_subjects(self, complaint: Complaint) -> Any:
        """Whom it is about; never shown to them."""
        return [PersonOut(person).data for person in subjects.named(complaint)]

    def get_missing(self, complaint: Complaint) -> list[str]:
        """What stands in the way of closing for the customer, in sentences."""
        return closing.what_is_missing(complaint) if complaint.is_open else []

    def get_allowed_actions(self, complaint: Complaint) -> list[dict[str, str]]:
        """From the same table of rules as the buttons of the page."""
        at = self.context["at"]
        allowed = rules.allowed_actions(complaint, self.context["person"], at)
        return [{"action": action.value, "action_label": str(action.label)} for action in allowed]


class ContactOut(serializers.Serializer[Contact]):
    """A talk with the customer."""

    id = serializers.IntegerField()
    round = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=ContactKind.choices)
    kind_label = LabelOut(ContactKind)
    means = serializers.ChoiceField(choices=Means.choices)
    means_label = LabelOut(Means)
    reached = serializers.BooleanField()
    said = serializers.CharField()
    occurred_at = serializers.DateTimeField()
    recorded_at = serializers.DateTimeField()
    by = PersonOut()


class IdsOut(serializers.ListField):
    """The ids of the rows that hang on the one shown."""

    child = serializers.IntegerField()

    def to_representation(self, data: Any) -> list[int]:
        """From the rows' manager, prefetched or not."""
        return [row.pk for row in data.all()]


class ReferenceOut(serializers.Serializer[Any]):
    """A department or a supplier as it is named."""

    code = serializers.CharField()
    name = serializers.CharField()


class RulingPartOut(serializers.Serializer[RulingPart]):
    """Who bears a share: a branch, in it a department or a person; or an outside supplier."""

    lead = serializers.BooleanField()
    branch = BranchNameOut(allow_null=True)
    department = ReferenceOut(allow_null=True)
    person = PersonOut(allow_null=True)
    supplier = ReferenceOut(allow_null=True)
    share = serializers.DecimalField(max_digits=5, decimal_places=2, help_text="%")


class RulingOut(serializers.Serializer[Ruling]):
    """Who answers to the firm as of the moment of asking (`context["at"]`); the one with
    `superseded_at` null stands. `branch` and `person` are of the part that leads."""

    id = serializers.IntegerField()
    round = serializers.IntegerField()
    stage = serializers.ChoiceField(choices=RulingStage.choices)
    stage_label = LabelOut(RulingStage)
    state = serializers.SerializerMethodField()
    state_label = serializers.SerializerMethodField()
    branch = BranchNameOut(source="lead.branch")
    person = PersonOut(source="lead.person")
    parts = RulingPartOut(many=True)
    basis = serializers.CharField()
    evidence = IdsOut()
    talks = IdsOut()
    by = PersonOut()
    at = serializers.DateTimeField()
    superseded_at = serializers.DateTimeField(allow_null=True)
    disputable_until = serializers.SerializerMethodField()

    def get_state(self, ruling: Ruling) -> RulingState:
        """Whether it is disputed, was reviewed or decided for good; else by the time."""
        return disputing.state(ruling, self.context["at"])

    def get_state_label(self, ruling: Ruling) -> str:
        """The same in words."""
        return str(disputing.state(ruling, self.context["at"]).label)

    def get_disputable_until(self, ruling: Ruling) -> datetime | None:
        """The last instant for a dispute; null when there can't be one any more."""
        may = disputing.is_open_to_dispute(ruling, self.context["at"])
        return _local(disputing.until(ruling)) if may else None


class DisputeOut(serializers.Serializer[Dispute]):
    """What a ruled branch says against a ruling, and which ruling answered it."""

    id = serializers.IntegerField()
    ruling = serializers.IntegerField(source="ruling_id")
    branch = BranchNameOut()
    reasons = serializers.CharField()
    evidence = IdsOut()
    raised_by = PersonOut()
    raised_at = serializers.DateTimeField()
    outcome = serializers.ChoiceField(choices=DisputeOutcome.choices)
    outcome_label = LabelOut(DisputeOutcome)
    answered_with = serializers.IntegerField(source="answered_with_id", allow_null=True)
    answered_by = PersonOut(allow_null=True)
    answered_at = serializers.DateTimeField(allow_null=True)


class SortingOut(serializers.Serializer[Triage]):
    """How the case was sorted; the one with `superseded_at` null stands."""

    id = serializers.IntegerField()
    outcome = serializers.ChoiceField(choices=TriageOutcome.choices)
    outcome_label = LabelOut(TriageOutcome)
    reason = serializers.ChoiceField(choices=[*InvalidReason.choices, ("", "")])
    reason_label = LabelOut(InvalidReason)
    note = serializers.CharField()
    duplicate_of = serializers.CharField(source="duplicate_of.no", default=None, allow_null=True)
    by = PersonOut()
    at = serializers.DateTimeField()
    superseded_at = serializers.DateTimeField(allow_null=True)
    upheld = serializers.BooleanField(allow_null=True)
    opinion = serializers.CharField()
    reviewed_by = PersonOut(allow_null=True)
    reviewed_at = serializers.DateTimeField(allow_null=True)


class SuggestionOut(serializers.Serializer[Suggestion]):
    """What somebody beside the case would decide."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=SuggestionKind.choices)
    kind_label = LabelOut(SuggestionKind)
    reason = serializers.ChoiceField(choices=[*InvalidReason.choices, ("", "")])
    reason_label = LabelOut(InvalidReason)
    branch = BranchNameOut(allow_null=True)
    person = PersonOut(allow_null=True)
    note = serializers.CharField()
    by = PersonOut()
    at = serializers.DateTimeField()


class RemedyOut(serializers.Serializer[Remedy]):
    """What the customer is given."""

    id = serializers.IntegerField()
    round = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=RemedyKind.choices)
    kind_label = LabelOut(RemedyKind)
    amount = serializers.DecimalField(max_digits=12, decimal_places=2, help_text="元")
    description = serializers.CharField()
    state = serializers.ChoiceField(choices=RemedyState.choices)
    state_label = LabelOut(RemedyState)
    proposed_by = PersonOut()
    proposed_at = serializers.DateTimeField()
    decided_by = PersonOut(allow_null=True)
    decided_at = serializers.DateTimeField(allow_null=True)
    delivered_at = serializers.DateTimeField(allow_null=True)
    proof = serializers.CharField()


class AllowanceOut(serializers.Serializer[Allowance]):
    """A pause or an extension of the 24H: asked for, granted or refused. A granted pause ends at
    `ends_at`."""

    id = serializers.IntegerField()
    round = serializers.IntegerField(source="clock.round")
    kind = serializers.ChoiceField(choices=AllowanceKind.choices)
    kind_label = LabelOut(AllowanceKind)
    reason = serializers.ChoiceField(choices=AllowanceReason.choices)
    reason_label = LabelOut(AllowanceReason)
    note = serializers.CharField()
    minutes = serializers.IntegerField()
    state = serializers.ChoiceField(choices=AllowanceState.choices)
    state_label = LabelOut(AllowanceState)
    asked_by = PersonOut()
    asked_at = serializers.DateTimeField()
    endorsed_by = PersonOut(allow_null=True)
    endorsed_at = serializers.DateTimeField(allow_null=True)
    decided_by = PersonOut(allow_null=True)
    decided_at = serializers.DateTimeField(allow_null=True)
    opinion = serializers.CharField()
    resumed_at = serializers.DateTimeField(allow_null=True)
    ends_at = serializers.SerializerMethodField()
    due_at = serializers.DateTimeField(source="clock.due_at", help_text="24H 现在的到期时间")

    def get_ends_at(self, allowance: Allowance) -> datetime | None:
        """When the pause has run out or was ended; null for all else."""
        return _local(elapsed.pause_end(allowance))


class CallbackOut(serializers.Serializer[Callback]):
    """A call after the answer; the answers are null when the customer was not reached."""

    id = serializers.IntegerField()
    round = serializers.IntegerField()
    means = serializers.ChoiceField(choices=Means.choices)
    means_label = LabelOut(Means)
    reached = serializers.BooleanField()
    satisfied = serializers.BooleanField(allow_null=True)
    solved = serializers.BooleanField(allow_null=True)
    score = serializers.IntegerField(allow_null=True)
    said = serializers.CharField()
    occurred_at = serializers.DateTimeField()
    recorded_at = serializers.DateTimeField()
    by = PersonOut()


class AttachmentOut(serializers.Serializer[Attachment]):
    """A file of the case; its bytes are at `attachments/{id}/`."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    content_type = serializers.CharField()
    size = serializers.IntegerField(help_text="字节")
    sha256 = serializers.CharField()
    by = PersonOut()
    at = serializers.DateTimeField()


class RevealOut(serializers.Serializer[Complaint]):
    """Who complains, unmasked."""

    name = serializers.CharField(source="complainant_name")
    phone = serializers.CharField(source="complainant_phone")


class EventOut(serializers.Serializer[Event]):
    """One line of the case's story; `actor` null is the clockwork."""

    kind = serializers.ChoiceField(choices=Action.choices)
    kind_label = serializers.SerializerMethodField()
    at = serializers.DateTimeField()
    recorded_at = serializers.DateTimeField()
    actor = PersonOut(allow_null=True)
    data = serializers.DictField(  # type: ignore[assignment]  # a field, not the property
        help_text="当时说明的内容；`changes` 为 {字段： [旧值，新值]}"
    )

    def get_kind_label(self, event: Event) -> str:
        """The same in words."""
        return str(Action(event.kind).label)


class EscalationOut(serializers.Serializer[Escalation]):
    """A step of a clock's ladder: 0 warned, 1 to 3 escalated."""

    id = serializers.IntegerField()
    level = serializers.IntegerField()
    level_label = serializers.SerializerMethodField()
    rang_at = serializers.DateTimeField()
    fired_at = serializers.DateTimeField()
    acknowledged_at = serializers.DateTimeField(allow_null=True)
    acknowledged_by = PersonOut(allow_null=True)
    clock = CaseClockOut()
    complaint = BriefOut()

    def get_level_label(self, escalation: Escalation) -> str:
        """The level in words."""
        words = [_("预警"), _("一级升级"), _("二级升级"), _("三级升级")]
        return str(words[escalation.level])


class AnsweredOut(serializers.Serializer[Answered]):
    """How one of many went; `error` is null where it was acknowledged."""

    id = serializers.IntegerField(source="escalation_id")
    error = ErrorDetailOut(allow_null=True, source="broken")


class OnTimeOut(serializers.Serializer[OnTime]):
    """Met of met and breached in the last 30 days."""

    met = serializers.IntegerField()
    decided = serializers.IntegerField()


class LoadOut(serializers.Serializer[Load]):
    """What one person carries now: running clocks that are late or due within 24 h; the on-time
    rates by kind of clock."""

    person = PersonOut()
    branch = BranchNameOut(source="person.branch")
    open_cases = serializers.IntegerField()
    late = serializers.IntegerField(help_text=_("已超时、由其负责的时限。"))
    soon = serializers.IntegerField()
    on_time = serializers.DictField(child=OnTimeOut())


class OwedOut(CaseClockOut):
    """A clock that the person has to stop, and the case it belongs to."""

    complaint = BriefOut()


class PlaybookOut(serializers.Serializer[PlaybookEntry]):
    """What to say, do and offer, and whom to report to."""

    code = serializers.CharField()
    title = serializers.CharField()
    categories = CategoryOut(many=True)
    keywords = serializers.ListField(child=serializers.CharField())
    say = serializers.CharField()
    do = serializers.CharField()
    offer = serializers.CharField()
    report_to = serializers.CharField()
