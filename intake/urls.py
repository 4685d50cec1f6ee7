"""The addresses of the imports, and those that other houses call."""

from django.urls import path

from intake import views
from intake.wechat import views as wechat

urlpatterns = [
    path("imports/", views.imports, name="imports"),
    path("imports/<int:upload_id>/", views.one, name="import"),
    path("callbacks/wechat/<slug:key>/", wechat.wechat, name="wechat"),
    path("callbacks/wecom/<slug:key>/", wechat.wecom, name="wecom"),
]
