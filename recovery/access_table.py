"""The table of `docs/access.md`: every address, every method, every role."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RoutePattern

from recovery.doors import Door, door_of
from staff.models import Role

BEGIN, END = "<!-- the table of `manage.py access` -->", "<!-- the end of the table -->"
_OFFICE = "back-office/"


def table() -> str:
    """As Markdown. ● may come, and do it where the case's state allows; ○ only as owner or
    rectifier of the case, or not at all where the case page says so; ◇ only another system, with
    its key; – may not."""
    heads = ["地址", "方法", "访客", *(str(role.label) for role in Role)]
    lines = [" | ".join(heads), " | ".join(["---"] * len(heads)), *_rows()]
    return "\n".join(f"| {line} |" for line in lines)


def _rows() -> Iterator[str]:
    for route, name, methods in sorted(_addresses(get_resolver().url_patterns, "", "")):
        grouped: dict[tuple[str, ...], list[str]] = {}
        for method in methods:
            grouped.setdefault(tuple(_marks(door_of(name, method))), []).append(method)
        for marks, together in grouped.items():
            yield " | ".join([f"`/{route}`", " ".join(together), *marks])
    yield " | ".join(
        [
            f"`/{_OFFICE}…`",
            "GET POST",
            "–",
            *("●" if r == Role.ADMINISTRATOR else "–" for r in Role),
        ]
    )


def _marks(door: Door | None) -> Iterator[str]:
    if door is None:
        yield from ["✗"] * (len(Role) + 1)
        return
    yield "◇" if door.systems else "●" if door.strangers else "–"
    for role in Role:
        if role not in door.roles or (door.of_case and role == Role.ADMINISTRATOR):
            yield "–"
        elif door.may_act(role):
            yield "●"
        else:
            yield "○" if door.tied else "–"


def _addresses(patterns: Any, prefix: str, space: str) -> Iterator[tuple[str, str, list[str]]]:
    """Route, name and methods of every address but the back office's."""
    for pattern in patterns:
        route = prefix + _words(pattern.pattern)
        if route.startswith(_OFFICE):
            continue
        if isinstance(pattern, URLResolver):
            inner = f"{pattern.namespace}:" if pattern.namespace else ""
            yield from _addresses(pattern.url_patterns, route, space + inner)
        elif isinstance(pattern, URLPattern):
            actions = getattr(pattern.callback, "actions", None)
            methods = [name.upper() for name in actions or ("get", "post") if name != "head"]
            yield route, space + (pattern.name or route), methods


def _words(pattern: Any) -> str:
    """`<str:no>` as `<no>`."""
    text = str(pattern) if isinstance(pattern, RoutePattern) else pattern.regex.pattern
    return re.sub(r"<(?:\w+:)?(\w+)>", r"<\1>", text)
