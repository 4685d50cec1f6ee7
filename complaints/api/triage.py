"""The API of sorting: decided, looked at from above, suggested."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from common.api import Nouns
from common.schema import operation
from common.time import now
from complaints import suggestions, triage
from complaints.api.found import show, the_case
from complaints.api.said import (
    NothingIn,
    RejectionIn,
    RulingSuggestionIn,
    TriageReviewIn,
    TriageSuggestionIn,
)
from complaints.api.shown import ComplaintOut, SortingOut, SuggestionOut
from complaints.models import Suggestion, Triage
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


class Sortings(Nouns):
    """How the case was sorted, and what those above found."""

    @operation(_("分拣记录"), tag="triage", returns=SortingOut(many=True), errors=(401, 404))
    def list(self, request: Request, no: str) -> Response:
        """The one that stands, and those it superseded, the latest first."""
        found = Triage.objects.filter(complaint=the_case(request, no))
        named = found.select_related("by", "reviewed_by", "duplicate_of")
        return self.page(named.order_by("-at", "-pk"), SortingOut)

    @operation(
        _("复核分拣：维持，或改判为有效"),
        tag="triage",
        request=TriageReviewIn,
        returns=ComplaintOut,
    )
    def review(self, request: Request, no: str) -> Response:
        """The case as it stands now."""
        found, at = the_case(request, no), now()
        said = self.read(TriageReviewIn)
        reviewed = triage.review(found.pk, **said, by=person_of(request), at=at)
        return Response(show(request, reviewed, at=at))


class Suggestions(Nouns):
    """What those beside the case would decide."""

    @operation(
        _("分拣和判责的建议"), tag="triage", returns=SuggestionOut(many=True), errors=(401, 404)
    )
    def list(self, request: Request, no: str) -> Response:
        """The latest first."""
        found = Suggestion.objects.filter(complaint=the_case(request, no))
        named = found.select_related("branch", "person", "by")
        return self.page(named.order_by("-at", "-pk"), SuggestionOut)

    @operation(
        _("建议分拣"), tag="triage", request=TriageSuggestionIn, returns=SuggestionOut, status=201
    )
    def triage(self, request: Request, no: str) -> Response:
        """The suggestion."""
        found = the_case(request, no)
        said = {"reason": None, **self.read(TriageSuggestionIn)}
        made = suggestions.suggest_triage(found.pk, **said, by=person_of(request), at=now())
        return Response(SuggestionOut(made).data, status=201)

    @operation(
        _("建议判责"), tag="triage", request=RulingSuggestionIn, returns=SuggestionOut, status=201
    )
    def ruling(self, request: Request, no: str) -> Response:
        """The suggestion."""
        found = the_case(request, no)
        said = self.read(RulingSuggestionIn)
        made = suggestions.suggest_ruling(found.pk, **said, by=person_of(request), at=now())
        return Response(SuggestionOut(made).data, status=201)
