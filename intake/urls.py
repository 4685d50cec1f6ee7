"""The addresses of the imports."""

from django.urls import path

from intake import views

urlpatterns = [
    path("imports/", views.imports, name="imports"),
    path("imports/<int:upload_id>/", views.one, name="import"),
]
