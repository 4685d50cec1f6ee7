"""The addresses of the rankings."""

from django.urls import path

from reports import audit, views

urlpatterns = [
    path("rankings/weekly/", views.weekly, name="ranking"),
    path("rankings/weekly.xlsx", views.weekly_xlsx, name="ranking-xlsx"),
    path("rankings/weekly.csv", views.weekly_csv, name="ranking-csv"),
    path("rankings/weekly/cases/", views.cases, name="ranking-cases"),
    path("first-response/", audit.report, name="first-response"),
    path("first-response/cases/", audit.cases, name="first-response-cases"),
    path("first-response/samples/", audit.samples, name="first-response-samples"),
    path("first-response/inspections/<int:inspection_id>/", audit.inspection, name="inspection"),
]
