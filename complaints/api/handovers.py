"""The API of passing a case on."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from common.api import Nouns, refuse_unknown_query
from common.schema import LISTING, operation
from common.time import now
from complaints import handover_lists, handovers
from complaints.api.found import the_case
from complaints.api.handed import (
    HandoverAnswerIn,
    HandoverDecisionIn,
    HandoverIn,
    HandoverOut,
    WaitingHandoverOut,
)
from complaints.api.said import NothingIn
from complaints.handovers import Offer
from complaints.models import Handover
from staff.session import person_of


class Handovers(Nouns):
    """Offers of one case: made, accepted, refused, withdrawn, decided."""

    @operation(_("交接"), tag="handovers", returns=HandoverOut(many=True), errors=(401, 404))
    def list(self, request: Request, no: str) -> Response:
        """All of the case, the latest first."""
        return self.page(handover_lists.of_case(the_case(request, no).pk), HandoverOut)

    @operation(
        _("请别人接手"),
        tag="handovers",
        request=HandoverIn,
        returns=HandoverOut,
        status=201,
        description=_("对方接受之前仍由原责任人负责，时限照常计时；2 小时内可以答复。"),
    )
    def create(self, request: Request, no: str) -> Response:
        """The offer, or, where it is the second return of the round, what 品质管理员 decides."""
        found = the_case(request, no)
        offered = Offer(**self.read(HandoverIn))
        made = handovers.offer(found.pk, offered, by=person_of(request), at=now())
        return Response(HandoverOut(made).data, status=201)

    @operation(_("接受交接"), tag="handovers", request=NothingIn, returns=HandoverOut)
    def accept(self, request: Request, no: str) -> Response:
        """The handover, accepted: the receiver owns the case."""
        found = the_case(request, no)
        self.read(NothingIn)
        return _shown(handovers.accept(found.pk, by=person_of(request), at=now()))

    @operation(_("退回交接"), tag="handovers", request=HandoverAnswerIn, returns=HandoverOut)
    def refuse(self, request: Request, no: str) -> Response:
        """The handover, refused: the giver owns the case as before."""
        found = the_case(request, no)
        said = self.read(HandoverAnswerIn)
        return _shown(handovers.refuse(found.pk, **said, by=person_of(request), at=now()))

    @operation(_("撤回交接"), tag="handovers", request=NothingIn, returns=HandoverOut)
    def withdraw(self, request: Request, no: str) -> Response:
        """The handover, withdrawn by the giver."""
        found = the_case(request, no)
        self.read(NothingIn)
        return _shown(handovers.withdraw(found.pk, by=person_of(request), at=now()))

    @operation(_("裁决交接"), tag="handovers", request=HandoverDecisionIn, returns=HandoverOut)
    def decide(self, request: Request, no: str) -> Response:
        """The handover, decided: `owner` owns the case from now on."""
        found = the_case(request, no)
        said = self.read(HandoverDecisionIn)
        return _shown(handovers.decide(found.pk, **said, by=person_of(request), at=now()))


class WaitingHandovers(Nouns):
    """What waits for one's word."""

    @operation(
        _("等待我答复的交接"),
        tag="handovers",
        returns=WaitingHandoverOut(many=True),
        errors=LISTING,
    )
    def offered(self, request: Request) -> Response:
        """The open offers to me or to whom I stand in for, the soonest to lapse first."""
        refuse_unknown_query(request, frozenset())
        return self.page(handover_lists.offered_to(person_of(request), now()), WaitingHandoverOut)

    @operation(
        _("等待我裁决的交接"),
        tag="handovers",
        returns=WaitingHandoverOut(many=True),
        errors=LISTING,
    )
    def undecided(self, request: Request) -> Response:
        """What came back and I may decide; what was referred first."""
        refuse_unknown_query(request, frozenset())
        return self.page(handover_lists.to_decide(person_of(request), now()), WaitingHandoverOut)


def _shown(handover: Handover) -> Response:
    named = handover_lists.of_case(handover.complaint_id).get(pk=handover.pk)
    return Response(HandoverOut(named).data)
