"""Nobody reaches another branch's case: every address, every method, everyone of the cast."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django.http import FileResponse
from django.urls import path
from rest_framework.request import Request

import complaints.access
import complaints.api.found
import complaints.duplicates
import complaints.selectors
import complaints.views.case
import notify.selectors
import recovery.urls
from complaints.api.attachments import Attachments
from complaints.models import Attachment, Complaint
from notify.models import Message
from staff.access import Scope
from staff.models import Person
from tests.conftest import Cast
from tests.walk import Address, Found, addresses, digest, visitor, walk
from tests.world import LATER, World, build

pytestmark = pytest.mark.xdist_group("access")

EVERYONE = ["li", "wang", "xu", "zhao", "ma", "chen", "lin", "gao", "root"]


@pytest.fixture
def world(cast: Cast) -> Iterator[World]:
    """Everybody's cases, on the Wednesday after; the clock stands still."""
    with time_machine.travel(LATER, tick=False):
        yield build(cast)


def person(world: World, username: str) -> Person:
    found: Person = getattr(world.cast, username)
    return found


def test_nobody_reaches_another_branchs_case(world: World) -> None:
    walks = {name: walk(world, visitor(world, person(world, name))) for name in EVERYONE}
    assert [fault for found in walks.values() for fault in found.faults] == []
    _saw_enough(world, walks)


def _saw_enough(world: World, walks: dict[str, Found]) -> None:
    """The walk can see: whoever may look did find their own words, each of them somewhere."""
    for name, side in (("wang", world.east), ("ma", world.northwest)):
        pages = [address for address, shown in walks[name].shown.items() if shown]
        assert len(pages) >= 45, (name, sorted(pages))
        everywhere = set().union(*walks[name].shown.values(), *walks["chen"].shown.values())
        assert side.tokens <= everywhere | _never_shown(side.tokens), side.tokens - everywhere
    assert len({a for a, shown in walks["li"].shown.items() if shown}) >= 35
    assert walks["root"].shown == {}


def _never_shown(tokens: set[str]) -> set[str]:
    return {token for token in tokens if token.startswith("+86")}


def test_a_stranger_is_sent_to_the_door(world: World) -> None:
    assert walk(world, visitor(world, None)).faults == []
