"""The API of the rectification sheet, under the case's."""

from __future__ import annotations

from django.urls import path
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from common.api import LabelOut, Nouns, StrictSerializer
from common.fields import Day, Text
from common.schema import operation
from common.time import now
from complaints.api.found import the_case
from quality import sheets
from quality.models import Sheet, SheetState
from quality.sheets import PART_LIMIT, TITLE_LIMIT, Parts
from staff.api import PersonOut
from staff.session import person_of


class SheetOut(serializers.Serializer[Sheet]):
    """The six parts; a waived sheet has neither number nor parts."""

    round = serializers.IntegerField()
    no = serializers.CharField()
    state = serializers.ChoiceField(choices=SheetState.choices)
    state_label = LabelOut(SheetState)
    title = serializers.CharField()
    facts = serializers.CharField()
    course = serializers.CharField()
    cause = serializers.CharField()
    evidence = serializers.CharField()
    containment = serializers.CharField()
    accountability = serializers.CharField()
    prevention = serializers.CharField()
    detection = serializers.CharField()
    response = serializers.CharField()
    effect = serializers.CharField()
    committed_on = serializers.DateField(allow_null=True)
    submitted_by = PersonOut(allow_null=True)
    submitted_at = serializers.DateTimeField(allow_null=True)
    decided_by = PersonOut(allow_null=True)
    decided_at = serializers.DateTimeField(allow_null=True)
    opinion = serializers.CharField()


class PartsIn(StrictSerializer):
    """Parts 2 to 6; part 1, the number, is given on submission."""

    title = Text(limit=TITLE_LIMIT)
    facts = Text(limit=PART_LIMIT, lines=True)
    course = Text(limit=PART_LIMIT, lines=True)
    cause = Text(limit=PART_LIMIT, lines=True)
    evidence = Text(limit=PART_LIMIT, lines=True)
    containment = Text(limit=PART_LIMIT, lines=True)
    accountability = Text(limit=PART_LIMIT, lines=True)
    prevention = Text(limit=PART_LIMIT, lines=True)
    detection = Text(limit=PART_LIMIT, lines=True)
    response = Text(limit=PART_LIMIT, lines=True)
    effect = Text(limit=PART_LIMIT, lines=True)
    committed_on = Day()


class OpinionIn(StrictSerializer):
    """What the verification found."""

    opinion = Text(limit=PART_LIMIT, lines=True)


class WaiverIn(StrictSerializer):
    """Why no sheet is wanted."""

    reason = Text(limit=PART_LIMIT, lines=True)


class Sheets(Nouns):
    """The sheets of a case, one a round."""

    @operation(_("整改单"), tag="sheets", returns=SheetOut(many=True), errors=(401, 404))
    def list(self, request: Request, no: str) -> Response:
        """In the order of the rounds."""
        found = Sheet.objects.filter(complaint=the_case(request, no))
        return self.page(found.select_related("submitted_by", "decided_by"), SheetOut)

    @operation(
        _("提交整改单"),
        tag="sheets",
        request=PartsIn,
        returns=SheetOut,
        status=201,
        description=_("六部分齐全、写明承诺日期，停 48H；被退回的以原编号重新提交。"),
    )
    def create(self, request: Request, no: str) -> Response:
        """The sheet under its number."""
        found = the_case(request, no)
        parts = Parts(**self.read(PartsIn))
        sheet = sheets.submit(found.pk, parts, by=person_of(request), at=now())
        return Response(SheetOut(sheet).data, status=201)

    @operation(_("退回整改单"), tag="sheets", request=OpinionIn, returns=SheetOut)
    def send_back(self, request: Request, no: str) -> Response:
        """The sheet, returned."""
        found = the_case(request, no)
        said = self.read(OpinionIn)
        sheet = sheets.send_back(found.pk, **said, by=person_of(request), at=now())
        return Response(SheetOut(sheet).data)

    @operation(_("验收整改单"), tag="sheets", request=OpinionIn, returns=SheetOut)
    def verify(self, request: Request, no: str) -> Response:
        """The sheet, verified; the case is closed inside."""
        found = the_case(request, no)
        said = self.read(OpinionIn)
        sheet = sheets.verify(found.pk, **said, by=person_of(request), at=now())
        return Response(SheetOut(sheet).data)

    @operation(_("免整改"), tag="sheets", request=WaiverIn, returns=SheetOut)
    def waive(self, request: Request, no: str) -> Response:
        """The round's sheet, waived; the case is closed inside."""
        found = the_case(request, no)
        said = self.read(WaiverIn)
        sheet = sheets.waive(found.pk, **said, by=person_of(request), at=now())
        return Response(SheetOut(sheet).data)


_SHEETS = "complaints/<str:no>/sheets"

urlpatterns = [
    path(f"{_SHEETS}/", Sheets.as_view({"get": "list", "post": "create"}), name="api-sheets"),
    path(f"{_SHEETS}/return/", Sheets.as_view({"post": "send_back"}), name="api-sheet-return"),
    path(
        f"{_SHEETS}/verification/",
        Sheets.as_view({"post": "verify"}),
        name="api-sheet-verification",
    ),
    path(f"{_SHEETS}/waiver/", Sheets.as_view({"post": "waive"}), name="api-sheet-waiver"),
]
