"""The API of all rooms under one roof, its description and its handbook."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.urls import URLPattern, URLResolver, path, re_path
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.request import Request
from rest_framework.response import Response

import complaints.api.urls
import intake.systems.api
import notify.api
import quality.api
import staff.api
from common.api import Nouns
from recovery.system import System
from reports.api import WeeklyRankingView


@extend_schema(exclude=True)
class Nothing(Nouns):
    """What isn't there is answered as the API answers, not with a page."""

    def refuse(self, request: Request, **_path: Any) -> Response:
        """Raises Http404."""
        raise Http404


_METHODS = ("get", "post", "put", "patch", "delete")

urlpatterns: list[URLPattern | URLResolver] = [
    *staff.api.urlpatterns,
    *notify.api.urlpatterns,
    *complaints.api.urls.urlpatterns,
    *quality.api.urlpatterns,
    *intake.systems.api.urlpatterns,
    path("rankings/weekly/", WeeklyRankingView.as_view(), name="api-ranking"),
    path("system/", System.as_view({"get": "show"}), name="api-system"),
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path(
        "docs/",
        SpectacularSwaggerSplitView.as_view(url_name="api-schema", template_name="api/docs.html"),
        name="api-docs",
    ),
    re_path(r"", Nothing.as_view(dict.fromkeys(_METHODS, "refuse")), name="api-nothing"),
]
