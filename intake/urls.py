"""The addresses of the imports and of connected systems."""

from django.urls import path

from intake import connection_views, views
from staff.door.again import asks_again

_ONE = "connections/<slug:inlet_key>"
_HOOK = f"{_ONE}/hooks/<int:hook_id>"

urlpatterns = [
    path("imports/", views.imports, name="imports"),
    path("imports/<int:upload_id>/", views.one, name="import"),
    path("connections/", connection_views.connection_list, name="connections"),
    path("connections/new/", asks_again(connection_views.connection_new), name="connection-new"),
    path(f"{_ONE}/", connection_views.connection, name="connection"),
    path(
        f"{_ONE}/keys/new/",
        asks_again(connection_views.connection_key_new),
        name="connection-key-new",
    ),
    path(
        f"{_ONE}/keys/<int:key_id>/end/",
        connection_views.connection_key_end,
        name="connection-key-end",
    ),
    path(f"{_ONE}/hooks/new/", asks_again(connection_views.hook_new), name="hook-new"),
    path(f"{_HOOK}/", connection_views.hook, name="hook"),
    path(f"{_HOOK}/secret/", asks_again(connection_views.hook_secret), name="hook-secret"),
    path(f"{_HOOK}/trial/", connection_views.hook_trial, name="hook-trial"),
    path(f"{_HOOK}/switch/", connection_views.hook_switch, name="hook-switch"),
    path(
        f"{_HOOK}/calls/<int:call_id>/again/",
        connection_views.hook_call_again,
        name="hook-call-again",
    ),
]
