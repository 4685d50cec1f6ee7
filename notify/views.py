"""消息: the inbox, and by which ways out else one wants to hear."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from common.time import now
from notify import selectors
from notify.forms import SettingsForm
from notify.inbox import mark_read
from staff.session import person_of

_PER_PAGE = 30


@require_GET
def inbox(request: HttpRequest) -> HttpResponse:
    """What the person was told, newest first; `?unread=1` only what is unread."""
    found = selectors.inbox(person_of(request))
    unread = request.GET.get("unread") == "1"
    page = Paginator(found.filter(read_at=None) if unread else found, _PER_PAGE).get_page(
        request.GET.get("page")
    )
    context = {"page": page, "unread": unread, "query": "unread=1" if unread else ""}
    return render(request, "notify/inbox.html", context)


@require_POST
def open_message(request: HttpRequest, message_id: int) -> HttpResponse:
    """Mark it as read and go where it points."""
    person = person_of(request)
    message = get_object_or_404(selectors.inbox(person), pk=message_id)
    mark_read(person, at=now(), message_ids=[message.pk])
    return redirect(message.url or "inbox")


@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    """Mark all as read."""
    mark_read(person_of(request), at=now())
    return redirect("inbox")


@require_http_methods(["GET", "POST"])
def settings(request: HttpRequest) -> HttpResponse:
    """The person's own choice of ways out and quiet hours."""
    data = request.POST if request.method == "POST" else None
    form = SettingsForm(data, person=person_of(request))
    if form.is_valid() and form.perform():
        messages.success(request, _("消息设置已保存。"))
        return redirect("message-settings")
    status = 422 if form.errors else 200
    context = {"form": form, "nav": "inbox"}
    return render(request, "notify/settings.html", context, status=status)
