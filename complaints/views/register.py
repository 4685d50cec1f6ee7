"""登记投诉, with what the house knows shown beside the form while it is typed."""

from __future__ import annotations

import json

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from common import phones
from common.forms import attempt
from common.time import now
from complaints import duplicates, guide, selectors
from complaints.forms.register import RegisterForm
from complaints.models import Category
from staff.models import Role
from staff.session import person_of

_TYPED = 500
_HINTING = ("complainant_phone", "complainant_name", "what", "order_no", "category")


@require_http_methods(["GET", "POST"])
def register(request: HttpRequest) -> HttpResponse:
    """The form; a good one leads to the new case's page."""
    person, at = person_of(request), now()
    if person.role == Role.ADMINISTRATOR:
        raise PermissionDenied
    if request.method == "GET":
        return render(request, "complaints/register.html", {"form": RegisterForm()})
    form = RegisterForm(request.POST, request.FILES)
    if form.is_valid() and (made := attempt(form, lambda: form.perform(by=person, at=at))):
        complaint, created = made
        words = _("已登记 %(no)s。") if created else _("这份登记已经提交过：%(no)s。")
        messages.success(request, words % {"no": complaint.no}, extra_tags="draft-done-register")
        if person.pk in complaint.subject_ids:
            told = _("投诉涉及您本人，由 %(owner)s 负责，您看不到它。")
            messages.info(request, told % {"owner": complaint.owner.name})
            return redirect("desk")
        return redirect("complaint-detail", no=complaint.no)
    return render(request, "complaints/register.html", {"form": form}, status=422)


@require_POST
def hints(request: HttpRequest) -> HttpResponse:
    """Beside the form: the caller's earlier cases, likely duplicates, the playbook's advice.
    Posted, although it changes nothing, so that no phone number stands in an address."""
    person = person_of(request)
    typed = {name: request.POST.get(name, "")[:_TYPED].replace("\x00", "") for name in _HINTING}
    phone, what = typed.get("complainant_phone", ""), typed.get("what", "").strip()
    phone_key = phones.key(phone) if len(phone) >= 5 else ""
    category = _category(typed.get("category", "")) or (
        guide.likely_category(what) if what else None
    )
    order_no, name = typed.get("order_no", "").strip(), typed.get("complainant_name", "").strip()
    at = now()
    context = {
        "earlier": selectors.earlier_cases(person, phone_key=phone_key, name=name),
        "likely": duplicates.likely(
            person, at=at, phone_key=phone_key, order_no=order_no, name=name, what=what
        )
        if phone_key or order_no or name or what
        else [],
        "elsewhere": duplicates.elsewhere(person, at=at, phone_key=phone_key, order_no=order_no)
        if phone_key or order_no
        else [],
        "entries": guide.matching(category=category, what=what) if category or what else [],
        "suggested_category": category if not typed.get("category") else None,
        "typed": bool(phone or what or order_no or typed.get("complainant_name")),
    }
    return render(request, "complaints/_hints.html", context)


@require_POST
def lookup(request: HttpRequest) -> HttpResponse:
    """Earlier complainants that fit the phone or the name being typed. A name alone gives no
    phone away: the masked number is for asking the caller whether it is theirs."""
    person = person_of(request)
    phone = request.POST.get("complainant_phone", "")[:40].replace("\x00", "")
    name = request.POST.get("complainant_name", "")[:60].replace("\x00", "").strip()
    people = [
        {
            "name": known.name if phone else phones.mask_name(known.name),
            "phone": phones.mask(known.phone),
            "last": known.last,
            "count": known.count,
            "fill": json.dumps(_fill(known, by_phone=bool(phone))),
        }
        for known in selectors.known_people(person, phone=phone, name=name)
    ]
    return render(request, "complaints/_lookup.html", {"people": people})


def _fill(known: selectors.KnownPerson, *, by_phone: bool) -> dict[str, str]:
    filled = {"complainant_name": known.name, "complainant_role": known.role}
    return {**filled, "complainant_phone": known.phone} if by_phone else filled


def _category(pk: str) -> Category | None:
    return (
        Category.objects.filter(pk=int(pk)).first()
        if pk.isascii() and pk.isdigit() and len(pk) < 15
        else None
    )
