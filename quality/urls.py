"""The addresses of the sheet, under the case's."""

from django.urls import path

from quality import views

_SHEETS = "complaints/<str:no>/sheets"

urlpatterns = [
    path(f"{_SHEETS}/", views.submission, name="sheet-new"),
    path(f"{_SHEETS}/return/", views.returning, name="sheet-return"),
    path(f"{_SHEETS}/verification/", views.verification, name="sheet-verify"),
    path(f"{_SHEETS}/waiver/", views.waiver, name="sheet-waive"),
    path(f"{_SHEETS}/<int:round_>/", views.sheet, name="sheet"),
]
