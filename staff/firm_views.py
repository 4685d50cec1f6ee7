"""机构和人员: everybody may look, the administrator changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from common.forms import attempt
from common.time import now
from staff import people, tree, volumes
from staff.forms import (
    AppointForm,
    AsOfForm,
    CloseForm,
    DeedForm,
    DescribeForm,
    DetailsForm,
    FoundForm,
    MoveForm,
    PeopleFilter,
    RenameForm,
    TakeOnForm,
)
from staff.models import Branch, BranchSpan, BusinessVolume, Person, Post, Role
from staff.session import person_of

_PER_PAGE = 50
#: Months that one can choose from: ten years.
_MONTHS = 120


@require_GET
def branch_list(request: HttpRequest) -> HttpResponse:
    """The tree, as any day ended (`?as_of=`)."""
    at = now()
    form = AsOfForm(request.GET)
    day = form.cleaned_data["as_of"] if form.is_valid() else None
    found = tree.as_of(tree.end_of(day, at) if day else at).branches
    people_by_branch = _heads()
    context = {
        "form": form,
        "day": day,
        "rows": [
            {
                "branch": branch,
                "depth": min(branch.path.count("/") - 2, 6),
                "people": people_by_branch.get(branch.pk, 0),
            }
            for branch in found.values()
        ],
        "closed": [] if day else _closed(),
        **_frame(request),
    }
    status = 200 if form.is_valid() else 400
    return render(request, "staff/branch_list.html", context, status=status)


def _heads() -> dict[int, int]:
    active = Person.objects.filter(is_active=True).values_list("branch").order_by()
    return dict(active.annotate(number=Count("pk")))


def _closed() -> list[Branch]:
    found = Branch.objects.filter(closed_at__isnull=False).select_related("successor", "heir")
    return list(found.order_by("-closed_at"))


@require_GET
def branch(request: HttpRequest, branch_code: str) -> HttpResponse:
    """One branch: what it is, what it was, who works in it, when it is there for its customers."""
    shown = _branch(branch_code)
    spans = BranchSpan.objects.filter(branch=shown).select_related("parent", "by")
    context = {
        "branch": shown,
        "spans": list(spans.order_by("-until", "-since")),
        "children": Branch.objects.live().filter(parent=shown),
        "heritage": shown.heritage.order_by("closed_at"),
        "people": _people().filter(branch=shown, is_active=True),
        **_frame(request),
    }
    return render(request, "staff/branch.html", context)


@require_GET
def people_list(request: HttpRequest) -> HttpResponse:
    """Everybody, narrowed by name, role, branch; administrators see how to reach them."""
    form = PeopleFilter(request.GET)
    found = _filtered(form) if form.is_valid() else _people().none()
    page = Paginator(found, _PER_PAGE).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    context = {"form": form, "page": page, "query": query.urlencode(), **_frame(request)}
    status = 200 if form.is_valid() else 400
    return render(request, "staff/people_list.html", context, status=status)


def _filtered(form: PeopleFilter) -> QuerySet[Person]:
    said = form.cleaned_data
    found = _people()
    if said["active"] != "all":
        found = found.filter(is_active=said["active"] != "no")
    if said["q"]:
        found = found.filter(Q(name__icontains=said["q"]) | Q(username__icontains=said["q"]))
    if said["role"]:
        found = found.filter(role=said["role"])
    if said["branch"]:
        found = found.filter(branch=said["branch"])
    return found


@require_GET
def person(request: HttpRequest, username: str) -> HttpResponse:
    """One person: what they are, were and will be."""
    shown = get_object_or_404(_people(), username=username)
    posts = Post.objects.filter(person=shown).select_related("branch", "by")
    context = {
        "shown": shown,
        "posts": list(posts.order_by("-until", "-since", "-pk")),
        "planned": _planned(shown),
        **_frame(request),
    }
    return render(request, "staff/person.html", context)


def _planned(shown: Person) -> Post | None:
    coming = Post.objects.filter(person=shown, is_current=False, until=None, cancelled_at=None)
    return coming.select_related("branch").first()


@require_GET
def volume_list(request: HttpRequest) -> HttpResponse:
    """What each branch handled in a month (`?month=`, the latest known unless said)."""
    reader = person_of(request)
    if reader.role not in volumes.READERS:
        raise PermissionDenied
    months = list(BusinessVolume.objects.dates("month", "month", order="DESC")[:_MONTHS])
    asked = request.GET.get("month", "")
    chosen = [each for each in months if f"{each:%Y-%m}" == asked] or months[:1]
    rows = BusinessVolume.objects.filter(month__in=chosen).select_related("branch", "by")
    context = {
        "months": months,
        "month": next(iter(chosen), None),
        "rows": list(rows.order_by("branch__sort_key", "-at", "-pk")),
        "may_import": reader.role in volumes.KEEPERS,
    }
    return render(request, "staff/volumes.html", context)


@require_http_methods(["GET", "POST"])
def branch_new(request: HttpRequest) -> HttpResponse:
    """设立机构"""
    return _deed(request, FoundForm(_data(request)), reverse("branch-list"))


def _on_branch(form_class: Any, initial: Callable[[Branch], dict[str, Any]]) -> Any:
    @require_http_methods(["GET", "POST"])
    def view(request: HttpRequest, branch_code: str) -> HttpResponse:
        _administrator(request)
        shown = _branch(branch_code)
        form = form_class(_data(request), branch=shown, initial=initial(shown))
        return _deed(request, form, reverse("branch", args=[branch_code]), str(shown))

    return view


branch_rename = _on_branch(RenameForm, lambda shown: {"name": shown.name})
branch_move = _on_branch(MoveForm, lambda shown: {})
branch_close = _on_branch(
    CloseForm, lambda shown: {"into": shown.parent.code if shown.parent else None}
)
branch_edit = _on_branch(
    DescribeForm, lambda shown: {"city": shown.city, "calendar": shown.calendar_id}
)


@require_http_methods(["GET", "POST"])
def person_new(request: HttpRequest) -> HttpResponse:
    """新增人员"""
    return _deed(request, TakeOnForm(_data(request)), reverse("people"))


def _on_person(form_class: Any, initial: Callable[[Person], dict[str, Any]]) -> Any:
    @require_http_methods(["GET", "POST"])
    def view(request: HttpRequest, username: str) -> HttpResponse:
        _administrator(request)
        shown = get_object_or_404(_people(), username=username)
        form = form_class(_data(request), person=shown, initial=initial(shown))
        return _deed(request, form, reverse("person", args=[username]), shown.name)

    return view


post_new = _on_person(AppointForm, lambda shown: {"role": shown.role, "branch": shown.branch.code})
person_edit = _on_person(
    DetailsForm, lambda shown: {"name": shown.name, "phone": shown.phone, "email": shown.email}
)


@require_POST
def post_cancel(request: HttpRequest, username: str) -> HttpResponse:
    """The planned post won't be."""
    by = _administrator(request)
    shown = get_object_or_404(_people(), username=username)
    if people.cancel_planned(shown.pk, by=by, at=now()):
        messages.success(request, _("已安排的任职已取消。"))
    return redirect("person", username=username)


def _deed(request: HttpRequest, form: DeedForm, back_url: str, of: str = "") -> HttpResponse:
    """The form as a page; sent, it is done, or comes back with what is wrong."""
    by = _administrator(request)
    if form.is_valid() and (made := attempt(form, lambda: form.perform(by=by, at=now()))):
        messages.success(request, str(form.done))
        if isinstance(made, Person):
            return redirect("person", username=made.username)
        return redirect("branch", branch_code=made.code)
    context = {
        "form": form,
        "title": form.title,
        "of": of,
        "lead": form.lead,
        "submit_label": form.submit_label,
        "danger": form.danger,
        "action_url": request.path,
        "cancel_url": back_url,
    }
    return render(request, "staff/deed.html", context, status=422 if form.errors else 200)


def _data(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None


def _administrator(request: HttpRequest) -> Person:
    """Whose request it is. Raises PermissionDenied for everybody but the administrator."""
    by = person_of(request)
    if by.role != Role.ADMINISTRATOR:
        raise PermissionDenied
    return by


def _frame(request: HttpRequest) -> dict[str, Any]:
    return {"may_change": person_of(request).role == Role.ADMINISTRATOR}


def _branch(code: str) -> Branch:
    found = Branch.objects.select_related("parent", "calendar", "successor", "heir")
    return get_object_or_404(found, code=code)


def _people() -> QuerySet[Person]:
    return Person.objects.select_related("branch").order_by("sort_key", "username")
