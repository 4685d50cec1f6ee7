"""The addresses of the inbox."""

from django.urls import path

from notify import views

urlpatterns = [
    path("messages/", views.inbox, name="inbox"),
    path("messages/read/", views.read_all, name="inbox-read"),
    path("messages/settings/", views.settings, name="message-settings"),
    path("messages/<int:message_id>/", views.open_message, name="message"),
]
