"""The API of putting it right."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from common.api import Nouns
from common.schema import operation
from common.time import now
from complaints import remedies
from complaints.api.found import the_case, the_remedy
from complaints.api.said import CancellationIn, DecisionIn, DeliveryIn, RemedyIn
from complaints.api.shown import RemedyOut
from complaints.models import Remedy
from staff.session import person_of


class Remedies(Nouns):
    """What the customer is given, and what becomes of it."""

    @operation(_("补救"), tag="remedies", returns=RemedyOut(many=True), errors=(401, 404))
    def list(self, request: Request, no: str) -> Response:
        """In the order they were proposed."""
        found = Remedy.objects.filter(complaint=the_case(request, no))
        return self.page(found.select_related("proposed_by", "decided_by"), RemedyOut)

    @operation(
        _("提出补救"),
        tag="remedies",
        request=RemedyIn,
        returns=RemedyOut,
        status=201,
        description=_("整件投诉的补救总额在授权额度内即为已承诺，超出则等待审批。"),
    )
    def create(self, request: Request, no: str) -> Response:
        """Promised, or awaiting an approval."""
        found = the_case(request, no)
        said = self.read(RemedyIn)
        remedy = remedies.propose(found.pk, **said, by=person_of(request), at=now())
        return Response(RemedyOut(remedy).data, status=201)

    @operation(_("审批补救"), tag="remedies", request=DecisionIn, returns=RemedyOut)
    def decide(self, request: Request, no: str, remedy_id: int) -> Response:
        """Promised, or refused."""
        found = the_remedy(request, no, remedy_id)
        said = self.read(DecisionIn)
        remedy = remedies.decide(found.pk, **said, by=person_of(request), at=now())
        return Response(RemedyOut(remedy).data)

    @operation(_("兑现补救"), tag="remedies", request=DeliveryIn, returns=RemedyOut)
    def deliver(self, request: Request, no: str, remedy_id: int) -> Response:
        """Delivered, with its proof."""
        found = the_remedy(request, no, remedy_id)
        said = self.read(DeliveryIn)
        remedy = remedies.deliver(found.pk, **said, by=person_of(request), at=now())
        return Response(RemedyOut(remedy).data)

    @operation(_("取消补救"), tag="remedies", request=CancellationIn, returns=RemedyOut)
    def cancel(self, request: Request, no: str, remedy_id: int) -> Response:
        """Cancelled."""
        found = the_remedy(request, no, remedy_id)
        said = self.read(CancellationIn)
        remedy = remedies.cancel(found.pk, **said, by=person_of(request), at=now())
        return Response(RemedyOut(remedy).data)
