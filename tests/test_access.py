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
from staff.models import Branch, Person
from tests.conftest import Cast
from tests.walk import ROUTES, Found, addresses, visitor, walk
from tests.world import LATER, World, build

#: Everyone of the cast, in parts that take about as long; last a stranger.
PARTS = [["li", "wang"], ["xu", "zhao"], ["ma", "root"], ["chen", "lin", "gao", None]]


@pytest.fixture
def world(cast: Cast) -> Iterator[World]:
    """Everybody's cases, on the Wednesday after; the clock stands still."""
    logging.disable(logging.CRITICAL)  # thousands of refusals
    with time_machine.travel(LATER, tick=False):
        yield build(cast)
    logging.disable(logging.NOTSET)


def person(world: World, username: str | None) -> Person | None:
    return getattr(world.cast, username) if username else None


@pytest.mark.parametrize("part", PARTS)
def test_nobody_reaches_another_branchs_case(world: World, part: list[str | None]) -> None:
    for name in part:
        found = walk(world, visitor(world, person(world, name)))
        assert found.faults == []
        saw_enough(world, name, found)


def saw_enough(world: World, name: str | None, found: Found) -> None:
    """The walk can see: whoever may look did find their own words."""
    pages = {address for address, shown in found.shown.items() if shown}
    if name in (None, "root"):
        assert not pages
        return
    assert len(pages) >= (45 if name in ("wang", "ma") else 35), sorted(pages)
    sides = {"wang": world.east, "ma": world.northwest}
    if side := sides.get(name or ""):
        everywhere = set().union(*found.shown.values())
        own = {f"q{side.sign}{place}q" for place in ("passkey", "agent", "stay", "token")}
        # the number is kept for comparing, never shown; keys are shown to their holder alone
        assert side.tokens - everywhere == {"+86" + side.phone} | own


def test_every_address_is_known_by_one_name() -> None:
    known = [address.name for address in addresses() if not address.is_office]
    assert sorted(known) == sorted(set(known))
    assert set(known) == set(ROUTES)


# The walk has teeth: each of these mistakes, made on purpose, must show.


def caught(world: World, username: str | None, *names: str) -> str:
    """What the walk says to a visitor of these addresses."""
    caller = visitor(world, person(world, username))
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


def test_the_walk_catches_a_door_that_forgets_the_scope(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, who, name, said in SEEING:
        with monkeypatch.context() as patch:
            patch.setattr(module, "visible_to", everything)
            assert said in caught(world, who, name), (module, name)
        assert caught(world, who, name) == ""


def test_the_walk_catches_doors_that_show_too_much(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def retrieve(self: Any, request: Request, no: str, attachment_id: int) -> FileResponse:
        kept = Attachment.objects.get(pk=attachment_id)
        return FileResponse(kept.file.open("rb"), filename=kept.name)

    def find(person: Person, no: str) -> Complaint:
        if Complaint.objects.filter(no=no).exists():
            raise Http404
        raise PermissionDenied

    with monkeypatch.context() as patch:  # a file that hangs on no case
        patch.setattr(Attachments, "retrieve", retrieve)
        said = caught(world, "wang", "api-attachment")
        assert "shows qlzbytesq" in said
        assert "answers 200" in said
    with monkeypatch.context() as patch:  # somebody else's inbox
        patch.setattr(notify.selectors, "inbox", lambda person: Message.objects.all())
        assert "shows" in caught(world, "li", "inbox")
        assert "answers 302" in caught(world, "li", "message")
    with monkeypatch.context() as patch:  # an administrator who sees cases
        patch.setattr(complaints.access, "scope_of", lambda person: Scope.EVERYTHING)
        assert "root: GET" in caught(world, "root", "complaint-list")
    with monkeypatch.context() as patch:  # a 404 that tells more
        patch.setattr(complaints.views.case, "find", find)
        assert "tells another branch's thing" in caught(world, "li", "complaint-detail")
    with monkeypatch.context() as patch:  # a door left open
        patch.setattr(complaints.views.desk.desk, "login_required", False, raising=False)
        assert "answers a stranger with" in caught(world, None, "desk")
    Branch.objects.filter(pk=world.cast.lanzhou.pk).update(name=world.northwest.phone)
    assert "shows 13700025826" in caught(world, "wang", "ranking-xlsx")  # a word in a workbook
    assert "shows 13700025826" in caught(world, "wang", "ranking-csv")


def addresses_with(settings: Any, *more: URLPattern) -> None:
    """The firm's addresses and some more."""
    module = ModuleType("more_addresses")
    vars(module).update(vars(recovery.urls), urlpatterns=[*more, *recovery.urls.urlpatterns])
    settings.ROOT_URLCONF = module


def test_the_walk_catches_a_write_before_the_refusal_and_a_new_address(
    world: World, settings: Any
) -> None:
    def hasty(request: HttpRequest, no: str) -> HttpResponse:
        Complaint.objects.filter(no=no).update(remedy_sought="改了")
        raise Http404

    new = complaints.views.desk.desk
    addresses_with(
        settings,
        path("complaints/<str:no>/hasty/", hasty, name="closure-new"),
        path("surprises/", new, name="surprise"),
        path("presents/<int:present_id>/", new, name="desk"),
    )
    said = caught(world, "wang", "closure-new", "surprise", "desk")
    assert "was refused, and yet changed complaints_complaint" in said
    assert "/surprises/ (surprise) is new: say in ROUTES of tests/walk.py" in said
    assert "/presents/<present_id>/ (desk) has a blank that is new: say in BLANKS" in said
