"""allauth's pages where ours differ."""

from __future__ import annotations

from typing import Any

from allauth.account import views as account
from allauth.mfa.webauthn import views as webauthn
from allauth.socialaccount.adapter import get_adapter
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse_lazy

from staff import second_factor
from staff.session import person_of


class SignIn(account.LoginView):  # type: ignore[misc]  # allauth has no types
    """The door for people; whoever is already in goes on to the desk."""

    template_name = "staff/sign_in.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """And the ways in by a provider."""
        found: dict[str, Any] = super().get_context_data(**kwargs)
        return {**found, "providers": get_adapter().list_providers(self.request)}


class ChangePassword(account.PasswordChangeView):  # type: ignore[misc]  # no types
    """One's own password; afterwards to where one is signed in."""

    success_url = reverse_lazy("session-list")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Raises Http404 for whoever comes in through a provider and has none."""
        if not person_of(request).has_usable_password():
            raise Http404
        answer: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return answer


class RemovePasskey(webauthn.RemoveWebAuthnView):  # type: ignore[misc]  # no types
    """Back to all second factors; not the last one of somebody who has to have one."""

    success_url = reverse_lazy("mfa_index")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Raises Http404 for what isn't one's own, before anything is asked."""
        get_object_or_404(second_factor.passkeys(person_of(request)), pk=kwargs["pk"])
        answer: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return answer

    def form_valid(self, form: Any) -> HttpResponse:
        """The page again, with the reason, where it has to stay."""
        person = person_of(self.request)
        if second_factor.is_required(person) and second_factor.count(person) == 1:
            return self.render_to_response(  # type: ignore[no-any-return]  # allauth's
                self.get_context_data(form=form, has_to_stay=True), status=422
            )
        answer: HttpResponse = super().form_valid(form)
        return answer
