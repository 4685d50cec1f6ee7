"""时限策略: read them, draft the next one, see what it would do, approve it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from common.errors import NotAllowed, RuleBroken
from common.forms import attempt
from common.time import now
from complaints import policies, policy_drafts
from complaints.forms.policies import ApproveForm, PreviewForm, ResetForm, usual_question
from complaints.forms.policy_draft import DraftForm
from complaints.models import Policy, PolicyState
from complaints.policy_checks import check
from complaints.policy_drafts import APPROVING, DRAFTING, READING
from complaints.preview import preview
from complaints.views import ladders
from staff.models import Person
from staff.session import person_of


@require_GET
def policy_list(request: HttpRequest) -> HttpResponse:
    """All versions, the newest first, and which one is in force."""
    person, at = _reader(request), now()
    found = list(Policy.objects.select_related("drafted_by", "approved_by"))
    current = policies.in_force(at)
    context = {
        "rows": [
            {"policy": policy, "standing": _standing(policy, current, at)} for policy in found
        ],
        "current": current,
        "draft": _draft(found),
        "may_draft": person.role in DRAFTING,
        "nav": "board",
    }
    return render(request, "complaints/policies/list.html", context)


@require_GET
def detail(request: HttpRequest, version: int) -> HttpResponse:
    """One version in words, what it would do, and what may be done with it."""
    person, at = _reader(request), now()
    policy = _policy(version)
    form = ApproveForm(initial={"seen": policy.drafted_at})
    return _show(request, policy, person, form, at)


def _show(
    request: HttpRequest,
    policy: Policy,
    person: Person,
    form: ApproveForm,
    at: datetime,
    status: int = 200,
) -> HttpResponse:
    is_draft = policy.state == PolicyState.DRAFT
    context = {
        "policy": policy,
        "standing": _standing(policy, policies.in_force(at), at),
        "is_draft": is_draft,
        "lines": ladders.lines(policy),
        "problems": [_placed(each) for each in check(policy)] if is_draft else [],
        "coming": _coming(policy, at) if is_draft else None,
        "draft": Policy.objects.filter(state=PolicyState.DRAFT).first(),
        "may_draft": person.role in DRAFTING,
        "may_approve": person.role in APPROVING,
        "form": form,
        "nav": "board",
        **_preview(request, policy, person, at),
    }
    return render(request, "complaints/policies/detail.html", context, status=status)


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, version: int) -> HttpResponse:
    """The draft as a form. The buttons that add and remove rows send all of it and get it back,
    with nothing saved."""
    person, at = _drafter(request), now()
    policy = _policy(version)
    if policy.state != PolicyState.DRAFT:
        messages.error(request, _("%(version)s 已经批准，不能再改。") % {"version": policy})
        return redirect("policy", version=version)
    if request.method == "GET":
        return _edit_page(request, policy, DraftForm.of(policy), person, at)
    form = DraftForm.of(policy, request.POST)
    asked = {name: request.POST[name] for name in ("more", "less") if name in request.POST}
    if asked:
        return _edit_page(request, policy, form.changed(**asked), person, at)
    if form.is_valid() and (saved := attempt(form, lambda: form.perform(policy, by=person, at=at))):
        messages.success(request, _("草稿 %(version)s 已保存。") % {"version": saved})
        return redirect("policy-edit", version=version)
    return _edit_page(request, policy, form, person, at, status=422)


def _edit_page(
    request: HttpRequest,
    policy: Policy,
    form: DraftForm,
    person: Person,
    at: datetime,
    status: int = 200,
) -> HttpResponse:
    """The form; what `check` says of the draft stands beside it as long as it is as saved."""
    problems = check(policy) if request.method == "GET" else []
    context = {
        "policy": policy,
        "form": form,
        "groups": form.groups(problems),
        "problems": problems,
        "reset_form": ResetForm(initial={"based_on": policies.in_force(at).version}),
        "nav": "board",
        **_preview(request, policy, person, at),
    }
    return render(request, "complaints/policies/edit.html", context, status=status)


@require_POST
def draft(request: HttpRequest, version: int) -> HttpResponse:
    """Begin a draft from this version."""
    person, policy = _drafter(request), _policy(version)
    made = _do(request, lambda: policy_drafts.draft(policy, by=person, at=now()))
    return redirect("policy-edit", made.version) if made else redirect("policy-list")


@require_POST
def reset(request: HttpRequest, version: int) -> HttpResponse:
    """Write the draft anew from another version."""
    person, policy = _drafter(request), _policy(version)
    form = ResetForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("没有这个版本。"))
    elif _do(request, lambda: form.perform(policy, by=person, at=now())):
        words = _("草稿已换成 %(version)s 的内容。")
        messages.success(request, words % {"version": form.cleaned_data["based_on"]})
    return redirect("policy-edit", version)


@require_POST
def submission(request: HttpRequest, version: int) -> HttpResponse:
    """提请批准: the directors are told."""
    person, policy = _drafter(request), _policy(version)
    told = _do(request, lambda: policy_drafts.submit(policy.pk, by=person, at=now()))
    if told:
        names = "、".join(approver.name for approver in told)
        messages.success(request, _("已通知%(names)s。") % {"names": names})
    return redirect("policy", version)


@require_http_methods(["GET", "POST"])
def approval(request: HttpRequest, version: int) -> HttpResponse:
    """Approve the draft."""
    person, at = _reader(request), now()
    policy = _policy(version)
    if request.method == "GET":  # somebody reloads the page of a refused form
        return redirect("policy", version)
    if person.role not in APPROVING:
        raise PermissionDenied
    form = ApproveForm(request.POST)
    if form.is_valid() and (
        approved := attempt(form, lambda: form.perform(policy, by=person, at=at))
    ):
        messages.success(request, _("%(version)s 已批准。") % {"version": approved})
        return redirect("policy", version)
    return _show(request, _policy(version), person, form, at, status=422)


def _do(request: HttpRequest, deed: Callable[[], Any]) -> Any:
    """What the deed returned; a broken rule is said on the next page, and None comes back."""
    try:
        return deed()
    except NotAllowed as broken:
        raise PermissionDenied from broken
    except RuleBroken as broken:
        messages.error(request, broken.message)
        return None


def _reader(request: HttpRequest) -> Person:
    """Whose request it is. Raises PermissionDenied for who has no business here."""
    person = person_of(request)
    if person.role not in READING:
        raise PermissionDenied
    return person


def _drafter(request: HttpRequest) -> Person:
    person = person_of(request)
    if person.role not in DRAFTING:
        raise PermissionDenied
    return person


def _policy(version: int) -> Policy:
    found = Policy.objects.select_related("drafted_by", "approved_by")
    return get_object_or_404(found, version=version)


def _draft(found: list[Policy]) -> Policy | None:
    return next((policy for policy in found if policy.state == PolicyState.DRAFT), None)


def _standing(policy: Policy, current: Policy, at: datetime) -> str:
    """draft, current, coming or past."""
    if policy.state == PolicyState.DRAFT or policy.effective_from is None:
        return "draft"
    if policy.pk == current.pk:
        return "current"
    return "coming" if policy.effective_from > at else "past"


def _coming(policy: Policy, at: datetime) -> Policy | None:
    """An approved version that would take the place of this one when its time comes."""
    approved = Policy.objects.filter(state=PolicyState.APPROVED, effective_from__gt=at)
    return approved.order_by("effective_from").first()


def _placed(problem: Any) -> dict[str, Any]:
    return {"problem": problem, "place": ladders.place(problem)}


def _preview(request: HttpRequest, policy: Policy, person: Person, at: datetime) -> dict[str, Any]:
    """The question of the preview, usual but for what the address says, and its answer."""
    form = PreviewForm({**usual_question(person, at), **request.GET.dict()})
    courses = preview(policy, **form.cleaned_data) if form.is_valid() else []
    return {
        "preview_form": form,
        "courses": [{"course": course, "alarms": ladders.alarms(course)} for course in courses],
    }
