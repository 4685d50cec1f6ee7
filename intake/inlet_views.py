"""受理入口: the administrator sets up the ways in, and sees what was changed about them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from common.forms import attempt
from common.time import now
from complaints.models import Channel
from intake import receivers
from intake.inlet_fields import of_channel
from intake.inlet_forms import ChannelForm, InletForm
from intake.models import Inlet, InletChange
from staff.session import person_of

_LATEST = 50


@require_GET
def inlet_list(request: HttpRequest) -> HttpResponse:
    """All of them, each with what is amiss."""
    found = Inlet.objects.select_related("branch", "receiver", "category")
    rows = _rows(list(found), now())
    return render(request, "intake/inlets.html", {"rows": rows})


def _rows(found: list[Inlet], at: datetime) -> list[dict[str, Any]]:
    notes = receivers.warnings(found, at)
    return [{"inlet": inlet, "warning": notes.get(inlet.pk, "")} for inlet in found]


@require_http_methods(["GET", "POST"])
def inlet_new(request: HttpRequest) -> HttpResponse:
    """新增入口: first the channel, then what it has to know."""
    channel = request.GET.get("channel", "")
    if channel not in Channel.values:
        context = {"form": ChannelForm()}
        return render(request, "intake/inlet_channel.html", context)
    form = InletForm(request.POST if request.method == "POST" else None, channel=channel)
    return _answer(request, form)


@require_http_methods(["GET", "POST"])
def inlet(request: HttpRequest, inlet_id: int) -> HttpResponse:
    """One of them: what it is, and what was changed about it."""
    found = get_object_or_404(Inlet.objects.select_related("branch", "receiver"), pk=inlet_id)
    data = request.POST if request.method == "POST" else None
    return _answer(request, InletForm(data, channel=found.channel, inlet=found))


def _answer(request: HttpRequest, form: InletForm) -> HttpResponse:
    person, at = person_of(request), now()
    if form.is_valid() and (kept := attempt(form, lambda: form.perform(by=person, at=at))):
        messages.success(request, _("%(name)s 已保存。") % {"name": kept.name})
        return redirect("inlet-list")
    context = {
        "form": form,
        "inlet": form.inlet,
        "channel": form.channel,
        "changes": _story(form.inlet) if form.inlet else [],
        "warning": receivers.warnings([form.inlet], at).get(form.inlet.pk) if form.inlet else "",
    }
    return render(request, "intake/inlet.html", context, status=422 if form.errors else 200)


def _story(found: Inlet) -> list[dict[str, Any]]:
    labels = _labels(found)
    changes = InletChange.objects.filter(inlet=found).select_related("by")[:_LATEST]
    return [
        {"change": each, "lines": [_line(said, labels) for said in each.changes]}
        for each in changes
    ]


def _labels(found: Inlet) -> dict[str, str]:
    own = {asked.name: str(asked.label) for asked in of_channel(found.channel)}
    form = InletForm(channel=found.channel)
    return {**{name: str(form[name].label) for name in form.base_fields}, **own}


def _line(said: dict[str, Any], labels: dict[str, str]) -> dict[str, Any]:
    return {
        "label": labels.get(said["name"], said["name"]),
        "is_secret": said.get("is_secret", False),
        "old": _word(said.get("old", "")),
        "new": _word(said.get("new", "")),
    }


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return _("是") if value else _("否")
    return str(value)
