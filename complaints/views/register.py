"""登记投诉, with what the house knows shown beside the form while it is typed."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from common import phones
from common.forms import attempt
from common.time import now
from complaints import customers, drafts, duplicates, guide, selectors
from complaints.access import visible_to
from complaints.forms import begun
from complaints.forms.register import RegisterForm
from complaints.models import Category
from complaints.models.complaint import OPEN
from staff.models import Person, Role
from staff.session import person_of

_TYPED = 500
_CASES = 100
_HINTING = ("complainant_phone", "complainant_name", "what", "order_no", "category")


@require_http_methods(["GET", "POST"])
def register(request: HttpRequest) -> HttpResponse:
    """The form, begun with what a softphone or a draft knows (`docs/registering.md`); a good one
    leads to the new case's page."""
    person, at = person_of(request), now()
    if person.role == Role.ADMINISTRATOR:
        raise PermissionDenied
    if request.method == "GET":
        response = render(request, "complaints/register.html", _begun(request, person, at))
        response["Referrer-Policy"] = "strict-origin"  # the address may hold a number
        return response
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


def _begun(request: HttpRequest, person: Person, at: datetime) -> dict[str, Any]:
    """A fresh form, with what the address fills in, or the draft that it names."""
    waiting = drafts.waiting(person, at)
    key = begun.key_of(request.GET.get("draft", ""))
    chosen = next((draft for draft in waiting if draft.key == key), None)
    filled, readable = begun.from_address(request.GET)
    initial = begun.from_draft(chosen) if chosen else filled
    return {
        "form": RegisterForm(initial=initial),
        "drafts": [draft for draft in waiting if draft != chosen],
        "unreadable": not chosen and not readable,
        "called": not chosen and "complainant_phone" in filled,
    }


@require_POST
def draft(request: HttpRequest) -> HttpResponse:
    """Keep what is typed so far; 204, and nothing to show."""
    person, at = person_of(request), now()
    if key := begun.key_of(request.POST.get("submission_key", "")):
        drafts.save(key, begun.typed(request.POST), by=person, at=at)
    return HttpResponse(status=204)


@require_POST
def discard(request: HttpRequest) -> HttpResponse:
    """The draft is not wanted any more."""
    if key := begun.key_of(request.POST.get("key", "")):
        drafts.done(key, by=person_of(request))
    return redirect("complaint-new")


@require_GET
def paper_form(request: HttpRequest) -> HttpResponse:
    """The form on paper, for when there is no power: the same fields in the same order."""
    return render(request, "complaints/paper_form.html", {"form": RegisterForm()})


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
        "card": _card(person, phone_key),
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


def _card(person: Person, phone_key: str) -> dict[str, Any] | None:
    """What the house knows of whoever calls from this number; None for a new customer."""
    same = visible_to(person).filter(phone_key=phone_key).order_by("-received_at")
    states = list(same.values_list("no", "status")[:_CASES]) if phone_key else []
    if not states:
        return None
    return {
        "note": customers.note_of(person, phone_key),
        "no": states[0][0],
        "count": len(states),
        "open": sum(status in OPEN for _no, status in states),
    }


def _fill(known: selectors.KnownPerson, *, by_phone: bool) -> dict[str, str]:
    filled = {"complainant_name": known.name, "complainant_role": known.role}
    return {**filled, "complainant_phone": known.phone} if by_phone else filled


def _category(pk: str) -> Category | None:
    return (
        Category.objects.filter(pk=int(pk)).first()
        if pk.isascii() and pk.isdigit() and len(pk) < 15
        else None
    )
