"""The addresses of the rankings."""

from django.urls import path

from reports import views

urlpatterns = [
    path("rankings/weekly/", views.weekly, name="ranking"),
    path("rankings/weekly.xlsx", views.weekly_xlsx, name="ranking-xlsx"),
    path("rankings/weekly.csv", views.weekly_csv, name="ranking-csv"),
    path("rankings/weekly/cases/", views.cases, name="ranking-cases"),
]
