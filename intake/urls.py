"""The addresses of the imports."""

from django.urls import path

from intake import case_import_views, views

_CASES = "imports/cases"
_FILE = f"{_CASES}/<int:job_id>"

urlpatterns = [
    path("imports/", views.imports, name="imports"),
    path("imports/<int:upload_id>/", views.one, name="import"),
    path(f"{_CASES}/", case_import_views.case_imports, name="case-imports"),
    path(f"{_FILE}/", case_import_views.case_import, name="case-import"),
    path(f"{_FILE}/columns/", case_import_views.columns, name="case-import-columns"),
    path(f"{_FILE}/confirmation/", case_import_views.confirmation, name="case-import-confirm"),
    path(f"{_FILE}/cancellation/", case_import_views.cancellation, name="case-import-cancel"),
    path(f"{_FILE}/set-aside/", case_import_views.rows_set_aside, name="case-import-set-aside"),
]
