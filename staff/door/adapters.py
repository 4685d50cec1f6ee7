"""What the firm says to allauth: nobody signs up, passwords are counted in the database, secrets
are sealed, and a provider brings in only people whom the firm knows."""

from __future__ import annotations

import logging
from smtplib import SMTPException
from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.time import now
from staff import passwords, provider, second_factor
from staff.client import address_of, counted
from staff.models import Person
from staff.secrets import seal, unseal

logger = logging.getLogger(__name__)

WRONG = gettext_lazy("用户名或密码不对，请再试一次。")
WRONG_CODE = gettext_lazy("验证码不对，或试得太多，请稍后再试。")

#: What is worth a word; all else goes by in silence.
_SAID = {
    "account/messages/password_changed.txt": gettext_lazy("密码已修改，其他设备上的登录已结束。"),
    "mfa/messages/totp_activated.txt": gettext_lazy("验证器已启用。"),
    "mfa/messages/totp_deactivated.txt": gettext_lazy("验证器已停用。"),
    "mfa/messages/webauthn_added.txt": gettext_lazy("通行密钥已添加。"),
    "mfa/messages/webauthn_removed.txt": gettext_lazy("通行密钥已移除。"),
    "mfa/messages/recovery_codes_generated.txt": gettext_lazy("已生成新的恢复码，请立即保存。"),
}


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Passwords, mails and words."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": WRONG,
        "email_password_mismatch": WRONG,  # a name with an @ in it
        "incorrect_password": gettext_lazy("密码不对，或试得太多，请稍后再试。"),
        "enter_current_password": gettext_lazy("当前密码不对，或试得太多，请稍后再试。"),
        "invalid_password_reset": gettext_lazy("这个链接无效或已过期。"),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never: people are hired, by the administrator."""
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Person | None:
        """By name and password, counted in the database."""
        return passwords.recognise(
            credentials.get("username", ""),
            credentials.get("password", ""),
            address=counted(request),
            at=now(),
            request=request,
        )

    def is_safe_url(self, url: str) -> bool:
        """Only a path of ours leads on, never another host, be it one of our own."""
        return url_has_allowed_host_and_scheme(url, allowed_hosts=None)

    def get_client_ip(self, request: HttpRequest) -> str:
        """As everywhere in the house."""
        return address_of(request)

    def get_reset_password_from_key_url(self, key: str) -> str:
        """At SITE_URL, whatever host the request named."""
        uid, _dash, token = key.partition("-")
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": uid, "key": token})
        return f"{settings.SITE_URL}{path}"

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """A mail server that is away must not tell a known address from an unknown one."""
        try:
            super().send_mail(template_prefix, email, context)
        except (OSError, SMTPException) as error:
            logger.error("the mail %s was not sent: %s", template_prefix, type(error).__name__)

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        message_context: dict[str, Any] | None = None,
        extra_tags: str = "",
        message: str | None = None,
    ) -> None:
        """Only what the house has words for."""
        said = message or _SAID.get(message_template or "")
        if said:
            messages.add_message(request, level, str(said), extra_tags=extra_tags)

    def respond_user_inactive(self, request: HttpRequest, user: Person) -> HttpResponse:
        """As a stranger."""
        return turned_away(request)

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """How one shows again who one is, in our words."""
        words = {
            "reauthenticate": _("用密码确认"),
            "mfa_reauthenticate": _("用验证码或恢复码确认"),
            "mfa_reauthenticate:webauthn": _("用通行密钥确认"),
        }
        found = super().get_reauthentication_methods(user)
        return [{**method, "description": words[method["id"]]} for method in found]


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """The second factor: sealed at rest, and not to be put off where the firm wants one."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": WRONG_CODE,
        "cannot_delete_authenticator": gettext_lazy("按公司规定，您至少要保留一种两步验证方式。"),
        "cannot_generate_recovery_codes": gettext_lazy("请先设置两步验证，再生成恢复码。"),
    }

    def encrypt(self, text: str) -> str:
        """Sealed."""
        return seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        """And opened again."""
        return unseal(encrypted_text)

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Not the last one of somebody who has to have one."""
        person = authenticator.user
        others = Authenticator.objects.filter(user=person).exclude(pk=authenticator.pk)
        kept = others.exclude(type=Authenticator.Type.RECOVERY_CODES).exists()
        return kept or not second_factor.is_required(person)

    def get_totp_issuer(self) -> str:
        """What the app shows above the code."""
        return settings.SITE_HOST

    def generate_authenticator_name(self, user: Person, type: Any) -> str:
        """The first is number one."""
        count = Authenticator.objects.filter(user=user, type=type).count()
        return _("通行密钥 %(number)d") % {"number": count + 1}


class SocialAccountAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # no types
    """A provider says who somebody is; whether they work here the firm knows."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Never."""
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Connect the provider's account to the person it names, at the first time. Raises
        ImmediateHttpResponse, back to the door, for whom the firm doesn't know."""
        if sociallogin.is_existing:
            person = sociallogin.user
        else:
            person = provider.person_named(sociallogin.account.extra_data)
            if person is not None:
                sociallogin.connect(request, person)
        if not isinstance(person, Person) or not person.is_active:
            raise ImmediateHttpResponse(turned_away(request))

    def on_authentication_error(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Raises ImmediateHttpResponse, back to the door with a word."""
        raise ImmediateHttpResponse(
            turned_away(request, _("单点登录没有成功，请再试一次，或用密码登录。"))
        )


def turned_away(request: HttpRequest, why: str = "") -> HttpResponse:
    """Back to the door."""
    messages.error(request, why or _("这个单点登录账号没有对应的在用人员，请联系系统管理员。"))
    return redirect("sign-in")
