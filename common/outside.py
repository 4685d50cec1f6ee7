"""The pages that face customers: no staff, no menu, and nothing asked of the database about who
is looking."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

#: All of them, and nothing else, lie under this.
PREFIX = "/feedback/"


def faces_outside(request: HttpRequest) -> bool:
    """Whether the request is for one of them."""
    return request.path.startswith(PREFIX)


def frame() -> dict[str, Any]:
    """What each of them shows around its content."""
    return {"firm": settings.FIRM_NAME, "hotline": settings.HOTLINE}
