"""The API of the mass incident."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from common.api import ErrorDetailOut, LabelOut, Nouns, StrictSerializer, refuse_unknown_query
from common.fields import Choice, Moment, Named, Text, YesNo
from common.schema import LISTING, READING, operation
from common.time import now
from complaints import bulk_contacts, incident_lists, incidents, selectors, suspicions
from complaints.api.said import NothingIn
from complaints.api.shown import CategoryOut
from complaints.contacts import SAID_LIMIT, Talk
from complaints.crowds import Went
from complaints.incident_lists import Standing
from complaints.incidents import MANY, TEXT_LIMIT, TITLE_LIMIT, Cause
from complaints.models import (
    Category,
    ClockKind,
    Complaint,
    ContactKind,
    Incident,
    IncidentMember,
    IncidentState,
    Means,
)
from complaints.suspicions import Suspicion
from staff.api import BranchNameOut, PersonOut
from staff.models import Branch
from staff.session import person_of

_NAMED = ("category", "branch", "by", "closed_by")
_NO_LIMIT = 20


class _Numbers(serializers.ListField):
    """Numbers of cases, at most `MANY`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(child=Text(limit=_NO_LIMIT), max_length=MANY, **kwargs)


class IncidentIn(StrictSerializer):
    """What the cases have in common; `lead` writes the one sheet."""

    title = Text(limit=TITLE_LIMIT)
    cause = Text(limit=TEXT_LIMIT, lines=True)
    category = Named(Category.objects.filter(is_active=True, children=None), by="code")
    branch = Named(Branch.objects.all(), by="code")
    cases = _Numbers()
    lead = Text(limit=_NO_LIMIT, required=False, default="")


class CasesIn(StrictSerializer):
    """The cases that join."""

    cases = _Numbers()


class CaseIn(StrictSerializer):
    """One of the cases."""

    case = Text(limit=_NO_LIMIT)


class DepartureIn(CaseIn):
    """The case that leaves, and why."""

    reason = Text(limit=500, lines=True)


class ResultIn(StrictSerializer):
    """The one result text."""

    result = Text(limit=TEXT_LIMIT, lines=True)


class DeliveryResultIn(CaseIn):
    """One customer, and whether they were reached."""

    reached = YesNo()


class BulkContactIn(StrictSerializer):
    """The same words to many, and the result for each; `occurred_at` is now when left out. The
    same `key` again is refused as `already_done`."""

    kind = Choice(ContactKind)
    means = Choice(Means)
    said = Text(limit=SAID_LIMIT, lines=True)
    occurred_at = Moment(required=False)
    members = DeliveryResultIn(many=True)
    key = Text(limit=64, required=False)


class OwedByKindOut(serializers.Serializer[tuple[str, str, int, int]]):
    """Clocks of one kind that run, and how many of them are late."""

    kind = serializers.ChoiceField(choices=ClockKind.choices, source="*")
    running = serializers.IntegerField(source="*")
    late = serializers.IntegerField(source="*")

    def to_representation(self, instance: tuple[str, str, int, int]) -> dict[str, Any]:
        """The row by name."""
        kind, _label, running, late = instance
        return {"kind": kind, "running": running, "late": late}


class IncidentOut(serializers.Serializer[Standing]):
    """An incident, and what is still owed to the customers this person may see."""

    no = serializers.CharField(source="incident.no")
    title = serializers.CharField(source="incident.title")
    cause = serializers.CharField(source="incident.cause")
    category = CategoryOut(source="incident.category")
    branch = BranchNameOut(source="incident.branch")
    lead = serializers.CharField(source="incident.lead.no")
    result = serializers.CharField(source="incident.result")
    state = serializers.ChoiceField(choices=IncidentState.choices, source="incident.state")
    state_label = LabelOut(IncidentState, source="incident.state")
    by = PersonOut(source="incident.by")
    at = serializers.DateTimeField(source="incident.at")
    closed_by = PersonOut(source="incident.closed_by", allow_null=True)
    closed_at = serializers.DateTimeField(source="incident.closed_at", allow_null=True)
    cases = serializers.IntegerField()
    open = serializers.IntegerField()
    owed = OwedByKindOut(many=True)


class MemberOut(serializers.Serializer[IncidentMember]):
    """A case of the incident; `covered_at` is when the one sheet answered its 48H."""

    case = serializers.CharField(source="complaint.no")
    status = serializers.CharField(source="complaint.status")
    joined_by = PersonOut()
    joined_at = serializers.DateTimeField()
    covered_at = serializers.DateTimeField(allow_null=True)


class WentOut(serializers.Serializer[Went]):
    """How it went for one case; `error` null means that it was done."""

    case = serializers.CharField(source="no")
    error = serializers.SerializerMethodField()

    @extend_schema_field(ErrorDetailOut(allow_null=True))
    def get_error(self, went: Went) -> dict[str, Any] | None:
        """Why not."""
        if went.broken is None:
            return None
        broken = went.broken
        return {"code": broken.code, "message": str(broken.message), "field": broken.field}


class GatheredOut(IncidentOut):
    """The new incident, and how each case went."""

    went = serializers.SerializerMethodField()

    @extend_schema_field(WentOut(many=True))
    def get_went(self, _standing: Standing) -> Any:
        """In the order asked for."""
        return WentOut(self.context["went"], many=True).data


class SuspicionOut(serializers.Serializer[Suspicion]):
    """Cases alike of one category and branch, the earliest first."""

    category = CategoryOut()
    branch = BranchNameOut()
    count = serializers.IntegerField()
    since = serializers.DateTimeField()
    cases = serializers.SerializerMethodField()

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_cases(self, suspicion: Suspicion) -> list[str]:
        """Their numbers."""
        found = Complaint.objects.filter(pk__in=suspicion.case_ids)
        return list(found.order_by("received_at", "pk").values_list("no", flat=True))


class Incidents(Nouns):
    """Many cases of one cause."""

    @operation(_("群诉列表"), tag="incidents", returns=IncidentOut(many=True), errors=LISTING)
    def list(self, request: Request) -> Response:
        """Those of which the person may see a case, the latest first."""
        refuse_unknown_query(request, frozenset())
        person, at = person_of(request), now()
        found = incidents.visible_incidents(person).select_related(*_NAMED)
        return self.page(incident_lists.standings(list(found), person, at), IncidentOut)

    @operation(
        _("归并为群诉"),
        tag="incidents",
        request=IncidentIn,
        returns=GatheredOut,
        status=201,
        description=_("每件投诉保留自己的责任人和时限，只有整改单由牵头投诉统一提交。"),
    )
    def create(self, request: Request) -> Response:
        """The incident, and how each case went."""
        person, at = person_of(request), now()
        said = self.read(IncidentIn)
        numbers, lead = said.pop("cases"), said.pop("lead")
        incident, went = incidents.gather(Cause(**said), numbers, lead=lead, by=person, at=at)
        shown = GatheredOut(_standing(request, incident.no), context={"went": went})
        return Response(shown.data, status=201)

    @operation(_("一次群诉"), tag="incidents", returns=IncidentOut, errors=READING)
    def retrieve(self, request: Request, incident_no: str) -> Response:
        """The incident with what is still owed."""
        return Response(IncidentOut(_standing(request, incident_no)).data)

    @operation(_("疑似群诉"), tag="incidents", returns=SuspicionOut(many=True), errors=LISTING)
    def suspected(self, request: Request) -> Response:
        """Loose cases that look like one incident, the largest group first."""
        refuse_unknown_query(request, frozenset())
        person = person_of(request)
        if person.role not in selectors.LEADING:
            raise PermissionDenied
        return self.page(suspicions.suspected(person, now()), SuspicionOut)

    @operation(_("群诉成员"), tag="incidents", returns=MemberOut(many=True), errors=(401, 403, 404))
    def members(self, request: Request, incident_no: str) -> Response:
        """The cases that the person may see, the earliest first."""
        found = incidents.members_seen(_find(request, incident_no), person_of(request))
        named = found.select_related("complaint", "joined_by").order_by("complaint_id")
        return self.page(named, MemberOut)

    @operation(_("归入更多投诉"), tag="incidents", request=CasesIn, returns=WentOut(many=True))
    def join(self, request: Request, incident_no: str) -> Response:
        """How each went, in the order given."""
        found = _find(request, incident_no)
        numbers = self.read(CasesIn)["cases"]
        return _went(incidents.join(found.pk, numbers, by=person_of(request), at=now()))

    @operation(_("移出群诉"), tag="incidents", request=DepartureIn, returns=IncidentOut)
    def leave(self, request: Request, incident_no: str) -> Response:
        """The incident without it."""
        found = _find(request, incident_no)
        said = self.read(DepartureIn)
        reason = said["reason"]
        incidents.leave(found.pk, said["case"], reason=reason, by=person_of(request), at=now())
        return Response(IncidentOut(_standing(request, incident_no)).data)

    @operation(_("更换牵头投诉"), tag="incidents", request=CaseIn, returns=IncidentOut)
    def lead(self, request: Request, incident_no: str) -> Response:
        """The incident with its new lead."""
        found = _find(request, incident_no)
        no = self.read(CaseIn)["case"]
        incidents.set_lead(found.pk, no, by=person_of(request), at=now())
        return Response(IncidentOut(_standing(request, incident_no)).data)

    @operation(_("写统一答复"), tag="incidents", request=ResultIn, returns=IncidentOut)
    def result(self, request: Request, incident_no: str) -> Response:
        """The incident with its result text."""
        found = _find(request, incident_no)
        incidents.answer(found.pk, **self.read(ResultIn), by=person_of(request), at=now())
        return Response(IncidentOut(_standing(request, incident_no)).data)

    @operation(_("结束群诉"), tag="incidents", request=NothingIn, returns=IncidentOut)
    def close(self, request: Request, incident_no: str) -> Response:
        """The incident, closed: nothing joins any more."""
        found = _find(request, incident_no)
        self.read(NothingIn)
        incidents.close(found.pk, by=person_of(request), at=now())
        return Response(IncidentOut(_standing(request, incident_no)).data)

    @operation(
        _("批量联系：同一段话，逐位客户的结果"),
        tag="incidents",
        request=BulkContactIn,
        returns=WentOut(many=True),
        description=_("群发短信和邮件只能记为进度；致歉和结果要由人逐个联系，联系上才停时限。"),
    )
    def contact(self, request: Request, incident_no: str) -> Response:
        """How each went, in the order given."""
        person = person_of(request)
        found = _find(request, incident_no)
        said = self.read(BulkContactIn)
        reached = {each["case"]: each["reached"] for each in said.pop("members")}
        key = said.pop("key", "")
        press = f"api:bulk:{person.pk}:{key}" if key else None
        went = bulk_contacts.record(found.pk, Talk(**said), reached, by=person, at=now(), key=press)
        return _went(went)


def _find(request: Request, no: str) -> Incident:
    """The incident by its number. Raises Incident.DoesNotExist."""
    if not no.isprintable():
        raise Incident.DoesNotExist
    return incidents.visible_incidents(person_of(request)).get(no=no)


def _standing(request: Request, no: str) -> Standing:
    """The incident with its figures, read afresh."""
    if not no.isprintable():
        raise Incident.DoesNotExist
    person = person_of(request)
    found = incidents.visible_incidents(person).select_related(*_NAMED)
    return incident_lists.standings([found.get(no=no)], person, now())[0]


def _went(went: list[Went]) -> Response:
    return Response([WentOut(each).data for each in went])
