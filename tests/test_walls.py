"""The second wall alone: what the database shows to whose eyes, whatever a query forgets."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.db import ProgrammingError, connection, models, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

import recovery.urls
from common import walls
from complaints import ownership
from complaints.access import visible_to
from complaints.models import Complaint, Event, OwnershipReason
from complaints.models.complaint import ComplaintQuerySet
from complaints.rules import Action
from notify.models import Message
from recovery.places import BASE
from staff.eyes import eyes_of
from staff.models import Person
from tests.complaints import scenes
from tests.conftest import MONDAY, Cast, Register
from tests.walk import visitor, walk
from tests.world import LATER, World, build


def walled() -> list[type[models.Model]]:
    """Every model with the words of a case."""
    return [
        model
        for label in ("complaints", "quality")
        for model in apps.get_app_config(label).get_models()
        if model is Complaint or any(f.name == "complaint" for f in model._meta.get_fields())
    ] + [Message]


@pytest.fixture
def world(cast: Cast) -> Iterator[World]:
    logging.disable(logging.CRITICAL)
    with time_machine.travel(LATER, tick=False):
        yield build(cast)
    logging.disable(logging.NOTSET)


def test_every_table_that_holds_a_case_has_the_wall_even_for_its_owner(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname, relrowsecurity AND relforcerowsecurity FROM pg_class")
        has_wall = dict(cursor.fetchall())
    assert [model for model in walled() if not has_wall[model._meta.db_table]] == []
    assert len(walled()) >= 12


def test_the_house_works_with_an_ordinary_role(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (False,)


def case_of(model: type[models.Model]) -> str:
    return "pk" if model is Complaint else "complaint"


def test_everybody_sees_the_same_with_either_wall(world: World) -> None:
    for person in world.cast.people:
        may = set(visible_to(person).values_list("pk", flat=True))
        for model in walled():
            if model is Message:
                expected = model._default_manager.filter(recipient=person)
            else:
                expected = model._default_manager.filter(**{f"{case_of(model)}__in": may})
            ids = set(expected.values_list("pk", flat=True))
            with walls.eyes(eyes_of(person)):
                seen = set(model._default_manager.values_list("pk", flat=True))
            assert seen == ids, (person.username, model.__name__)
    assert visible_to(world.cast.li).count() >= 4
    assert not visible_to(world.cast.root).exists()


def test_a_stranger_sees_nothing_and_nothing_breaks(world: World) -> None:
    for model in walled():
        with walls.eyes(walls.NOBODY):
            assert not model._default_manager.exists()


def test_a_transaction_that_nobody_looks_through_sees_nothing(world: World) -> None:
    with connection.cursor() as cursor, transaction.atomic():
        for name in walls.NOBODY.settings():
            cursor.execute(f"SET LOCAL {name} = ''")
        assert not Complaint.objects.exists()
        cursor.execute("SET LOCAL recovery.reach = 'house'")
        assert Complaint.objects.exists()


def test_nobody_writes_into_a_case_out_of_their_reach(cast: Cast, register: Register) -> None:
    far = register(by=cast.zhao)
    with walls.eyes(eyes_of(cast.li)):
        assert Complaint.objects.filter(pk=far.pk).update(remedy_sought="改了") == 0
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            Event.objects.create(complaint_id=far.pk, kind="reveal", actor=cast.li, at=MONDAY)


def test_what_was_seen_with_before_comes_back(cast: Cast, register: Register) -> None:
    register(by=cast.zhao)
    with walls.eyes(eyes_of(cast.li)):
        assert not Complaint.objects.exists()
        with walls.eyes(eyes_of(cast.zhao)):
            assert Complaint.objects.exists()
        with walls.lifted():
            assert Complaint.objects.exists()
        assert not Complaint.objects.exists()
        with pytest.raises(ValueError, match="oh"), walls.lifted():
            raise ValueError("oh")
        assert not Complaint.objects.exists()
    assert Complaint.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_next_request_of_a_connection_does_not_inherit_eyes(
    cast: Cast, register: Register
) -> None:
    register(by=cast.zhao)
    with walls.eyes(eyes_of(cast.li)):
        assert not Complaint.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("SHOW recovery.reach")
        assert cursor.fetchone() == ("house",)  # a test run serves nobody
        cursor.execute("SHOW recovery.branches")
        assert cursor.fetchone() == ("",)


def test_a_locked_case_stays_in_sight_when_the_deed_moves_it_away(
    cast: Cast, register: Register
) -> None:
    case = register(by=cast.li)
    with walls.eyes(eyes_of(cast.li)):
        locked = visible_to(cast.li).select_for_update(of=("self",)).get(pk=case.pk)
        walls.hold(locked.pk)
        ownership.change(
            locked, cast.zhao, reason=OwnershipReason.DECISION, action=Action.HAND_UP,
            by=cast.li, at=MONDAY,
        )  # fmt: skip
        assert Complaint.objects.filter(pk=case.pk).exists()
        assert not visible_to(cast.li).exists()
    with walls.eyes(eyes_of(cast.li)):
        assert not Complaint.objects.exists()


def test_telling_somebody_else_passes_the_wall(cast: Cast, register: Register) -> None:
    case = register(by=cast.li)
    with walls.eyes(eyes_of(cast.chen)):
        scenes.accept(case, cast, at=MONDAY)
        scenes.rule(case, cast, at=MONDAY)
        assert not Message.objects.filter(recipient=cast.ma).exists()
    assert Message.objects.filter(recipient=cast.ma, key__startswith="ruling:").exists()


#: Where the house is seen inside of a request, and why it must be.
LIFTED = {
    "complaints/departures.py": 2,  # accounts are closed by the administrator, who sees no case
    "complaints/duplicates.py": 1,  # that another branch has such a case, and no more of it
    "complaints/firing.py": 1,  # telling others what rang
    "complaints/incident_lists.py": 1,  # the number of the case that leads, another branch's maybe
    "complaints/links.py": 1,  # the case that keeps, when a merge is taken back
    "complaints/pulse.py": 3,  # whether deadlines are watched; names no case
    "complaints/registration.py": 1,  # the same form sent twice
    "complaints/shared_sheets.py": 6,  # one sheet answers for cases of other branches too
    "intake/systems/hooks.py": 1,  # how many events there are; names no case
    "intake/imports/import_work.py": 7,  # a worker, that deals with the files of all
    "intake/items.py": 2,  # strangers leave their words, and see none
    "intake/systems/own_cases.py": 2,  # which case a system means by its number, if it is its own
    "intake/systems/taking.py": 1,  # whether a system has said the same before
    "intake/public/own_case.py": 2,  # a customer whose number and tail were right, or their code
    "intake/public/public_form.py": 2,  # strangers leave their words, and hold a receipt
    "intake/public/receipts.py": 1,  # whether number and tail fit
    "intake/wechat/media.py": 4,  # fetched by jobs, for whoever owns the case
    "intake/wechat/taking.py": 1,  # whether a stranger has just written; shows nothing of it
    "intake/reconciliation.py": 1,  # the count of each way in, the same for whoever asks
    "notify/selectors.py": 1,  # how long the oldest message waits
    "recovery/condition.py": 1,  # what did not get out, for who looks after the house
    "reports/rankings.py": 1,  # the published figures of all branches
}


def test_the_wall_is_lifted_only_where_it_is_known_why() -> None:
    found = {}
    rooms = [room for app in apps.get_app_configs() if (room := Path(app.path)).parent == BASE]
    for source in sorted(source for room in rooms for source in room.rglob("*.py")):
        if count := len(re.findall(r"walls\.lifted\(\)|Reach\.HOUSE", source.read_text())):
            found[source.relative_to(BASE).as_posix()] = count
    found.pop("common/walls.py")
    assert found == LIFTED


def everything(person: Person, at: Any = None) -> ComplaintQuerySet:
    return Complaint.objects.all()


@pytest.fixture
def first_wall_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every room has forgotten `visible_to`."""
    forgotten = 0
    for module in list(sys.modules.values()):
        if vars(module).get("visible_to") is visible_to and not module.__name__.startswith("tests"):
            monkeypatch.setattr(module, "visible_to", everything)
            forgotten += 1
    assert forgotten >= 10


@pytest.mark.parametrize("username", ["li", "root"])
def test_the_second_wall_holds_alone(world: World, first_wall_gone: None, username: str) -> None:
    found = walk(world, visitor(world, getattr(world.cast, username)))
    assert found.faults == []


def test_a_page_sees_with_its_readers_eyes_and_writes_nothing_when_it_breaks(
    world: World, settings: Any
) -> None:
    seen = []

    def hasty(request: HttpRequest, no: str) -> HttpResponse:
        seen.append(set(Complaint.objects.values_list("owner_branch__code", flat=True)))
        Message.objects.filter(recipient=world.cast.li).update(text="改了")
        raise ValueError("broken")

    with_address(settings, hasty)
    client = Client(raise_request_exception=False)
    client.force_login(world.cast.li)
    assert client.get("/hasty/x/").status_code == 500
    assert seen == [{"WUX"}]
    assert not Message.objects.filter(text="改了").exists()


def with_address(settings: Any, view: Any) -> None:
    """The firm's addresses and one more."""
    module = ModuleType("hasty_addresses")
    vars(module).update(
        vars(recovery.urls),
        urlpatterns=[path("hasty/<str:no>/", view, name="sheet"), *recovery.urls.urlpatterns],
    )
    settings.ROOT_URLCONF = module


def test_the_policies_ask_about_the_reader_once_a_statement(cast: Cast) -> None:
    with walls.eyes(eyes_of(cast.li)), connection.cursor() as cursor:
        cursor.execute("EXPLAIN SELECT * FROM complaints_complaint")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "InitPlan" in plan
    assert "current_setting" not in plan.split("InitPlan")[0]
