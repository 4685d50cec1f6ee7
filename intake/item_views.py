"""收到的内容: what came by each way in, and what a person does with what was set aside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import BinaryField, F, Func, QuerySet, Value
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from common.errors import Conflict
from common.forms import attempt
from common.time import now
from complaints.registration import WHAT_LIMIT
from intake import contents, items, reconciliation
from intake.access import items_visible_to
from intake.item_forms import (
    AppendForm,
    DayFilter,
    IgnoreForm,
    ItemDeed,
    ItemFilter,
    RegisterItemForm,
    is_open,
    known,
)
from intake.models import Item, ItemState
from staff.models import Person
from staff.session import person_of

_PER_PAGE = 50
#: Bytes of each item that the list looks at.
_PREVIEW = 400


@require_GET
def item_list(request: HttpRequest) -> HttpResponse:
    """What came, the latest first: what waits for a person unless `?state=` says another, or
    `all`."""
    person = person_of(request)
    asked = request.GET.get("state", ItemState.SET_ASIDE)
    state = asked if asked in (*ItemState.values, "all") else ItemState.SET_ASIDE
    form = ItemFilter(request.GET)
    found = _beginning(_items(person), _PREVIEW)
    narrowed = form.narrow(found) if form.is_valid() else found.none()
    shown = narrowed if state == "all" else narrowed.filter(state=state)
    page = Paginator(shown, _PER_PAGE).get_page(request.GET.get("page"))
    query = request.GET.copy()
    for name in ("page", "state"):
        query.pop(name, None)
    context = {
        "form": form,
        "page": page,
        "rows": [_row(each) for each in page],
        "tabs": _tabs(state, query.urlencode()),
        "state": state,
        "query": f"state={state}&{query.urlencode()}".rstrip("&"),
        "is_filtered": any(request.GET.get(name) for name in form.fields),
    }
    status = 200 if form.is_valid() else 400
    return render(request, "intake/items.html", context, status=status)


def _row(item: Item) -> dict[str, Any]:
    title = item.subject or contents.first_words(_head(item), size=item.size)
    return {"item": item, "title": title, "sender": contents.masked(item.sender)}


def _tabs(state: str, query: str) -> list[dict[str, Any]]:
    first = (ItemState.SET_ASIDE, ItemState.WAITING)
    states = [*first, *(each for each in ItemState if each not in first)]
    known = [*((each.value, each.label) for each in states), ("all", _("全部"))]
    return [
        {"label": label, "url": f"?state={value}&{query}".rstrip("&"), "here": value == state}
        for value, label in known
    ]


@require_GET
def one(request: HttpRequest, item_id: int) -> HttpResponse:
    """One item: what came, word for word, and what has become of it."""
    item = _find(person_of(request), item_id)
    return render(request, "intake/item.html", _shown(item))


@require_GET
def raw(request: HttpRequest, item_id: int) -> HttpResponse:
    """All of it, byte for byte, as a download that no browser opens by itself."""
    item = get_object_or_404(items_visible_to(person_of(request)), pk=item_id)
    name = contents.name_of(item.pk, item.media_type)
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
    body = bytes(item.raw)
    return HttpResponse(body, content_type="application/octet-stream", headers=headers)


@require_POST
def retry(request: HttpRequest, item_id: int) -> HttpResponse:
    """再试一次: whatever comes of it is said; pressed twice it is tried once more at most."""
    person = person_of(request)
    item = _find(person, item_id)
    if not is_open(item):
        messages.info(request, _("这一条已经处理过了。"))
        return redirect("item", item_id=item_id)
    settled = items.settle(item.pk, at=now(), by=person)
    if is_open(settled):
        messages.error(request, _("还是没有成功：%(reason)s") % {"reason": settled.reason})
    else:
        messages.success(request, settled.get_state_display())
    return _back(request, person, item_id)


def _deed(form_class: type[ItemDeed], done: Callable[[], str]) -> Callable[..., HttpResponse]:
    @require_http_methods(["GET", "POST"])
    def view(request: HttpRequest, item_id: int) -> HttpResponse:
        person = person_of(request)
        item = _find(person, item_id)
        if not is_open(item):
            return _settled(request, item_id)
        form = form_class(
            request.POST if request.method == "POST" else None,
            item=item,
            initial={"said": _words(item)[:WHAT_LIMIT]},
        )
        if form.is_valid() and (
            settled := attempt(form, lambda: form.perform(by=person, at=now()))
        ):
            messages.success(request, done())
            return _back(request, person, settled.pk)
        return render(request, "staff/deed.html", _page(form, item), status=_status(form))

    return view


ignore = _deed(IgnoreForm, lambda: _("已标为不受理。"))
append = _deed(AppendForm, lambda: _("已并入。"))


@require_http_methods(["GET", "POST"])
def register(request: HttpRequest, item_id: int) -> HttpResponse:
    """人工登记: the register form, filled in with what is known."""
    person, at = person_of(request), now()
    item = _find(person, item_id)
    if not is_open(item):
        return _settled(request, item_id)
    if request.method == "GET":
        form = RegisterItemForm(item=item, initial=known(item, _words(item)[:WHAT_LIMIT]))
        return render(request, "intake/item_register.html", _shown(item) | {"form": form})
    form = RegisterItemForm(request.POST, request.FILES, item=item)
    if form.is_valid() and (made := attempt(form, lambda: form.perform(by=person, at=at))):
        messages.success(request, _("已登记 %(no)s。") % {"no": made[0].no})
        if person.pk in made[0].subject_ids:
            return redirect("desk")
        return redirect("complaint-detail", no=made[0].no)
    context = _shown(item) | {"form": form}
    return render(request, "intake/item_register.html", context, status=_status(form))


@require_GET
def reconcile(request: HttpRequest) -> HttpResponse:
    """每日对账: what came on each day by each way in, and what became of it."""
    at = now()
    form = DayFilter(request.GET)
    first, last = form.days(at)
    found = reconciliation.lines(first, last, at=at)
    context = {
        "form": form if form.errors else DayFilter({"since": first, "until": last}),
        "lines": found,
        "total": reconciliation.total(found),
        "wrong": [line for line in found if line.is_wrong],
        "query": f"since={first}&until={last}",
    }
    status = 400 if form.errors else 200
    return render(request, "intake/reconciliation.html", context, status=status)


@require_GET
def reconcile_csv(request: HttpRequest) -> HttpResponse:
    """The same as a file."""
    at = now()
    first, last = DayFilter(request.GET).days(at)
    found = reconciliation.lines(first, last, at=at)
    name = f"intake-{first}-{last}.csv"
    return HttpResponse(
        reconciliation.as_csv(found),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _items(person: Person) -> QuerySet[Item]:
    """With all that a page needs, but not their bytes."""
    found = items_visible_to(person).select_related("inlet", "complaint", "settled_by")
    return found.defer("raw")


def _find(person: Person, item_id: int) -> Item:
    """The item with so much of its bytes as is shown. Raises Http404."""
    return get_object_or_404(_beginning(_items(person), contents.HEAD), pk=item_id)


def _beginning(found: QuerySet[Item], size: int) -> QuerySet[Item]:
    """With the first bytes as `head`."""
    head = Func(F("raw"), Value(1), Value(size), function="substring", output_field=BinaryField())
    return found.annotate(head=head)


def _head(item: Item) -> bytes:
    return bytes(item.head)  # type: ignore[attr-defined]  # annotated by _beginning


def _content(item: Item) -> contents.Content:
    return contents.readable(_head(item), size=item.size, media_type=item.media_type)


def _words(item: Item) -> str:
    """What a form begins with."""
    return _content(item).text.strip()


def _shown(item: Item) -> dict[str, Any]:
    return {"item": item, "content": _content(item), "is_open": is_open(item)}


def _page(form: ItemDeed, item: Item) -> dict[str, Any]:
    return {
        "form": form,
        "title": form.title,
        "of": _("返回收到的内容"),
        "lead": form.lead,
        "submit_label": form.submit_label,
        "danger": form.danger,
        "action_url": "",
        "cancel_url": reverse("item", args=[item.pk]),
    }


def _status(form: Any) -> int:
    codes = [error.code for errors in form.errors.as_data().values() for error in errors]
    return Conflict.status if "item.settled" in codes else 422 if codes else 200


def _settled(request: HttpRequest, item_id: int) -> HttpResponse:
    """Somebody was faster, or the same button was pressed twice: the item says what became."""
    messages.info(request, _("这一条已经处理过了。"))
    return redirect("item", item_id=item_id)


def _back(request: HttpRequest, person: Person, item_id: int) -> HttpResponse:
    """To the item; to the list where it has led to a case that the person may not see."""
    if items_visible_to(person).filter(pk=item_id).exists():
        return redirect("item", item_id=item_id)
    return redirect("item-list")
