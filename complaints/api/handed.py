"""What the API of handovers reads and shows."""

from __future__ import annotations

from rest_framework import serializers

from common.api import LabelOut, StrictSerializer
from common.fields import Choice, Named, Text
from complaints.api.shown import BriefOut
from complaints.handovers import NOTE_LIMIT
from complaints.models import Handover, HandoverReason, HandoverState
from staff.api import PersonOut
from staff.models import Person


class HandoverIn(StrictSerializer):
    """To whom, by their username, and why."""

    receiver = Named(Person.objects.filter(is_active=True), by="username")
    reason = Choice(HandoverReason)
    note = Text(limit=NOTE_LIMIT, lines=True)


class HandoverAnswerIn(StrictSerializer):
    """Why it is not accepted."""

    answer = Text(limit=NOTE_LIMIT, lines=True)


class HandoverDecisionIn(StrictSerializer):
    """Who owns the case, by their username, and why."""

    owner = Named(Person.objects.filter(is_active=True), by="username")
    opinion = Text(limit=NOTE_LIMIT, lines=True)


class HandoverOut(serializers.Serializer[Handover]):
    """An offer of the case; the giver owns it until it is accepted or decided otherwise."""

    round = serializers.IntegerField()
    giver = PersonOut()
    receiver = PersonOut()
    reason = serializers.ChoiceField(choices=HandoverReason.choices)
    reason_label = LabelOut(HandoverReason)
    note = serializers.CharField()
    offered_at = serializers.DateTimeField()
    lapses_at = serializers.DateTimeField(help_text="到这一刻为止可以答复")
    goes_back = serializers.BooleanField(help_text="接收人在这一轮里负责过")
    state = serializers.ChoiceField(choices=HandoverState.choices)
    state_label = LabelOut(HandoverState)
    answered_by = PersonOut(allow_null=True)
    answered_at = serializers.DateTimeField(allow_null=True)
    answer = serializers.CharField()
    referred_at = serializers.DateTimeField(allow_null=True)
    decided_by = PersonOut(allow_null=True)
    decided_at = serializers.DateTimeField(allow_null=True)
    decided_owner = PersonOut(allow_null=True)
    opinion = serializers.CharField()


class WaitingHandoverOut(HandoverOut):
    """The same with its case."""

    complaint = BriefOut()
