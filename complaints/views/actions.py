"""One view for every action form: shown in a panel by htmx, or as a page of its own."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from common.errors import RuleBroken
from common.forms import attempt
from common.time import now
from complaints import rules
from complaints.access import visible_to
from complaints.forms.actions import (
    AcceptForm,
    AcknowledgeForm,
    ActionForm,
    AttachForm,
    CallbackForm,
    CancelRemedyForm,
    CloseForm,
    ContactForm,
    CustomerNoteForm,
    DecideRemedyForm,
    DeliverRemedyForm,
    RejectForm,
    RemedyForm,
    ReopenForm,
    ReviewTriageForm,
    SuggestTriageForm,
    WithdrawForm,
)
from complaints.forms.allowances import (
    AskTimeForm,
    DecideTimeForm,
    EndorseTimeForm,
    GrantTimeForm,
    ResumeTimeForm,
)
from complaints.forms.handovers import (
    AcceptOfferForm,
    DecideOfferForm,
    OfferForm,
    RefuseOfferForm,
    WithdrawOfferForm,
)
from complaints.forms.rulings import (
    DecideDisputeForm,
    DisputeForm,
    ReviewDisputeForm,
    RulingForm,
    SuggestRulingForm,
)
from complaints.models import Allowance, Complaint, Dispute, Escalation, Remedy
from complaints.views.case import case_context, find
from staff.models import Person
from staff.session import person_of


def act(
    request: HttpRequest, form_class: type[ActionForm], complaint: Complaint, /, **bound: Any
) -> HttpResponse:
    """Show the form, or do what it says. `bound` is what the form hangs on: the complaint, or
    one of its remedies or escalations. What may not be done now is said instead of the form."""
    person, at = person_of(request), now()
    sent = request.method == "POST"
    form = (
        form_class(request.POST, request.FILES, **bound)
        if sent
        else form_class(initial=_initial(request, form_class), **bound)
    )
    if sent and form.is_valid() and form.was_pressed(person):
        return _done(request, form, complaint, person)
    try:
        rules.check(complaint, form_class.action, person, at)
    except RuleBroken as broken:
        return _refuse(request, form_class, complaint, broken)
    if sent and form.is_valid() and attempt(form, lambda: form.perform_once(by=person, at=at)):
        return _done(request, form, complaint, person)
    return _show(request, form, complaint, status=422 if sent else 200)


def _initial(request: HttpRequest, form_class: type[ActionForm]) -> dict[str, Any]:
    """What the link that opened the form has chosen already (`?kind=result`)."""
    return {name: value for name, value in request.GET.items() if name in form_class.base_fields}


def _show(
    request: HttpRequest, form: ActionForm, complaint: Complaint, *, status: int = 200
) -> HttpResponse:
    return render(request, _template(request), _panel(request, form, complaint), status=status)


def _template(request: HttpRequest) -> str:
    in_panel = request.headers.get("HX-Request")
    return f"components/action_{'panel' if in_panel else 'page'}.html"


def _panel(request: HttpRequest, form: ActionForm, complaint: Complaint) -> dict[str, Any]:
    return {
        "form": form,
        "title": form.title,
        "lead": form.lead,
        "submit_label": form.submit_label,
        "danger": form.danger,
        "multipart": form.multipart,
        "fields_template": form.fields_template,
        "action_url": request.path,
        "cancel_url": reverse("complaint-detail", args=[complaint.no]),
        "no": complaint.no,
    }


def _refuse(
    request: HttpRequest, form_class: type[ActionForm], complaint: Complaint, broken: RuleBroken
) -> HttpResponse:
    context = {
        "title": form_class.title,
        "sentence": broken.message,
        "no": complaint.no,
        "cancel_url": reverse("complaint-detail", args=[complaint.no]),
    }
    in_panel = request.headers.get("HX-Request")
    template = f"complaints/refused_{'panel' if in_panel else 'page'}.html"
    return render(request, template, context, status=422 if in_panel else broken.status)


def _done(
    request: HttpRequest, form: ActionForm, complaint: Complaint, person: Person
) -> HttpResponse:
    """The fresh case in place (htmx), or back to its page. Whoever can't see the case any more
    goes to their desk."""
    messages.success(request, str(form.done))
    if not visible_to(person).filter(pk=complaint.pk).exists():
        return _to_the_desk(request)
    if not request.headers.get("HX-Request"):
        if request.POST.get("back") == "board":
            return redirect("board")
        return redirect("complaint-detail", no=complaint.no)
    context = case_context(find(person, complaint.no), person, at=now())
    response = render(request, "complaints/_case.html", {**context, "flash_along": True})
    response["HX-Retarget"], response["HX-Reswap"] = "#case", "outerHTML show:#case:top"
    return response


def _to_the_desk(request: HttpRequest) -> HttpResponse:
    """Away from a case that can't be seen any more; htmx follows a header."""
    if not request.headers.get("HX-Request"):
        return redirect("desk")
    response = HttpResponse(status=204)
    response["HX-Redirect"] = reverse("desk")
    return response


def on_case(form_class: type[ActionForm]) -> Any:
    """The view of an action on the case itself."""

    @require_http_methods(["GET", "POST"])
    def view(request: HttpRequest, no: str) -> HttpResponse:
        complaint = find(person_of(request), no)
        return act(request, form_class, complaint, complaint=complaint)

    return view


def on_remedy(form_class: type[ActionForm]) -> Any:
    """The view of an action on one of the case's remedies."""

    @require_http_methods(["GET", "POST"])
    def view(request: HttpRequest, no: str, remedy_id: int) -> HttpResponse:
        complaint = find(person_of(request), no)
        remedy = get_object_or_404(
            Remedy.objects.select_related("complaint"), pk=remedy_id, complaint=complaint
        )
        return act(request, form_class, complaint, remedy=remedy)

    return view


def on_allowance(form_class: type[ActionForm]) -> Any:
    """The view of an action on one of the case's pauses or extensions."""

    @require_http_methods(["GET", "POST"])
    def view(request: HttpRequest, no: str, allowance_id: int) -> HttpResponse:
        complaint = find(person_of(request), no)
        allowance = get_object_or_404(
            Allowance.objects.select_related("complaint"), pk=allowance_id, complaint=complaint
        )
        return act(request, form_class, complaint, allowance=allowance)

    return view


def on_dispute(form_class: type[ActionForm]) -> Any:
    """The view of an action on one of the case's disputes."""

    @require_http_methods(["GET", "POST"])
    def view(request: HttpRequest, no: str, dispute_id: int) -> HttpResponse:
        complaint = find(person_of(request), no)
        dispute = get_object_or_404(
            Dispute.objects.select_related("complaint"), pk=dispute_id, complaint=complaint
        )
        return act(request, form_class, complaint, dispute=dispute)

    return view


@require_http_methods(["GET", "POST"])
def acknowledgement(request: HttpRequest, escalation_id: int) -> HttpResponse:
    """Acknowledge an escalation, from the board or the case page."""
    person = person_of(request)
    found = Escalation.objects.filter(complaint__in=visible_to(person).values("pk"))
    escalation = get_object_or_404(found.select_related("complaint"), pk=escalation_id)
    return act(request, AcknowledgeForm, escalation.complaint, escalation=escalation)


contact = on_case(ContactForm)
customer_note = on_case(CustomerNoteForm)
acceptance = on_case(AcceptForm)
rejection = on_case(RejectForm)
triage_review = on_case(ReviewTriageForm)
triage_suggestion = on_case(SuggestTriageForm)
ruling = on_case(RulingForm)
ruling_suggestion = on_case(SuggestRulingForm)
dispute = on_case(DisputeForm)
dispute_review = on_dispute(ReviewDisputeForm)
dispute_decision = on_dispute(DecideDisputeForm)
remedy = on_case(RemedyForm)
callback = on_case(CallbackForm)
closure = on_case(CloseForm)
reopening = on_case(ReopenForm)
withdrawal = on_case(WithdrawForm)
attachment = on_case(AttachForm)
decision = on_remedy(DecideRemedyForm)
delivery = on_remedy(DeliverRemedyForm)
cancellation = on_remedy(CancelRemedyForm)
offer = on_case(OfferForm)
offer_acceptance = on_case(AcceptOfferForm)
offer_refusal = on_case(RefuseOfferForm)
offer_withdrawal = on_case(WithdrawOfferForm)
offer_decision = on_case(DecideOfferForm)
time_request = on_case(AskTimeForm)
time_grant = on_case(GrantTimeForm)
time_endorsement = on_allowance(EndorseTimeForm)
time_decision = on_allowance(DecideTimeForm)
time_resumption = on_allowance(ResumeTimeForm)
