"""The addresses of the imports, of what came in, and of the ways in."""

from django.urls import path

from intake import inlet_views, item_views, views

urlpatterns = [
    path("imports/", views.imports, name="imports"),
    path("imports/<int:upload_id>/", views.one, name="import"),
    # what came in
    path("intake/", item_views.item_list, name="item-list"),
    path("intake/reconciliation/", item_views.reconcile, name="reconciliation"),
    path("intake/reconciliation.csv", item_views.reconcile_csv, name="reconciliation-csv"),
    path("intake/<int:item_id>/", item_views.one, name="item"),
    path("intake/<int:item_id>/raw/", item_views.raw, name="item-raw"),
    path("intake/<int:item_id>/retry/", item_views.retry, name="item-retry"),
    path("intake/<int:item_id>/register/", item_views.register, name="item-register"),
    path("intake/<int:item_id>/append/", item_views.append, name="item-append"),
    path("intake/<int:item_id>/ignore/", item_views.ignore, name="item-ignore"),
    # the ways in
    path("inlets/", inlet_views.inlet_list, name="inlet-list"),
    path("inlets/new/", inlet_views.inlet_new, name="inlet-new"),
    path("inlets/<int:inlet_id>/", inlet_views.inlet, name="inlet"),
]
