"""Lists: who sees what, narrowed how, and at what cost to the database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from complaints import escalation
from complaints.models import Category, Channel, PlaybookEntry, Severity
from notify.post import Note, post
from staff.models import Person
from tests.api.conftest import Caller, Callers, refused
from tests.complaints import scenes
from tests.conftest import MONDAY, Cast, Register

HOUR = timedelta(hours=1)


def numbers(answer: Any) -> set[str]:
    assert answer.status_code == 200, answer.content
    return {row["no"] for row in answer.json()["results"]}


def test_everyone_sees_their_part_of_the_firm(api: Callers, cast: Cast, register: Register) -> None:
    wuxi, lanzhou = register(by=cast.li), register(by=cast.zhao)
    sees = {
        cast.li: {wuxi.no}, cast.wang: {wuxi.no}, cast.xu: {wuxi.no}, cast.zhao: {lanzhou.no},
        cast.chen: {wuxi.no, lanzhou.no}, cast.gao: {wuxi.no, lanzhou.no}, cast.root: set(),
    }  # fmt: skip
    for person, seen in sees.items():
        caller = api(person)
        assert numbers(caller.ask("complaints/")) == seen, person
        for case in (wuxi, lanzhou):
            answer = caller.ask(f"complaints/{case.no}/")
            assert answer.status_code == (200 if case.no in seen else 404)


def test_the_list_is_narrowed(
    api: Callers, cast: Cast, register: Register, clock: time_machine.Traveller
) -> None:
    early = register(at=MONDAY - 30 * HOUR, severity=Severity.MAJOR, what="冷链断了，海鲜坏了")
    mail = register(channel=Channel.MAIL, order_no="YD77", complainant_phone="0510-8888 1234")
    ruled = register()
    scenes.accept(ruled, cast, at=MONDAY)
    scenes.rule(ruled, cast, at=MONDAY)
    for case in (mail, ruled):
        scenes.apologise(case, by=cast.li, at=MONDAY)
    chen = api(cast.chen)
    found: dict[str, tuple[dict[str, str], set[str]]] = {
        "all": ({}, {early.no, mail.no, ruled.no}),
        "status": ({"status": "handling"}, {ruled.no}),
        "open": ({"status": "open"}, {early.no, mail.no, ruled.no}),
        "late": ({"clock": "late"}, {early.no}),
        "soon": ({"clock": "soon"}, {early.no}),
        "severity": ({"severity": "major"}, {early.no}),
        "channel": ({"channel": "mail"}, {mail.no}),
        "branch": ({"branch": "LZ"}, {ruled.no}),
        "from": ({"received_from": "2026-11-16"}, {mail.no, ruled.no}),
        "to": ({"received_to": "2026-11-15"}, {early.no}),
        "words": ({"q": "海鲜"}, {early.no}),
        "order": ({"q": "YD77"}, {mail.no}),
        "phone": ({"q": "0510 88881234"}, {mail.no}),
        "number": ({"q": ruled.no.lower()}, {ruled.no}),
        "two at once": ({"branch": "WUX", "channel": "mail"}, {mail.no}),
    }
    for name, (query, expected) in found.items():
        assert numbers(chen.ask("complaints/", **query)) == expected, name


def test_a_page_leads_to_the_next(api: Callers, cast: Cast, register: Register) -> None:
    cases = [register(at=MONDAY - n * HOUR) for n in range(3)]
    li = api(cast.li)
    first = li.ask("complaints/", page_size=2).json()
    assert [row["no"] for row in first["results"]] == [cases[0].no, cases[1].no]
    assert first["count"] == 3
    second = li.get(first["next"]).json()
    assert [row["no"] for row in second["results"]] == [cases[2].no]


def _fill(cast: Cast, register: Register) -> None:
    for _case in range(2):
        case = register(at=MONDAY - 2 * HOUR)
        scenes.accept(case, cast, at=MONDAY - HOUR)
        scenes.rule(case, cast, at=MONDAY - HOUR)
        scenes.talk(case, scenes.ContactKind.PROGRESS, by=cast.li, at=MONDAY)
    escalation.sweep(until=MONDAY)


LISTS = ["complaints/", "desk/", "escalations/", "messages/", "branches/", "people/",
         "categories/", "playbook/", "complaints/{no}/contacts/", "complaints/{no}/events/",
         "complaints/{no}/", "complaints/{no}/rulings/"]  # fmt: skip


@pytest.mark.parametrize("address", LISTS)
def test_more_rows_cost_no_more_queries(
    api: Callers, cast: Cast, register: Register, address: str
) -> None:
    first = register(at=MONDAY - 2 * HOUR)
    caller = api(cast.chen)
    _grow(first, cast, register, "a")
    few = _cost(caller, address.format(no=first.no))
    for n in "bcd":
        _grow(first, cast, register, n)
    assert _cost(caller, address.format(no=first.no)) == few
    assert few <= 27, few


def _grow(first: Any, cast: Cast, register: Register, name: str) -> None:
    """More of everything that a list could show."""
    _fill(cast, register)
    top = Category.objects.create(code=f"c{name}", name=f"类{name}", position=9)
    leaf = Category.objects.create(code=f"l{name}", name=f"叶{name}", parent=top, position=9)
    entry = PlaybookEntry.objects.create(
        code=f"p{name}", title="指引", say="说", do="做", offer="给", report_to="报"
    )
    entry.categories.add(leaf)
    scenes.talk(first, scenes.ContactKind.PROGRESS, by=cast.li, at=MONDAY)
    first.refresh_from_db()
    if first.status == "triage":
        scenes.accept(first, cast, at=MONDAY)
    scenes.rule(first, cast, at=MONDAY)


def _cost(caller: Caller, address: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        answer = caller.ask(address)
    assert answer.status_code == 200, answer.content
    return len(captured)


def test_the_desk_shows_what_one_owes(api: Callers, cast: Cast, register: Register) -> None:
    case = register(at=MONDAY - 0.5 * HOUR)
    owed = api(cast.li).ask("desk/").json()["results"]
    assert [(row["kind"], row["complaint"]["no"]) for row in owed] == [
        ("apology", case.no), ("result", case.no),
    ]  # fmt: skip
    assert owed[0]["seconds_left"] == 1800
    assert api(cast.zhao).ask("desk/").json()["count"] == 0


def test_the_board_is_for_those_who_lead(api: Callers, cast: Cast, register: Register) -> None:
    register(at=MONDAY - 2 * HOUR)
    escalation.sweep(until=MONDAY)
    rows = api(cast.wang).ask("escalations/", kind="apology", acknowledged="no").json()["results"]
    assert [row["level"] for row in rows] == [2, 1]
    assert api(cast.ma).ask("escalations/").json()["count"] == 0
    for person in (cast.li, cast.root):
        refused(api(person).ask("escalations/"), 403, "permission_denied")


def _tell(*people: Person) -> None:
    for n in range(2):
        note = Note(key=f"k{n}", recipient_ids=[p.pk for p in people], text="%(no)s 已重开",
                    params={"no": f"TS{n}"}, url="/complaints/TS/")  # fmt: skip
        post([note], at=MONDAY + n * HOUR)


def test_messages_are_ones_own_and_are_read_once(api: Callers, cast: Cast) -> None:
    _tell(cast.li, cast.wang)
    li = api(cast.li)
    found = li.ask("messages/").json()["results"]
    assert [row["text"] for row in found] == ["TS1 已重开", "TS0 已重开"]
    read = li.say(f"messages/{found[0]['id']}/read/").json()
    assert read["read_at"] is not None
    assert li.ask("messages/", unread="1").json()["count"] == 1
    assert li.say("messages/read/").json() == {"marked": 1}
    assert li.say("messages/read/").json() == {"marked": 0}
    theirs = api(cast.wang).ask("messages/").json()
    assert theirs["count"] == 2
    refused(li.say(f"messages/{theirs['results'][0]['id']}/read/"), 404, "not_found")


def test_people_are_those_a_ruling_may_name(api: Callers, cast: Cast) -> None:
    cast.ma.is_active = False
    cast.ma.save(update_fields=["is_active"])
    li = api(cast.li)
    everyone = {row["username"] for row in li.ask("people/").json()["results"]}
    assert everyone == {"li", "wang", "xu", "zhao", "chen", "lin", "gao"}
    lanzhou = li.ask("people/", branch="LZ").json()["results"]
    assert lanzhou == [
        {"username": "zhao", "name": "赵磊", "role": "frontline", "role_label": "一线",
         "branch": {"code": "LZ", "name": "兰州分公司"}}
    ]  # fmt: skip
    assert "@" not in li.ask("people/").content.decode()


def test_the_tree_of_categories_says_where_a_case_may_be_filed(api: Callers, cast: Cast) -> None:
    rows = {row["code"]: row for row in api(cast.li).ask("categories/").json()["results"]}
    assert (rows["delay"]["parent"], rows["delay"]["is_leaf"]) == (None, False)
    assert (rows["late-delivery"]["parent"], rows["late-delivery"]["is_leaf"]) == ("delay", True)


def test_branches_say_what_they_lie_below(api: Callers, cast: Cast) -> None:
    rows = {row["code"]: row["parent"] for row in api(cast.li).ask("branches/").json()["results"]}
    assert (rows["HQ"], rows["WUX"]) == (None, "EAST")


@pytest.fixture
def playbook(cast: Cast) -> None:
    for code, keywords, category in (
        ("late", ["晚到"], cast.late_goods), ("rude", ["骂人"], cast.rude), ("lost", ["丢"], None)
    ):  # fmt: skip
        entry = PlaybookEntry.objects.create(
            code=code, title=code, keywords=keywords, say="说", do="做", offer="给", report_to="报"
        )
        if category:
            entry.categories.add(category)


def test_the_playbook_answers_what_is_being_typed(api: Callers, cast: Cast, playbook: None) -> None:
    ask: Callable[..., Any] = api(cast.li).ask

    def codes(**query: str) -> list[str]:
        return [row["code"] for row in ask("playbook/", **query).json()["results"]]

    assert codes() == ["late", "lost", "rude"]
    assert codes(what="货晚到了") == ["late"]
    assert codes(what="货丢了", category="rude") == ["rude", "lost"]
    assert codes(category="nothing") == []


def test_a_value_that_a_filter_has_not_is_refused(api: Callers, cast: Cast) -> None:
    chen = api(cast.chen)
    for address, name, value in (
        ("messages/", "unread", "yes"),
        ("escalations/", "level", "12"),
        ("escalations/", "kind", "lunch"),
        ("escalations/", "acknowledged", "maybe"),
    ):
        refused(chen.ask(address, **{name: value}), 400, "invalid_choice", name)


def test_a_misspelt_filter_shows_nothing(api: Callers, cast: Cast) -> None:
    li = api(cast.li)
    for address in ("complaints/", "desk/", "messages/", "people/", "playbook/", "branches/"):
        refused(li.ask(address, brnch="WUX"), 400, "unknown_field", "brnch")
