"""The tag of lucide's icons, each drawn once: a page shows dozens, and each took half a millisecond
to draw anew. Templates load it as `lucide` (`recovery/settings.py`)."""

from __future__ import annotations

from functools import lru_cache

from django import template
from lucide.templatetags.lucide import lucide as draw

register = template.Library()


@register.simple_tag
def lucide(name: str, *, size: int | None = 24, **attributes: object) -> str:
    """The icon as SVG, with these attributes. Raises IconDoesNotExist."""
    return _drawn(name, size, tuple((key, str(value)) for key, value in attributes.items()))


@lru_cache(maxsize=1024)
def _drawn(name: str, size: int | None, attributes: tuple[tuple[str, str], ...]) -> str:
    drawn: str = draw(name, size=size, **dict(attributes))  # marked as safe
    return drawn
