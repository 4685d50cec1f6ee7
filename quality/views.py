"""The pages of the rectification sheet."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from complaints.views.actions import on_case
from complaints.views.case import find
from quality.forms import ReturnForm, SheetForm, VerifyForm, WaiveForm
from quality.models import Sheet, SheetState
from staff.session import person_of


@require_GET
def sheet(request: HttpRequest, no: str, round_: int) -> HttpResponse:
    """The sheet as the firm files it: six parts, two signatures; made to be printed."""
    complaint = find(person_of(request), no)
    written = Sheet.objects.select_related("submitted_by__branch", "decided_by").exclude(
        state=SheetState.WAIVED
    )
    found = get_object_or_404(written, complaint=complaint, round=round_)
    return render(request, "quality/sheet.html", {"complaint": complaint, "sheet": found})


submission = on_case(SheetForm)
returning = on_case(ReturnForm)
verification = on_case(VerifyForm)
waiver = on_case(WaiveForm)
