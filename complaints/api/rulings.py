"""The API of ruling, of disputing a ruling, and of answering a dispute."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from common.api import Nouns, refuse_unknown_query
from common.schema import LISTING, operation
from common.time import now
from complaints import disputes, rulings, selectors
from complaints.api.found import the_case, the_dispute
from complaints.api.said import DisputeAnswerIn, DisputeIn, RulingIn
from complaints.api.shown import DisputeOut, ReferenceOut, RulingOut
from complaints.findings import Finding, Party
from complaints.models import WHOLE, Department, Dispute, Ruling, Supplier
from staff.session import person_of


class Rulings(Nouns):
    """Who answers to the firm."""

    @operation(_("责任判定"), tag="triage", returns=RulingOut(many=True), errors=(401, 404))
    def list(self, request: Request, no: str) -> Response:
        """The one that stands, and those it superseded, the latest first."""
        found = Ruling.objects.filter(complaint=the_case(request, no)).order_by("-at", "-pk")
        return self.page(selectors.with_parts(found), RulingOut, at=now())

    @operation(
        _("判定责任机构、整改责任人和共同责任方"),
        tag="triage",
        request=RulingIn,
        returns=RulingOut,
        status=201,
        description=_("各方份额合计 100；主责的份额留空时为其余各方之外的部分。"),
    )
    def create(self, request: Request, no: str) -> Response:
        """The ruling; those it names have been told."""
        found, at = the_case(request, no), now()
        said = _finding(self.read(RulingIn))
        ruling = rulings.rule(found.pk, **said, by=person_of(request), at=at)
        return Response(_shown(ruling.pk, at), status=201)


class Disputes(Nouns):
    """What the ruled branches say to it."""

    @operation(_("责任争议"), tag="triage", returns=DisputeOut(many=True), errors=(401, 404))
    def list(self, request: Request, no: str) -> Response:
        """In the order they were raised."""
        found = Dispute.objects.filter(complaint=the_case(request, no))
        named = found.select_related("branch", "raised_by", "answered_by")
        return self.page(named.prefetch_related("evidence"), DisputeOut)

    @operation(
        _("责任申诉"),
        tag="triage",
        request=DisputeIn,
        returns=DisputeOut,
        status=201,
        description=_("被判定的机构的主管或整改责任人，在判定后 24 小时内。"),
    )
    def create(self, request: Request, no: str) -> Response:
        """The dispute, which waits for its answer."""
        found = the_case(request, no)
        said = self.read(DisputeIn)
        raised = disputes.dispute(
            found.pk,
            reasons=said["reasons"],
            evidence=tuple(said.get("evidence", ())),
            by=person_of(request),
            at=now(),
        )
        return Response(DisputeOut(raised).data, status=201)

    @operation(_("复核责任争议"), tag="triage", request=DisputeAnswerIn, returns=DisputeOut)
    def review(self, request: Request, no: str, dispute_id: int) -> Response:
        """The dispute with the ruling that answered it."""
        found = the_dispute(request, no, dispute_id)
        said = _answer(self.read(DisputeAnswerIn))
        answered = disputes.review(found.pk, **said, by=person_of(request), at=now())
        return Response(DisputeOut(answered).data)

    @operation(_("终裁责任争议"), tag="triage", request=DisputeAnswerIn, returns=DisputeOut)
    def decide(self, request: Request, no: str, dispute_id: int) -> Response:
        """The dispute with the final ruling."""
        found = the_dispute(request, no, dispute_id)
        said = _answer(self.read(DisputeAnswerIn))
        answered = disputes.decide(found.pk, **said, by=person_of(request), at=now())
        return Response(DisputeOut(answered).data)


class Suppliers(Nouns):
    """Firms outside the house."""

    @operation(_("外部供应商"), tag="reference", returns=ReferenceOut(many=True), errors=LISTING)
    def list(self, request: Request) -> Response:
        """Those in use, by name."""
        refuse_unknown_query(request, frozenset())
        return self.page(Supplier.objects.filter(is_active=True), ReferenceOut)


class Departments(Nouns):
    """The kinds of department a branch has."""

    @operation(_("部门"), tag="reference", returns=ReferenceOut(many=True), errors=LISTING)
    def list(self, request: Request) -> Response:
        """Those in use, by code."""
        refuse_unknown_query(request, frozenset())
        return self.page(Department.objects.filter(is_active=True), ReferenceOut)


def _shown(ruling_id: int, at: datetime) -> dict[str, Any]:
    """The ruling read afresh, as of now."""
    found = selectors.with_parts(Ruling.objects.all()).get(pk=ruling_id)
    shown: dict[str, Any] = RulingOut(found, context={"at": at}).data
    return shown


def _finding(said: dict[str, Any]) -> dict[str, Any]:
    """The words of a ruling as the service wants them; the one that leads bears what the others
    leave."""
    others = tuple(Party(**party) for party in said.pop("others", ()))
    left = WHOLE - sum((party.share for party in others), Decimal(0))
    ids = {name: tuple(said.pop(name, ())) for name in ("evidence", "talks")}
    return {"share": left, **said, **ids, "others": others}


def _answer(said: dict[str, Any]) -> dict[str, Any]:
    """The words of an answer; an upheld ruling needs no others."""
    upheld, basis = said.pop("upheld"), said["basis"]
    if upheld:
        return {"basis": basis, "instead": None}
    return {"basis": basis, "instead": Finding(**_finding(said))}
