"""The API of pausing and extending the 24H clock."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from common.api import Nouns
from common.schema import operation
from common.time import now
from complaints import allowances
from complaints.allowances import Wish
from complaints.api.found import the_allowance, the_case
from complaints.api.said import AllowanceDecisionIn, AllowanceIn, NothingIn
from complaints.api.shown import AllowanceOut
from complaints.models import Allowance
from staff.session import person_of


class Allowances(Nouns):
    """More time for the 24H: asked for, endorsed, granted or refused."""

    @operation(
        _("暂停和延期"), tag="allowances", returns=AllowanceOut(many=True), errors=(401, 404)
    )
    def list(self, request: Request, no: str) -> Response:
        """Those of all rounds, in the order they were asked for."""
        found = Allowance.objects.filter(complaint=the_case(request, no))
        named = found.select_related("clock", "asked_by", "endorsed_by", "decided_by")
        return self.page(named, AllowanceOut)

    @operation(
        _("申请暂停或延期"),
        tag="allowances",
        request=AllowanceIn,
        returns=AllowanceOut,
        status=201,
        description=_("只对 24H；暂停合计最多 48 小时，延期合计最多 72 小时；批准之前照常计时。"),
    )
    def create(self, request: Request, no: str) -> Response:
        """The request, which waits for a decision."""
        found = the_case(request, no)
        wish = Wish(**self.read(AllowanceIn))
        asked = allowances.ask(found.pk, wish, by=person_of(request), at=now())
        return Response(AllowanceOut(asked).data, status=201)

    @operation(
        _("暂停或延期反馈"),
        tag="allowances",
        request=AllowanceIn,
        returns=AllowanceOut,
        status=201,
        description=_("品质管理员、服务总监、总经理直接决定，立即生效；暂停到时自动恢复。"),
    )
    def grant(self, request: Request, no: str) -> Response:
        """The pause or extension, in force."""
        found = the_case(request, no)
        wish = Wish(**self.read(AllowanceIn))
        given = allowances.grant(found.pk, wish, by=person_of(request), at=now())
        return Response(AllowanceOut(given).data, status=201)

    @operation(_("同意申请"), tag="allowances", request=NothingIn, returns=AllowanceOut)
    def endorse(self, request: Request, no: str, allowance_id: int) -> Response:
        """The request, endorsed by the supervisor."""
        found = the_allowance(request, no, allowance_id)
        self.read(NothingIn)
        endorsed = allowances.endorse(found.pk, by=person_of(request), at=now())
        return Response(AllowanceOut(endorsed).data)

    @operation(
        _("批准或驳回申请"), tag="allowances", request=AllowanceDecisionIn, returns=AllowanceOut
    )
    def decide(self, request: Request, no: str, allowance_id: int) -> Response:
        """Granted from now on, or refused."""
        found = the_allowance(request, no, allowance_id)
        said = self.read(AllowanceDecisionIn)
        decided = allowances.decide(found.pk, **said, by=person_of(request), at=now())
        return Response(AllowanceOut(decided).data)

    @operation(_("提前恢复计时"), tag="allowances", request=NothingIn, returns=AllowanceOut)
    def resume(self, request: Request, no: str, allowance_id: int) -> Response:
        """The pause, ended; what was left of it is given back."""
        found = the_allowance(request, no, allowance_id)
        self.read(NothingIn)
        resumed = allowances.resume(found.pk, by=person_of(request), at=now())
        return Response(AllowanceOut(resumed).data)
