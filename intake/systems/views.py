"""对接系统: which systems hand in complaints, their keys, and where they hear of their cases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from allauth.account.decorators import reauthentication_required
from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from common.forms import attempt
from common.time import now
from complaints.rules import Action
from intake.models import Hook, Inlet
from intake.systems import connections, hooks, keys
from intake.systems.forms import ConnectForm, HookForm, KeyForm
from staff.session import person_of


@require_GET
def connection_list(request: HttpRequest) -> HttpResponse:
    """All systems."""
    context = {"connections": connections.connected()}
    return render(request, "intake/connections.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@reauthentication_required  # type: ignore[untyped-decorator]  # allauth has no types
def connection_new(request: HttpRequest) -> HttpResponse:
    """Connect a system, and show its key, this once."""

    def deed(said: Any) -> str:
        lasts = timedelta(days=said["days"])
        return connections.connect(form.said(), lasts=lasts, by=person_of(request), at=now())[2]

    form = ConnectForm(_typed(request))
    back = (reverse("connections"), _("对接系统"))
    return _once_shown(request, form, deed, title=_("新建对接"), label=_("密钥"), back=back)


@require_GET
def connection(request: HttpRequest, inlet_key: str) -> HttpResponse:
    """One system: its keys and hooks."""
    inlet = _inlet(inlet_key)
    context = {
        "inlet": inlet,
        "keys": inlet.keys.select_related("created_by", "revoked_by"),
        "hooks": inlet.hooks.all(),
        "at": now(),
    }
    return render(request, "intake/connection.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@reauthentication_required  # type: ignore[untyped-decorator]  # allauth has no types
def connection_key_new(request: HttpRequest, inlet_key: str) -> HttpResponse:
    """A further key, shown this once."""
    inlet = _inlet(inlet_key)

    def deed(said: Any) -> str:
        lasts = timedelta(days=said["days"])
        return keys.issue(inlet, name=said["name"], lasts=lasts, by=person_of(request), at=now())[1]

    form = KeyForm(_typed(request))
    return _once_shown(
        request, form, deed, title=_("新建密钥"), label=_("密钥"), back=_page_of(inlet)
    )


@require_POST
def connection_key_end(request: HttpRequest, inlet_key: str, key_id: int) -> HttpResponse:
    """A key opens nothing from now on. Raises Http404."""
    if not keys.revoke(key_id, _inlet(inlet_key), by=person_of(request), at=now()):
        raise Http404
    messages.success(request, _("密钥已作废。"))
    return redirect("connection", inlet_key)


@never_cache
@require_http_methods(["GET", "POST"])
@reauthentication_required  # type: ignore[untyped-decorator]  # allauth has no types
def hook_new(request: HttpRequest, inlet_key: str) -> HttpResponse:
    """An address that hears of what happens, and its secret, shown this once."""
    inlet = _inlet(inlet_key)

    def deed(said: Any) -> str:
        return hooks.create(
            inlet, url=said["url"], events=said["events"], by=person_of(request), at=now()
        )[1]

    form = HookForm(_typed(request))
    return _once_shown(
        request, form, deed, title=_("新建事件通知"), label=_("签名密钥"), back=_page_of(inlet)
    )


@require_GET
def hook(request: HttpRequest, inlet_key: str, hook_id: int) -> HttpResponse:
    """One address, and how the latest calls went."""
    found = _hook(inlet_key, hook_id)
    context = {
        "hook": found,
        "events": [Action(kind).label for kind in found.events],
        "calls": [(call, _kind(call.kind)) for call in connections.latest_calls(found.pk)],
        "at": now(),
    }
    return render(request, "intake/hook.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@reauthentication_required  # type: ignore[untyped-decorator]  # allauth has no types
def hook_secret(request: HttpRequest, inlet_key: str, hook_id: int) -> HttpResponse:
    """Another secret, shown this once."""
    found = _hook(inlet_key, hook_id)
    form = forms.Form(_typed(request))
    return _once_shown(
        request,
        form,
        lambda _said: hooks.rotate(found, at=now()),
        title=_("更换签名密钥"),
        label=_("签名密钥"),
        back=(reverse("hook", args=[inlet_key, hook_id]), found.url),
        lead=_("换后 24 小时内，新旧两个密钥都会签名，对方可以从容更换。"),
    )


@require_POST
def hook_trial(request: HttpRequest, inlet_key: str, hook_id: int) -> HttpResponse:
    """Say something about nothing, to see whether it arrives."""
    hooks.trial(_hook(inlet_key, hook_id), at=now())
    messages.success(request, _("测试事件几秒内发出，结果见下表。"))
    return redirect("hook", inlet_key, hook_id)


@require_POST
def hook_switch(request: HttpRequest, inlet_key: str, hook_id: int) -> HttpResponse:
    """Off, or on again."""
    found = _hook(inlet_key, hook_id)
    hooks.switch(found, on=not found.is_active)
    messages.success(request, _("通知已停用。") if found.is_active else _("通知已启用。"))
    return redirect("hook", inlet_key, hook_id)


@require_POST
def hook_call_again(
    request: HttpRequest, inlet_key: str, hook_id: int, call_id: int
) -> HttpResponse:
    """Try one that was given up once more. Raises Http404."""
    if not hooks.again(_hook(inlet_key, hook_id), call_id, at=now()):
        raise Http404
    messages.success(request, _("会再试一天。"))
    return redirect("hook", inlet_key, hook_id)


def _once_shown(
    request: HttpRequest,
    form: Any,
    deed: Callable[[Any], str],
    *,
    title: str,
    label: str,
    back: tuple[str, str],
    lead: str = "",
) -> HttpResponse:
    """The form; once it is sent, what the deed gives, which is nowhere kept."""
    secret = attempt(form, lambda: deed(form.cleaned_data)) if form.is_valid() else None
    context = {
        "form": form, "title": title, "lead": lead, "label": label, "secret": secret or "",
        "back_url": back[0], "back_label": back[1],
    }  # fmt: skip
    status = 422 if form.errors else 200
    return render(request, "intake/once_shown.html", context, status=status)


def _typed(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None


def _inlet(inlet_key: str) -> Inlet:
    return get_object_or_404(connections.connected(), key=inlet_key)


def _hook(inlet_key: str, hook_id: int) -> Hook:
    return get_object_or_404(
        Hook.objects.select_related("inlet"), pk=hook_id, inlet=_inlet(inlet_key)
    )


def _page_of(inlet: Inlet) -> tuple[str, str]:
    return reverse("connection", args=[inlet.key]), inlet.name


def _kind(kind: str) -> str:
    return _("测试") if kind == hooks.TRIAL else str(Action(kind).label)
