"""The addresses of the imports, of what customers see, and of what other houses call."""

from django.urls import path

from intake import inlet_views, item_views
from intake.imports import views as imports
from intake.lists import views as lists
from intake.public import code_views
from intake.public import views as public
from intake.systems import views as systems
from intake.wechat import views as wechat
from staff.door.again import asks_again

_CASES = "imports/cases"
_FILE = f"{_CASES}/<int:job_id>"
_ONE = "connections/<slug:inlet_key>"
_HOOK = f"{_ONE}/hooks/<int:hook_id>"

urlpatterns = [
    path("imports/", lists.imports, name="imports"),
    path("imports/<int:upload_id>/", lists.one, name="import"),
    # for customers; all of them under this, and nothing else (`common/outside.py`)
    path("feedback/", public.feedback, name="feedback"),
    path("feedback/challenge/", public.challenge, name="feedback-challenge"),
    path("feedback/privacy/", public.privacy, name="feedback-privacy"),
    path("feedback/receipt/", public.receipt, name="feedback-receipt"),
    path("feedback/track/", public.track, name="feedback-track"),
    path("feedback/case/", public.case, name="feedback-case"),
    path("feedback/case/messages/", public.message, name="feedback-message"),
    path("feedback/case/ratings/", public.rating, name="feedback-rating"),
    path("feedback/case/reopenings/", public.unsolved, name="feedback-unsolved"),
    path("feedback/case/withdrawal/", public.withdrawal, name="feedback-withdrawal"),
    path("feedback/case/end/", public.leave, name="feedback-leave"),
    path("feedback/<slug:branch_code>/", public.feedback, name="feedback-of-branch"),
    # the codes that lead there
    path("feedback-codes/", code_views.codes_list, name="feedback-codes"),
    path("feedback-codes/<slug:branch_code>/", code_views.code, name="feedback-code"),
    path(
        "feedback-codes/<slug:branch_code>/<str:kind>/",
        code_views.picture,
        name="feedback-code-picture",
    ),
    path("connections/", systems.connection_list, name="connections"),
    path("connections/new/", asks_again(systems.connection_new), name="connection-new"),
    path(f"{_ONE}/", systems.connection, name="connection"),
    path(
        f"{_ONE}/keys/new/",
        asks_again(systems.connection_key_new),
        name="connection-key-new",
    ),
    path(
        f"{_ONE}/keys/<int:key_id>/end/",
        systems.connection_key_end,
        name="connection-key-end",
    ),
    path(f"{_ONE}/hooks/new/", asks_again(systems.hook_new), name="hook-new"),
    path(f"{_HOOK}/", systems.hook, name="hook"),
    path(f"{_HOOK}/secret/", asks_again(systems.hook_secret), name="hook-secret"),
    path(f"{_HOOK}/trial/", systems.hook_trial, name="hook-trial"),
    path(f"{_HOOK}/switch/", systems.hook_switch, name="hook-switch"),
    path(
        f"{_HOOK}/calls/<int:call_id>/again/",
        systems.hook_call_again,
        name="hook-call-again",
    ),
    path("callbacks/wechat/<slug:key>/", wechat.wechat, name="wechat"),
    path("callbacks/wecom/<slug:key>/", wechat.wecom, name="wecom"),
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
    path(f"{_CASES}/", imports.case_imports, name="case-imports"),
    path(f"{_FILE}/", imports.case_import, name="case-import"),
    path(f"{_FILE}/columns/", imports.columns, name="case-import-columns"),
    path(f"{_FILE}/confirmation/", imports.confirmation, name="case-import-confirm"),
    path(f"{_FILE}/cancellation/", imports.cancellation, name="case-import-cancel"),
    path(f"{_FILE}/set-aside/", imports.rows_set_aside, name="case-import-set-aside"),
]
