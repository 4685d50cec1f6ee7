"""The forms of the door: allauth's, in our words, bounded and counted."""

from __future__ import annotations

import json
from typing import Any

from allauth.account import forms as account
from allauth.mfa.adapter import get_adapter as get_mfa_adapter
from allauth.mfa.base import forms as mfa
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm as ActivateTOTP
from allauth.mfa.webauthn import forms as webauthn
from django import forms
from django.core.validators import MaxLengthValidator
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from common.time import now
from staff import passwords, throttle
from staff.client import counted
from staff.door.adapters import WRONG, AccountAdapter

_LABELS = {
    "login": _("用户名"),
    "password": _("密码"),
    "oldpassword": _("当前密码"),
    "password1": _("新密码"),
    "password2": _("再输一次新密码"),
    "email": _("邮箱"),
    "code": _("验证码"),
    "name": _("名称"),
}
#: Nobody types more into one line.
_LONGEST = 254


def in_our_words(form: forms.Form) -> None:
    """Labels of the house, no placeholders, and an end to every line."""
    for name, field in form.fields.items():
        field.label = _LABELS.get(name, field.label)
        field.widget.attrs.pop("placeholder", None)
        field.help_text = "" if name in ("password", "oldpassword") else field.help_text
        if isinstance(field, forms.CharField) and not isinstance(field, forms.JSONField):
            limit = passwords.LONGEST if "password" in name else _LONGEST
            field.validators.append(MaxLengthValidator(limit))


class SignInForm(account.LoginForm):  # type: ignore[misc]  # allauth has no types
    """Name and password; what is too long is wrong, like anything else."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        in_our_words(self)
        for name, field in self.fields.items():
            for check in field.validators:
                if isinstance(check, MaxLengthValidator):
                    check.message = WRONG
            if name == "login":
                field.widget.attrs["autofocus"] = True

    def add_prefix(self, field_name: str) -> str:
        """The name is called `username` in the page, as ever."""
        name: str = super().add_prefix("username" if field_name == "login" else field_name)
        return name

    def clean_login(self) -> str:
        """As it was typed: a name with a space around it is another."""
        name: str = self.cleaned_data["login"]
        return name

    def user_credentials(self) -> dict[str, str]:
        """The name is a name, whether or not there is an @ in it."""
        return {"username": self.cleaned_data["login"], "password": self.cleaned_data["password"]}


class PasswordAgainForm(account.ReauthenticateForm):  # type: ignore[misc]  # no types
    """The password, once more."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        in_our_words(self)


class NewPasswordForm(account.ChangePasswordForm):  # type: ignore[misc]  # no types
    """A new one for the old one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        in_our_words(self)

    def clean_oldpassword(self) -> str:
        """Counted, like every other try. Raises ValidationError."""
        said: str = self.cleaned_data["oldpassword"]
        adapter = AccountAdapter()
        if not adapter.reauthenticate(self.user, said):
            raise adapter.validation_error("enter_current_password")
        return said

    def clean(self) -> dict[str, Any]:
        """Raises ValidationError where the two differ."""
        return _both_alike(self)


class ForgottenForm(account.ResetPasswordForm):  # type: ignore[misc]  # no types
    """Where to send the link. At most three an hour to one address; whether there was one to send
    is not said."""

    users: list[Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        in_our_words(self)

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        """Send what is to be sent, to people who have a password at all."""
        email: str = self.cleaned_data["email"]
        at, where = now(), counted(request)
        may = throttle.enter(throttle.RESET_FROM, where, at=at)
        may = throttle.enter(throttle.RESET, email.lower(), at=at) and may
        self.users = [person for person in self.users if may and person.has_usable_password()]
        super().save(request, **kwargs)
        return email


class ChosenForm(account.ResetPasswordKeyForm):  # type: ignore[misc]  # no types
    """The new password, by the link of the mail."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        in_our_words(self)

    def clean(self) -> dict[str, Any]:
        """Raises ValidationError where the two differ."""
        return _both_alike(self)


class _CountedCode(forms.Form):
    """A code of the app or of the paper: five wrong ones shut the door for a while, and one that
    was right is not right again as long as the app shows it."""

    user: Any
    authenticator: Authenticator

    def clean_code(self) -> str:
        """Raises ValidationError with one sentence for all that is wrong."""
        at, who = now(), str(self.user.pk)
        if not throttle.enter(throttle.SECOND_FACTOR, who, at=at):
            raise get_mfa_adapter().validation_error("incorrect_code")
        code: str = super().clean_code()  # type: ignore[misc]  # allauth's, beside us
        if self.authenticator.type == Authenticator.Type.TOTP:
            shown = "".join(code.split())
            if not throttle.enter(throttle.USED_CODE, who, shown, at=at):
                raise get_mfa_adapter().validation_error("incorrect_code")
        throttle.forget(throttle.SECOND_FACTOR, who)
        return code


class CodeForm(_CountedCode, mfa.AuthenticateForm):  # type: ignore[misc]  # no types
    """At the door."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        in_our_words(self)


class CodeAgainForm(_CountedCode, mfa.ReauthenticateForm):  # type: ignore[misc]  # no types
    """Inside, before something that matters."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        in_our_words(self)


class AppForm(ActivateTOTP):  # type: ignore[misc]  # allauth has no types
    """The first code of a new app."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        in_our_words(self)


class _WholePasskey(forms.Form):
    """What a browser says of a passkey, before the library reads it: an object, storable."""

    def clean(self) -> dict[str, Any]:
        """Raises ValidationError for what is no credential."""
        said = self.cleaned_data.get("credential")
        if said is not None and (not isinstance(said, dict) or "\\u0000" in json.dumps(said)):
            raise get_mfa_adapter().validation_error("incorrect_code")
        try:
            cleaned: dict[str, Any] = super().clean() or {}
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise get_mfa_adapter().validation_error("incorrect_code") from error
        return cleaned


class PasskeyForm(_WholePasskey, webauthn.AddWebAuthnForm):  # type: ignore[misc]  # no types
    """A new passkey and what it is called."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        in_our_words(self)


class _WholeAnswer(forms.Form):
    """What a browser says a passkey has answered, before the library trips over it."""

    def clean_credential(self) -> Any:
        """Raises ValidationError for what is no answer."""
        try:
            return super().clean_credential()  # type: ignore[misc]  # allauth's, beside us
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise get_mfa_adapter().validation_error("incorrect_code") from error


class AnswerForm(_WholeAnswer, webauthn.AuthenticateWebAuthnForm):  # type: ignore[misc]  # no types
    """A passkey, at the door."""


class AnswerAgainForm(_WholeAnswer, webauthn.ReauthenticateWebAuthnForm):  # type: ignore[misc]
    """A passkey, inside, before something that matters."""


def _both_alike(form: Any) -> dict[str, Any]:
    said: dict[str, Any] = form.cleaned_data
    first, second = said.get("password1"), said.get("password2")
    if first and second and first != second:
        form.add_error("password2", _("两次输入的密码不一样。"))
    return said
