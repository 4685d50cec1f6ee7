"""我的登录 and API 令牌: where one is signed in, and the tokens of one's programs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from allauth.account.decorators import reauthentication_required
from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from common.forms import CleanText, attempt
from staff import agents, stays, tokens
from staff.models import TokenScope
from staff.session import person_of

_DAYS = (30, 90, 180, 365)


@require_GET
def session_list(request: HttpRequest) -> HttpResponse:
    """Where the person is signed in, the latest seen first."""
    found = stays.listed(person_of(request), timezone.now())
    rows = [(stay, agents.spoken(stay.user_agent)) for stay in found]
    context = {"stays": rows, "here": request.session.session_key, "nav": ""}
    return render(request, "staff/sessions.html", context)


@require_POST
def session_end(request: HttpRequest, stay_id: int) -> HttpResponse:
    """End one of one's own. Raises Http404."""
    if not stays.end(person_of(request), stay_id):
        raise Http404
    messages.success(request, _("这处登录已经结束。"))
    return redirect("session-list")


@require_POST
def session_end_others(request: HttpRequest) -> HttpResponse:
    """End all but this."""
    count = stays.end_others(person_of(request), request.session.session_key)
    messages.success(request, _("已结束其他 %(count)d 处登录。") % {"count": count})
    return redirect("session-list")


class TokenForm(forms.Form):
    """What the token is called, what it may do, and for how long."""

    name = CleanText(
        label=gettext_lazy("名称"),
        limit=60,
        help_text=gettext_lazy("写明给哪个程序用，例如“订单系统登记投诉”。"),
    )
    scope = forms.ChoiceField(
        label=gettext_lazy("范围"),
        choices=TokenScope.choices,
        initial=TokenScope.READ,
        widget=forms.RadioSelect,
        help_text=gettext_lazy("只给程序用得着的范围；看得到哪些投诉，与本人相同。"),
    )
    days = forms.TypedChoiceField(
        label=gettext_lazy("有效期"),
        choices=[(days, gettext_lazy("%d 天") % days) for days in _DAYS],
        coerce=int,
        initial=_DAYS[1],
        widget=forms.RadioSelect,
    )


@require_GET
def token_list(request: HttpRequest) -> HttpResponse:
    """The person's tokens, without the tokens themselves."""
    found = tokens.listed(person_of(request))
    return render(request, "staff/tokens.html", {"grants": found, "at": timezone.now()})


@never_cache
@require_http_methods(["GET", "POST"])
@reauthentication_required  # type: ignore[untyped-decorator]  # allauth has no types
def token_new(request: HttpRequest) -> HttpResponse:
    """Make a token and show it, this once; only for whoever has just shown who they are."""
    form = TokenForm(request.POST if request.method == "POST" else None)
    made = attempt(form, lambda: _made(request, form.cleaned_data)) if form.is_valid() else None
    context = {"form": form, "token": made[1] if made else "", "grant": made[0] if made else None}
    return render(request, "staff/token_new.html", context, status=422 if form.errors else 200)


@require_POST
def token_revoke(request: HttpRequest, grant_id: int) -> HttpResponse:
    """End one of one's own. Raises Http404."""
    if not tokens.revoke(person_of(request), grant_id):
        raise Http404
    messages.success(request, _("令牌已作废。"))
    return redirect("token-list")


def _made(request: HttpRequest, said: dict[str, Any]) -> tuple[Any, str]:
    return tokens.issue(
        person_of(request),
        name=said["name"],
        scope=TokenScope(said["scope"]),
        lasts=timedelta(days=said["days"]),
    )
