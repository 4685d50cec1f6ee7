"""Every address of the house."""

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import URLPattern, URLResolver, include, path
from django.views.i18n import set_language

import complaints.urls
import intake.urls
import notify.urls
import quality.urls
import reports.urls
import staff.urls
from recovery import system
from recovery.api import urlpatterns as api
from recovery.health import healthz, readyz

handler400 = "common.views.bad_request"
handler403 = "common.views.forbidden"
handler404 = "common.views.not_found"
handler500 = "common.views.broken"

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("system/", system.page, name="system"),
    path("i18n/setlang/", login_not_required(set_language), name="set_language"),
    *staff.urls.urlpatterns,  # first: the back office has no door of its own
    path("back-office/", admin.site.urls),
    path("api/v1/", include(api)),
    *complaints.urls.urlpatterns,
    *intake.urls.urlpatterns,
    *quality.urls.urlpatterns,
    *notify.urls.urlpatterns,
    *reports.urls.urlpatterns,
]
