"""Being away and coming back."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from common.errors import RuleBroken
from common.time import now
from staff import absences
from staff.absence_forms import AbsenceForm
from staff.models import Absence, Role
from staff.session import person_of

#: What ended longer ago is not listed any more.
_SHOWN_FOR = timedelta(days=90)
_MOST = 200


@require_http_methods(["GET", "POST"])
def absence_list(request: HttpRequest) -> HttpResponse:
    """不在岗: one's own absences, for those who lead also those of their people; plan one."""
    person, at = person_of(request), now()
    if person.role == Role.ADMINISTRATOR:
        raise PermissionDenied
    form = AbsenceForm(request.POST if request.method == "POST" else None, by=person)
    if form.is_valid() and form.perform(at=at):
        messages.success(request, _("不在岗已登记。"))
        return redirect("absence-list")
    found = absences.within_reach(person).filter(until__gte=at - _SHOWN_FOR)
    context = {"form": form, "absences": found[:_MOST], "at": at, "leads": absences.leads(person)}
    status = 422 if form.errors else 200
    return render(request, "staff/absences.html", context, status=status)


@require_POST
def absence_end(request: HttpRequest, absence_id: int) -> HttpResponse:
    """Back before time, or not going at all."""
    person = person_of(request)
    try:
        absences.end(absence_id, by=person, at=now())
    except Absence.DoesNotExist as error:
        raise Http404 from error
    except RuleBroken as broken:
        messages.error(request, broken.message)
    else:
        messages.success(request, _("已结束，恢复在岗。"))
    return redirect("absence-list")
