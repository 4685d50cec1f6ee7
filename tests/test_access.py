"""Nobody reaches another branch's case: every address, every method, everyone of the cast."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from rest_framework.request import Request

import complaints.access
import complaints.api.found
import complaints.duplicates
import complaints.selectors
import complaints.views.case
import complaints.views.desk
import complaints.views.listing
import notify.selectors
import recovery.urls
from complaints.api.attachments import Attachments
from complaints.models import Attachment, Complaint
from notify.models import Message
from staff.access import Scope
from staff.models import Person
from tests.conftest import Cast
from tests.walk import ROUTES, Found, addresses, visitor, walk
from tests.world import LATER, World, build

pytestmark = pytest.mark.xdist_group("access")

EVERYONE = ["li", "wang", "xu", "zhao", "ma", "chen", "lin", "gao", "root"]


@pytest.fixture
def world(cast: Cast) -> Iterator[World]:
    """Everybody's cases, on the Wednesday after; the clock stands still."""
    logging.disable(logging.CRITICAL)  # thousands of refusals
    with time_machine.travel(LATER, tick=False):
        yield build(cast)
    logging.disable(logging.NOTSET)


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


def test_every_address_is_known_by_one_name() -> None:
    known = [address.name for address in addresses() if not address.is_office]
    assert sorted(known) == sorted(set(known))
    assert set(known) == set(ROUTES)


# The walk has teeth: each of these mistakes, made on purpose, must show.


def caught(world: World, username: str | None, *names: str) -> str:
    """What the walk says to a visitor of these addresses."""
    caller = visitor(world, person(world, username) if username else None)
    return "\n".join(walk(world, caller, only=lambda address: address.name in names).faults)


def everything(person: Person) -> Any:
    return Complaint.objects.all()


SEEING = [
    (complaints.views.case, "wang", "complaint-detail", "shows"),
    (complaints.views.listing, "li", "complaint-list", "shows"),
    (complaints.api.found, "zhao", "api-complaint", "shows"),
    (complaints.selectors, "ma", "board", "shows"),
    (complaints.selectors, "li", "complaint-lookup", "shows"),
    (complaints.duplicates, "xu", "complaint-hints", "shows"),
    (complaints.views.case, "root", "complaint-detail", "shows"),
    (complaints.views.case, "wang", "sheet-waive", "answers 403"),
]


@pytest.mark.parametrize(("module", "who", "name", "said"), SEEING)
def test_the_walk_catches_a_door_that_forgets_the_scope(
    world: World, monkeypatch: pytest.MonkeyPatch, module: Any, who: str, name: str, said: str
) -> None:
    assert caught(world, who, name) == ""
    monkeypatch.setattr(module, "visible_to", everything)
    assert said in caught(world, who, name)


def test_the_walk_catches_a_file_that_hangs_on_no_case(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def retrieve(self: Any, request: Request, no: str, attachment_id: int) -> FileResponse:
        kept = Attachment.objects.get(pk=attachment_id)
        return FileResponse(kept.file.open("rb"), filename=kept.name)

    monkeypatch.setattr(Attachments, "retrieve", retrieve)
    said = caught(world, "wang", "api-attachment")
    assert "shows qlzbytesq" in said
    assert "answers 200" in said


def test_the_walk_catches_somebody_elses_inbox(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notify.selectors, "inbox", lambda person: Message.objects.all())
    assert "shows" in caught(world, "li", "inbox")
    assert "answers 302" in caught(world, "li", "message")


def test_the_walk_catches_an_administrator_who_sees_cases(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(complaints.access, "scope_of", lambda person: Scope.EVERYTHING)
    assert "root: GET" in caught(world, "root", "complaint-list")


def addresses_with(settings: Any, *more: URLPattern) -> None:
    """The firm's addresses and some more."""
    module = ModuleType("more_addresses")
    vars(module).update(vars(recovery.urls), urlpatterns=[*more, *recovery.urls.urlpatterns])
    settings.ROOT_URLCONF = module


def test_the_walk_catches_a_write_before_the_refusal(world: World, settings: Any) -> None:
    def hasty(request: HttpRequest, no: str) -> HttpResponse:
        Complaint.objects.filter(no=no).update(remedy_sought="改了")
        raise Http404

    addresses_with(settings, path("complaints/<str:no>/hasty/", hasty, name="closure-new"))
    assert "was refused, and yet changed a row" in caught(world, "wang", "closure-new")


def test_the_walk_catches_a_404_that_tells_more(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find(person: Person, no: str) -> Complaint:
        if Complaint.objects.filter(no=no).exists():
            raise Http404
        raise PermissionDenied

    monkeypatch.setattr(complaints.views.case, "find", find)
    assert "tells another branch's thing" in caught(world, "li", "complaint-detail")


def test_the_walk_catches_a_door_left_open(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(complaints.views.desk.desk, "login_required", False)
    assert "answers a stranger with" in caught(world, None, "desk")


def test_the_walk_catches_a_foreign_word_in_a_workbook(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.cast.lanzhou, "name", world.northwest.phone)
    world.cast.lanzhou.save()
    assert "shows 13700025826" in caught(world, "wang", "ranking-xlsx")
    assert "shows 13700025826" in caught(world, "wang", "ranking-csv")


def test_a_new_address_has_to_say_how_it_is_filled(world: World, settings: Any) -> None:
    addresses_with(
        settings,
        path("surprises/", complaints.views.desk.desk, name="surprise"),
        path("presents/<int:present_id>/", complaints.views.desk.desk, name="desk"),
    )
    said = caught(world, "li", "surprise", "desk")
    assert "/surprises/ (surprise) is new: say in ROUTES of tests/walk.py" in said
    assert "/presents/<present_id>/ (desk) has a blank that is new: say in BLANKS" in said
