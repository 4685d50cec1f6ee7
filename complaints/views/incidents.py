"""群诉: the list with what looks like one, grouping, one incident, and talking to all its
customers."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import F, Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from common.errors import RuleBroken
from common.forms import attempt
from common.time import now
from complaints import (
    bulk_contacts,
    faces,
    incident_lists,
    incidents,
    selectors,
    shared_sheets,
    suspicions,
)
from complaints.access import visible_to
from complaints.crowds import Went
from complaints.forms.incidents import (
    BulkContactForm,
    CandidatesForm,
    EndForm,
    GatherForm,
    IncidentForm,
    LeadForm,
    LeaveForm,
    ResultForm,
)
from complaints.incidents import GROUPING, MANY
from complaints.models import (
    Clock,
    ClockKind,
    Complaint,
    Contact,
    ContactKind,
    Incident,
    IncidentMember,
)
from complaints.models.complaint import OPEN
from staff.models import Branch, Person
from staff.session import person_of

_PER_PAGE = 50
_NAMED = ("category", "branch", "by", "closed_by")
#: The clocks of a customer, which stay their own.
_OWN = (ClockKind.APOLOGY, ClockKind.RESULT, ClockKind.CALLBACK)


@require_GET
def incident_list(request: HttpRequest) -> HttpResponse:
    """What looks like an incident, and the incidents in the person's sight."""
    person, at = person_of(request), now()
    found = incidents.visible_incidents(person).select_related(*_NAMED)
    page = Paginator(found, _PER_PAGE).get_page(request.GET.get("page"))
    leads = person.role in selectors.LEADING
    context = {
        "page": page,
        "standings": incident_lists.standings(list(page), person, at),
        "suspected": suspicions.suspected(person, at) if leads else [],
        "may_group": person.role in GROUPING,
        "nav": "board",
    }
    return render(request, "complaints/incidents/list.html", context)


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Look through loose cases and group those of one cause; a supervisor may only look, and
    say so to quality."""
    person, at = person_of(request), now()
    if person.role not in selectors.LEADING:
        raise PermissionDenied
    if request.method == "GET":
        looked = CandidatesForm(request.GET)
        form = GatherForm(initial=_cause_of(looked))
        return _gathering(request, form, looked, person, at)
    if person.role not in GROUPING:
        raise PermissionDenied
    form = GatherForm(request.POST)
    numbers, lead = request.POST.getlist("cases"), request.POST.get("lead", "")
    made = (
        attempt(form, lambda: form.perform(_printable(numbers), lead, by=person, at=at))
        if form.is_valid()
        else None
    )
    if made is None:
        looked = CandidatesForm(request.POST)
        return _gathering(request, form, looked, person, at, ticked=numbers, status=422)
    incident, went = made
    _say(request, went, _("已归入 %(count)d 件。"))
    return redirect("incident", incident_no=incident.no)


@require_POST
def suggestion(request: HttpRequest) -> HttpResponse:
    """A supervisor tells quality that these look like one incident."""
    person, at = person_of(request), now()
    looked = CandidatesForm(request.POST)
    chosen = looked.cleaned_data if looked.is_valid() else {}
    if not chosen.get("category") or not chosen.get("branch"):
        messages.error(request, _("请先选择类别和机构。"))
        return redirect("incident-new")
    try:
        suspicions.report(category=chosen["category"], branch=chosen["branch"], by=person, at=at)
    except RuleBroken as broken:
        raise PermissionDenied from broken
    messages.success(request, _("已告诉品质管理员。"))
    return redirect("incident-list")


@require_GET
def detail(request: HttpRequest, incident_no: str) -> HttpResponse:
    """One incident: its figures, the one sheet, the one answer, and each customer's clocks."""
    person, at = person_of(request), now()
    incident = _find(person, incident_no)
    found = _owing(_members(incident, person), request.GET.get("owed", ""))
    page = Paginator(found, _PER_PAGE).get_page(request.GET.get("page"))
    sheet, may_group = shared_sheets.sheet_of(incident), person.role in GROUPING
    context = {
        "incident": incident,
        "standing": incident_lists.standings([incident], person, at)[0],
        "page": page,
        "rows": [_row(member, at) for member in page],
        "owed": request.GET.get("owed", ""),
        "query": f"owed={request.GET['owed']}" if request.GET.get("owed") in ClockKind else "",
        "sheet": sheet,
        "sees_lead": visible_to(person, at).filter(pk=incident.lead_id).exists(),
        "stranded": may_group and sheet is None and _is_stranded(incident),
        "may_group": may_group,
        "nav": "board",
    }
    return render(request, "complaints/incidents/detail.html", context)


@require_http_methods(["GET", "POST"])
def members(request: HttpRequest, incident_no: str) -> HttpResponse:
    """Let more cases join: loose ones of the same kind, ticked, or by their numbers."""
    person, at = person_of(request), now()
    incident = _find(person, incident_no)
    if person.role not in GROUPING:
        raise PermissionDenied
    if request.method == "GET":
        alike = {"category": incident.category_id, "branch": incident.branch.code, "hours": "72"}
        looked = CandidatesForm(request.GET if "category" in request.GET else alike)
        context = {**_candidates(looked, person, at), "incident": incident, "nav": "board"}
        return render(request, "complaints/incidents/join.html", context)
    typed = request.POST.get("numbers", "")[:20_000].replace("，", " ").replace(",", " ").split()
    numbers = _printable([*request.POST.getlist("cases"), *typed])
    try:
        went = incidents.join(incident.pk, numbers, by=person, at=at)
    except RuleBroken as broken:
        messages.error(request, broken.message)
        return redirect("incident-members", incident_no=incident.no)
    _say(request, went, _("已归入 %(count)d 件。"))
    return redirect("incident", incident_no=incident.no)


@require_http_methods(["GET", "POST"])
def contacts(request: HttpRequest, incident_no: str) -> HttpResponse:
    """One text to all, with a result for each: whom it was said to, and who was reached."""
    person, at = person_of(request), now()
    incident = _find(person, incident_no)
    kind = request.POST.get("kind") or request.GET.get("kind", "")
    kind = kind if kind in ContactKind.values else ContactKind.APOLOGY.value
    if request.method == "GET":
        said = incident.result if kind == ContactKind.RESULT else ""
        form = BulkContactForm(initial={"kind": kind, "said": said})
        return _telling(request, incident, form, person, at, kind=kind)
    form = BulkContactForm(request.POST)
    told = dict.fromkeys(_printable(request.POST.getlist("told")), False)
    told |= dict.fromkeys(set(told) & set(request.POST.getlist("reached")), True)
    went = None
    if form.is_valid():
        key = form.cleaned_data["press_key"]
        press = f"form:{person.pk}:{key}" if key else None
        went = attempt(
            form,
            lambda: bulk_contacts.record(
                incident.pk, form.talk(), told, by=person, at=at, key=press
            ),
        )
    if went is None:
        return _telling(request, incident, form, person, at, kind=kind, told=told, status=422)
    _say(request, went, _("已记录 %(count)d 件联系。"))
    return redirect("incident", incident_no=incident.no)


def _on_incident(form_class: type[IncidentForm]) -> Any:
    """The view of a form that does one thing to an incident."""

    @require_http_methods(["GET", "POST"])
    def view(request: HttpRequest, incident_no: str) -> HttpResponse:
        person, at = person_of(request), now()
        incident = _find(person, incident_no)
        if person.role not in GROUPING:
            raise PermissionDenied
        begun = {"case": request.GET.get("case", "")[:20], "result": incident.result}
        form = form_class(request.POST) if request.method == "POST" else form_class(initial=begun)
        if form.is_bound and form.is_valid():
            try:
                done = attempt(form, lambda: form.perform(incident, by=person, at=at))
            except Complaint.DoesNotExist:
                form.add_error("case", _("没有找到，或您无权查看。"))
                done = None
            if done is not None:
                messages.success(request, str(form_class.done))
                return redirect("incident", incident_no=incident.no)
        context = {"form": form, "incident": incident, "nav": "board"}
        status = 422 if form.is_bound else 200
        return render(request, "complaints/incidents/deed.html", context, status=status)

    return view


departure = _on_incident(LeaveForm)
lead = _on_incident(LeadForm)
result = _on_incident(ResultForm)
closure = _on_incident(EndForm)


def _find(person: Person, no: str) -> Incident:
    """The incident by its number, if the person may see it; otherwise 404."""
    if not no.isprintable():
        raise Http404
    found = incidents.visible_incidents(person).select_related(*_NAMED)
    return get_object_or_404(found, no=no)


def _members(incident: Incident, person: Person) -> Any:
    """The members seen, with the clocks of their present rounds and the last talk."""
    clocks = Prefetch(
        "complaint__clocks",
        Clock.objects.filter(kind__in=_OWN).prefetch_related(selectors.pauses()),
    )
    talks = Prefetch("complaint__contacts", Contact.objects.order_by("-occurred_at", "-pk"))
    found = incidents.members_seen(incident, person).order_by("complaint_id")
    named = ("complaint__owner", "complaint__owner_branch")
    return found.select_related(*named).prefetch_related(clocks, talks)


def _owing(found: Any, kind: str) -> Any:
    """Those to whom this kind is still owed."""
    if kind not in _OWN:
        return found
    running = Clock.objects.running().filter(kind=kind)
    return found.filter(complaint__in=running.values("complaint"))


def _row(member: IncidentMember, at: datetime) -> dict[str, Any]:
    complaint = member.complaint
    present = [clock for clock in complaint.clocks.all() if clock.round == complaint.round]
    return {
        "member": member,
        "complaint": complaint,
        "faces": {face.clock.kind: face for face in faces.faces(present, at)},
        "talk": next(iter(complaint.contacts.all()), None),
    }


def _is_stranded(incident: Incident) -> bool:
    """Whether the leading case can't write the one sheet any more: it is over, or in a round of
    its own."""
    writing = incident.members.active().filter(
        complaint=incident.lead_id, complaint__status__in=OPEN, complaint__round=F("round")
    )
    return not writing.exists()


def _cause_of(looked: CandidatesForm) -> dict[str, Any]:
    chosen = looked.cleaned_data if looked.is_valid() else {}
    branch: Branch | None = chosen.get("branch")
    return {"category": chosen.get("category"), "branch": branch.code if branch else None}


def _gathering(
    request: HttpRequest,
    form: GatherForm,
    looked: CandidatesForm,
    person: Person,
    at: datetime,
    *,
    ticked: list[str] | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        **_candidates(looked, person, at, ticked),
        "form": form,
        "may_group": person.role in GROUPING,
        "nav": "board",
    }
    return render(request, "complaints/incidents/new.html", context, status=status)


def _candidates(
    looked: CandidatesForm, person: Person, at: datetime, ticked: list[str] | None = None
) -> dict[str, Any]:
    """Loose cases to choose from, those that look like one incident ticked already."""
    chosen = looked.cleaned_data if looked.is_valid() else {}
    since = at - timedelta(hours=chosen.get("hours") or 24)
    found = suspicions.loose(person, at).filter(received_at__gt=since)
    if chosen.get("category"):
        found = found.filter(category=chosen["category"])
    if chosen.get("branch"):
        found = found.filter(suspicions.about(chosen["branch"].pk))
    named = found.select_related("category", "owner", "owner_branch", "rectifier")
    cases = list(named.order_by("received_at", "pk")[:MANY])
    if ticked is None:
        near = (
            suspicions.alike({case.pk: case.what for case in cases})
            if _is_narrow(chosen)
            else set()
        )
        ticked = [case.no for case in cases if case.pk in near] if len(near) > 1 else []
    return {
        "looked": looked,
        "rows": [{"complaint": case, "ticked": case.no in ticked} for case in cases],
        "most": MANY,
    }


def _is_narrow(chosen: dict[str, Any]) -> bool:
    return bool(chosen.get("category") and chosen.get("branch"))


def _telling(
    request: HttpRequest,
    incident: Incident,
    form: BulkContactForm,
    person: Person,
    at: datetime,
    *,
    kind: str,
    told: dict[str, bool] | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page; those to whom this kind is owed are ticked, and for progress, everybody."""
    found = _members(incident, person)
    if found.count() > MANY:  # first those to whom it is owed
        found = _owing(found, _CLOCK.get(kind, ""))
    rows = [_row(member, at) for member in found[:MANY]]
    for row in rows:
        no, face = row["complaint"].no, row["faces"].get(_CLOCK.get(kind, ""))
        owed = face.clock.is_running if face else kind == ContactKind.PROGRESS
        may = row["complaint"].is_open and not row["complaint"].anonymous
        row["told"] = (no in told) if told is not None else (owed and may)
        row["reached"] = (told or {}).get(no, False)
        row["owed"] = face
    context = {"incident": incident, "form": form, "rows": rows, "kind": kind, "nav": "board"}
    return render(request, "complaints/incidents/contacts.html", context, status=status)


_CLOCK = {
    ContactKind.APOLOGY.value: ClockKind.APOLOGY.value,
    ContactKind.RESULT.value: ClockKind.RESULT.value,
}


def _printable(numbers: list[str]) -> list[str]:
    return [no for no in numbers[: 2 * MANY] if no.isprintable()]


def _say(request: HttpRequest, went: list[Went], done: str) -> None:
    """How many were done; and why the others were not, case by case while they are few."""
    if count := sum(each.broken is None for each in went):
        messages.success(request, done % {"count": count})
    refused = [(each.no, each.broken.message) for each in went if each.broken]
    if len(refused) <= 10:
        for no, sentence in refused:
            messages.warning(request, f"{no}：{sentence}")
        return
    for sentence, count in Counter(sentence for _no, sentence in refused).items():
        words = _("%(count)d 件没有做：%(sentence)s")
        messages.warning(request, words % {"count": count, "sentence": sentence})
