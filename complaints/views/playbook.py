"""应对指引: what to say and do."""

from __future__ import annotations

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from complaints.models import Category, PlaybookEntry


@require_GET
def playbook(request: HttpRequest, code: str | None = None) -> HttpResponse:
    """The entries, by words or category, and the one that is open."""
    entries = PlaybookEntry.objects.filter(is_active=True).prefetch_related("categories")
    words = request.GET.get("q", "").replace("\x00", "").strip()[:50]
    if words:
        entries = entries.filter(
            Q(title__contains=words) | Q(say__contains=words) | Q(keywords__contains=[words])
        )
    category = request.GET.get("category", "").replace("\x00", "")
    if category:
        entries = entries.filter(
            Q(categories__code=category) | Q(categories__parent__code=category)
        ).distinct()
    opened = get_object_or_404(PlaybookEntry, code=code, is_active=True) if code else None
    context = {
        "entries": entries,
        "opened": opened,
        "q": words,
        "category": category,
        "categories": Category.objects.filter(parent=None, is_active=True),
    }
    return render(request, "complaints/playbook.html", context)
