"""The weekly ranking for machines."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from common.api import ErrorOut
from common.time import now
from reports import access, rankings
from reports.periods import Week
from reports.serializers import RankingOut, ranking_data
from staff.session import person_of


class WeeklyRankingView(APIView):
    """GET /api/v1/rankings/weekly/?week=2026-W47"""

    @extend_schema(
        operation_id="rankings_weekly",
        summary="周排名",
        parameters=[
            OpenApiParameter(
                "week", str, description="ISO 8601, e.g. 2026-W47; the last full week by default"
            )
        ],
        responses={200: RankingOut, 400: ErrorOut, 401: ErrorOut, 403: ErrorOut},
    )
    def get(self, request: Request) -> Response:
        """The ranking with numerators and denominators, for those who lead (403 for others).
        Raises RuleBroken `week.*`."""
        if not access.may_read(person_of(request)):
            raise PermissionDenied
        at = now()
        written = request.query_params.get("week", "")
        week = Week.parse(written) if written.strip() else Week.containing(at).previous
        return Response(RankingOut(ranking_data(rankings.weekly(week, at=at))).data)
