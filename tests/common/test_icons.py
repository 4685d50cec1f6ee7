"""Icons are drawn once, and are the same as the library's own."""

from __future__ import annotations

import pytest
from django.template import engines
from lucide import IconDoesNotExist
from lucide.templatetags.lucide import lucide as draw

from common import icons


def shown(tag: str) -> str:
    return engines["django"].from_string("{% load lucide %}{% " + tag + " %}").render()


def test_an_icon_is_the_librarys_own_each_time() -> None:
    own = draw("phone", size=16, aria_hidden="true")
    for _ in range(2):
        assert shown('lucide "phone" size=16 aria_hidden="true"') == own
    assert shown('lucide "phone" size=24 aria_hidden="true"') != own


def test_it_is_drawn_once() -> None:
    icons._drawn.cache_clear()
    for _ in range(5):
        shown('lucide "mail"')
    assert icons._drawn.cache_info().misses == 1


def test_no_icon_goes_missing_quietly() -> None:
    with pytest.raises(IconDoesNotExist):
        icons.lucide("no-such-icon")
