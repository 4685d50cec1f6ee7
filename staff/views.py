"""Signing in and out."""

from __future__ import annotations

from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.utils.translation import gettext_lazy as _


class SignInForm(AuthenticationForm):
    """One sentence for a wrong name and a wrong password, so that neither can be guessed."""

    error_messages = {
        "invalid_login": _("用户名或密码不对，请再试一次。"),
        "inactive": _("用户名或密码不对，请再试一次。"),
    }


class SignIn(LoginView):
    """The door for people; whoever is already in goes on to the desk."""

    form_class = SignInForm
    template_name = "staff/sign_in.html"
    redirect_authenticated_user = True
