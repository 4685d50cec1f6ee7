"""The API of sorting and ruling."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from common.api import Nouns
from common.schema import operation
from common.time import now
from complaints import rulings, triage
from complaints.api.found import show, the_case
from complaints.api.said import NothingIn, RejectionIn, RulingIn
from complaints.api.shown import ComplaintOut, RulingOut
from complaints.models import Ruling
from staff.session import person_of


class Acceptance(Nouns):
    """It is a valid complaint."""

    @operation(_("分拣为有效"), tag="triage", request=NothingIn, returns=ComplaintOut)
    def create(self, request: Request, no: str) -> Response:
        """The case as it stands now."""
        found, at = the_case(request, no), now()
        self.read(NothingIn)
        return Response(show(request, triage.accept(found.pk, by=person_of(request), at=at), at=at))


class Rejection(Nouns):
    """It is not a valid complaint."""

    @operation(_("分拣为无效"), tag="triage", request=RejectionIn, returns=ComplaintOut)
    def create(self, request: Request, no: str) -> Response:
        """The case as it stands now."""
        found, at = the_case(request, no), now()
        said = self.read(RejectionIn)
        rejected = triage.reject(found.pk, **said, by=person_of(request), at=at)
        return Response(show(request, rejected, at=at))


class Rulings(Nouns):
    """Who answers to the firm."""

    @operation(_("责任判定"), tag="triage", returns=RulingOut(many=True), errors=(401, 404))
    def list(self, request: Request, no: str) -> Response:
        """The one that stands, and those it superseded, the latest first."""
        found = Ruling.objects.filter(complaint=the_case(request, no))
        return self.page(
            found.select_related("branch", "person", "by").order_by("-at", "-pk"), RulingOut
        )

    @operation(
        _("判定责任机构和整改责任人"), tag="triage", request=RulingIn, returns=RulingOut, status=201
    )
    def create(self, request: Request, no: str) -> Response:
        """The ruling; the person has been told."""
        found = the_case(request, no)
        said = self.read(RulingIn)
        ruling = rulings.rule(found.pk, **said, by=person_of(request), at=now())
        return Response(RulingOut(ruling).data, status=201)
