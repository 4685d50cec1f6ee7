"""人员离岗: accounts closed and opened again, by the administrator, who sees no case."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from common.errors import RuleBroken
from common.time import now
from complaints import departures as service
from staff.models import Person, Role
from staff.session import person_of


@require_http_methods(["GET", "POST"])
def departures(request: HttpRequest) -> HttpResponse:
    """Everybody with the number of cases and fixes they answer for; a press closes the account,
    after handing all of them to the supervisor where that was asked for."""
    by = person_of(request)
    if by.role != Role.ADMINISTRATOR:
        raise PermissionDenied
    if request.method == "POST":
        return _do(request, by)
    return _page(request)


def _do(request: HttpRequest, by: Person) -> HttpResponse:
    given = request.POST.get("person", "")
    person = get_object_or_404(Person, pk=int(given) if given.isdecimal() else 0)
    try:
        sentence = _deed(request.POST.get("deed", ""), person, by)
    except RuleBroken as broken:
        messages.error(request, broken.message)
        return _page(request, status=broken.status)
    messages.success(request, sentence % {"name": person.name})
    return redirect("departures")


def _deed(deed: str, person: Person, by: Person) -> str:
    if deed == "open":
        service.open_account(person, by=by, at=now())
        return _("%(name)s 的账号已启用。")
    service.close_account(person, hand_up=deed == "hand_up", by=by, at=now())
    return _("%(name)s 的账号已停用。")


def _page(request: HttpRequest, *, status: int = 200) -> HttpResponse:
    context = {"rows": service.burdens()}
    return render(request, "complaints/departures.html", context, status=status)
