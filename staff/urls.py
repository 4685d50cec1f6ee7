"""The addresses of the door."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from staff.views import SignIn, absence_end, absence_list

urlpatterns = [
    path("sign-in/", SignIn.as_view(), name="sign-in"),
    path("absences/", absence_list, name="absence-list"),
    path("absences/<int:absence_id>/end/", absence_end, name="absence-end"),
    path("sign-out/", LogoutView.as_view(next_page="sign-in"), name="sign-out"),
]
