"""What a browser calls itself, in words a person knows."""

from __future__ import annotations

#: The first that is found counts: each later one also stands in what the earlier ones say.
_BROWSERS = (
    ("MicroMessenger", "WeChat"),
    ("wxwork", "WeCom"),
    ("Edg", "Edge"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def spoken(agent: str) -> str:
    """`Chrome · Windows`; the browser's own words where none of ours fits, and – for silence."""
    browser = next((name for sign, name in _BROWSERS if sign in agent), "")
    system = next((name for sign, name in _SYSTEMS if sign in agent), "")
    known = " · ".join(name for name in (browser, system) if name)
    return known or agent[:80] or "–"
