"""The way to the firm's OpenID provider and back; what fails on it leads back to the door."""

from __future__ import annotations

import logging

from allauth.socialaccount.providers.openid_connect import views as oidc
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _
from requests import RequestException

from staff.door.adapters import turned_away
from staff.door.again import View, asks_again

logger = logging.getLogger(__name__)


def _bearing(view: View) -> View:
    """The view for when the provider is away, or answers what nobody understands."""

    def _borne(request: HttpRequest, provider_id: str) -> HttpResponseBase:
        try:
            return view(request, provider_id)
        except (RequestException, ValueError, KeyError) as error:
            logger.error("the OpenID provider did not answer: %s", type(error).__name__)
            why = _("单点登录没有成功，请再试一次，或用密码登录。")
            return turned_away(request, why)

    return _borne


leave = _bearing(asks_again(oidc.login))
come_back = _bearing(asks_again(oidc.callback))
