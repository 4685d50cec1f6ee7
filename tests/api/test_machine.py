"""Other systems hand in complaints: by key alone, each thing once, and see only what is theirs."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection

from common import walls
from complaints.models import Complaint, Event, Statement
from intake import items
from intake.models import Inlet, Item, ItemState, PastCall, SystemKey
from intake.systems import keys, repeats
from staff import tokens
from staff.models import TokenScope
from tests.api.conftest import Caller, Callers, in_chinese, refused
from tests.api.machines import ADDRESS, BATCH, caller, opened, report
from tests.complaints.scenes import HOUR
from tests.complaints.test_races import at_once, done
from tests.conftest import MONDAY, Cast, Register

#: Of one complaint, with its key: keeping, settling, all rows of the case, and the answer.
MOST_QUERIES = 48


@pytest.fixture
def inlet(cast: Cast) -> Inlet:
    return opened(cast)


@pytest.fixture
def system(cast: Cast, clock: time_machine.Traveller, inlet: Inlet) -> Caller:
    return caller(cast, inlet)


@pytest.fixture
def other(cast: Cast, clock: time_machine.Traveller) -> Caller:
    return caller(cast, opened(cast, "crm", cast.lanzhou))


def test_a_complaint_is_kept_and_registered_at_once(system: Caller, cast: Cast) -> None:
    said = report(
        complainant_name="孙玉梅", order_no="SF1", category="rude", severity="major",
        concerned_branch="WUX", received_at="2026-11-16T11:00:00+08:00", remedy_sought="退运费",
        complainant_role="sender",
    )  # fmt: skip
    answer = system.say(ADDRESS, said)
    assert answer.status_code == 201, answer.content
    case = Complaint.objects.get()
    assert answer.json() == {
        "outside_id": "A-1", "state": "registered", "no": case.no, "code": None, "reason": None,
    }  # fmt: skip
    assert (case.channel, case.owner, case.severity, case.category) == (
        "parent", cast.li, "major", cast.rude,
    )  # fmt: skip
    assert case.received_at == MONDAY - HOUR
    assert (case.order_no, case.remedy_sought, case.complainant_role) == (
        "SF1", "退运费", "sender",
    )  # fmt: skip
    item = Item.objects.get()
    assert json.loads(bytes(item.raw)) == said
    assert item.complaint == case


def test_the_same_again_is_the_same_case_and_other_words_under_its_id_are_refused(
    system: Caller,
) -> None:
    first = system.say(ADDRESS, report())
    again = system.say(ADDRESS, report())
    assert (again.status_code, again.json()) == (200, first.json())
    shuffled = json.dumps(dict(reversed(report().items())), indent=2).encode()
    assert system.send(ADDRESS, shuffled).status_code == 200
    refused(system.say(ADDRESS, report(what="别的")), 422, "outside_id.reused", "outside_id")
    assert Complaint.objects.count() == 1
    assert Item.objects.get().repeats == 2


def test_an_id_is_known_however_it_is_spaced_and_none_is_taken_for_further_words(
    system: Caller,
) -> None:
    first = system.say(ADDRESS, report("A\u30001 "))
    assert (first.status_code, first.json()["outside_id"]) == (201, "A 1")
    for spaced in ("A 1", " A\t1"):
        again = system.say(ADDRESS, report(spaced))
        assert (again.status_code, again.json()) == (200, first.json())
    batch = system.say(BATCH, {"items": [report("A  1")]}).json()["items"]
    assert batch[0]["no"] == first.json()["no"]
    assert Complaint.objects.count() == 1
    refused(system.say(ADDRESS, report("said:88")), 400, "outside_id.reserved", "outside_id")


def test_what_has_become_wrong_since_is_answered_as_before(system: Caller, cast: Cast) -> None:
    said, key = report(category="rude"), {"Idempotency-Key": "k"}
    first = system.say(ADDRESS, said, headers=key)
    batch = system.say(BATCH, {"items": [said]})
    type(cast.rude).objects.filter(pk=cast.rude.pk).update(is_active=False)
    again = system.say(ADDRESS, said, headers=key)
    assert (again.status_code, again.content) == (201, first.content)
    later = system.say(ADDRESS, said)
    assert (later.status_code, later.content) == (200, first.content)
    assert system.say(BATCH, {"items": [said]}).json() == batch.json()
    changed = {**said, "what": "别的"}
    refused(system.say(ADDRESS, changed), 400, "does_not_exist", "category")
    refused(system.say(ADDRESS, {**said, "outside_id": "A-2"}), 400, "does_not_exist", "category")


def test_words_that_a_person_adds_to_another_case_do_not_make_it_the_systems_own(
    system: Caller, cast: Cast, register: Register
) -> None:
    far, said = register(), report(received_at="2026-11-10T11:00:00+08:00")
    assert system.say(ADDRESS, said).status_code == 202
    item = Item.objects.get()
    items.appended_by_hand(item.pk, far.no, said="货晚到", by=cast.chen, at=MONDAY)
    heard = system.say(ADDRESS, said)
    assert heard.status_code == 200
    assert (heard.json()["state"], heard.json()["no"]) == ("appended", None)
    refused(system.ask(f"{ADDRESS}{far.no}/"), 404, "not_found")
    refused(system.say(f"{ADDRESS}{far.no}/statements/", _said()), 404, "not_found")


def test_what_cannot_be_registered_by_itself_waits_for_a_person(
    system: Caller, cast: Cast, clock: time_machine.Traveller
) -> None:
    answer = system.say(ADDRESS, report(received_at="2026-11-10T11:00:00+08:00"))
    assert answer.status_code == 202
    body = answer.json()
    assert (body["state"], body["no"], body["code"]) == (
        "set_aside", None, "received_at.late_entry",
    )  # fmt: skip
    assert in_chinese(body["reason"])
    item = items.settle(Item.objects.get().pk, at=MONDAY, by=cast.chen)
    assert item.state == ItemState.REGISTERED
    assert system.say(ADDRESS, report(received_at="2026-11-10T11:00:00+08:00")).json()["no"]


def test_a_conversation_goes_into_one_case(system: Caller) -> None:
    first = system.say(ADDRESS, report("1", conversation="c"))
    second = system.say(ADDRESS, report("2", what="还没到", conversation="c"))
    assert (second.status_code, second.json()["state"]) == (201, "appended")
    assert second.json()["no"] == first.json()["no"]
    assert Statement.objects.get().said == "还没到"


def test_a_system_sees_its_own_cases_and_no_other(
    system: Caller, other: Caller, register: Register
) -> None:
    no = system.say(ADDRESS, report()).json()["no"]
    shown = system.ask(f"{ADDRESS}{no}/").json()
    assert (shown["no"], shown["outside_id"], shown["status"]) == (no, "A-1", "triage")
    assert [clock["kind"] for clock in shown["clocks"]] == [
        "apology", "result", "sheet", "callback",
    ]  # fmt: skip
    assert {clock["outcome"] for clock in shown["clocks"]} == {"running"}
    assert shown["result"] is None
    assert "13800138000" not in json.dumps(shown)
    for stranger, address in (
        (other, f"{ADDRESS}{no}/"),
        (system, f"{ADDRESS}{register().no}/"),
        (system, f"{ADDRESS}TS2611-9999999-9/"),
        (system, f"{ADDRESS}%00/"),
    ):
        refused(stranger.ask(address), 404, "not_found")
        refused(stranger.say(f"{address}statements/", _said()), 404, "not_found")
    assert not Statement.objects.exists()


def test_all_of_it_works_with_nobodys_eyes_as_in_the_web(
    system: Caller, register: Register
) -> None:
    register()
    with walls.eyes(walls.NOBODY):
        first = system.say(ADDRESS, report(), headers={"Idempotency-Key": "k"})
        assert first.status_code == 201
        no = first.json()["no"]
        assert system.say(ADDRESS, report()).json()["no"] == no
        assert system.say(BATCH, {"items": [report()]}).json()["items"][0]["no"] == no
        assert len(system.ask(f"{ADDRESS}{no}/").json()["clocks"]) == 4
        assert system.say(f"{ADDRESS}{no}/statements/", _said()).json()["no"] == no
        # its own is held until the end of the transaction, which here is the test's
        assert [case.no for case in Complaint.objects.all()] == [no]


def test_what_is_tried_again_is_read_from_what_was_kept(system: Caller, cast: Cast) -> None:
    said = report(
        severity="critical", category="rude", order_no="SF1",
        received_at="2026-11-10T11:00:00+08:00",
    )  # fmt: skip
    assert system.say(ADDRESS, said).json()["state"] == "set_aside"
    items.settle(Item.objects.get().pk, at=MONDAY, by=cast.chen)
    case = Complaint.objects.get()
    assert (case.what, case.severity, case.category, case.order_no) == (
        said["what"], "critical", cast.rude, "SF1",
    )  # fmt: skip
    assert case.received_at == datetime(2026, 11, 10, 3, tzinfo=UTC)
    system.say(f"{ADDRESS}{case.no}/statements/", _said())
    Statement.objects.all().delete()
    Item.objects.filter(state="appended").update(state="set_aside", code="x", complaint=None)
    again = items.settle(Item.objects.get(state="set_aside").pk, at=MONDAY, by=cast.chen)
    assert (again.state, again.complaint) == ("appended", case)
    assert Statement.objects.get().said == "又打电话来催"


def test_registering_takes_few_queries(
    system: Caller, inlet: Inlet, cast: Cast, django_assert_max_num_queries: Any
) -> None:
    system.say(ADDRESS, report("0"))
    with django_assert_max_num_queries(MOST_QUERIES):
        system.say(ADDRESS, report("1", category="rude"), headers={"Idempotency-Key": "k"})


def _said(outside_id: str = "S-1", said: str = "又打电话来催") -> dict[str, Any]:
    return {"outside_id": outside_id, "said": said}


def test_further_words_are_appended_to_an_own_case_once(system: Caller, cast: Cast) -> None:
    no = system.say(ADDRESS, report("S-1")).json()["no"]
    for status in (201, 200):
        answer = system.say(f"{ADDRESS}{no}/statements/", _said())
        assert (answer.status_code, answer.json()["state"]) == (status, "appended")
        assert (answer.json()["outside_id"], answer.json()["no"]) == ("S-1", no)
    assert Statement.objects.get().said == "又打电话来催"
    assert Event.objects.filter(kind="hear").count() == 1
    blank = system.say(f"{ADDRESS}{no}/statements/", _said("S-2", "\u200b"))
    refused(blank, 400, "said.blank", "said")


# Who comes in


def test_a_key_opens_its_own_door_and_no_other(
    system: Caller, api: Callers, cast: Cast, inlet: Inlet
) -> None:
    for address in ("complaints/", "me/", "people/", "desk/", "messages/", "system/"):
        refused(system.ask(address), 401, "not_authenticated")
    refused(system.say("complaints/", {}), 401, "not_authenticated")
    assert system.get("/complaints/").status_code == 302
    li = api(cast.li)
    token = tokens.issue(cast.li, name="x", scope=TokenScope.ALL, lasts=timedelta(days=1))[1]
    as_key = Caller()
    as_key.credentials(HTTP_AUTHORIZATION=f"Key {token}")
    signed_in = Caller()
    signed_in.force_login(cast.chen)
    for stranger in (li, signed_in, Caller()):
        refused(stranger.say(ADDRESS, report()), 401, "not_authenticated")
        refused(stranger.ask(f"{ADDRESS}x/"), 401, "not_authenticated")
    refused(as_key.say(ADDRESS, report()), 401, "authentication_failed")
    assert not Item.objects.exists()


@pytest.mark.parametrize(
    "header",
    ["Key", "Key ", "Key x", "Key x.y", "Key 0123456789ab." + "x" * 43, "Key " + "x" * 100_000,
     "Key é.x", "Key 0123456789ab.\u0660" + "x" * 42],
    ids=range(8),
)  # fmt: skip
def test_what_is_no_key_opens_nothing(system: Caller, header: str) -> None:
    stranger = Caller()
    stranger.credentials(HTTP_AUTHORIZATION=header.encode().decode("latin-1"))
    refused(stranger.say(ADDRESS, report()), 401, "authentication_failed")


def test_a_key_ends_when_it_expires_is_revoked_or_its_way_in_is_shut(
    cast: Cast, clock: time_machine.Traveller, inlet: Inlet, system: Caller
) -> None:
    short = caller(cast, inlet, timedelta(hours=1))
    revoked = caller(cast, inlet)
    latest = SystemKey.objects.latest("pk")
    assert revoked.say(ADDRESS, report()).status_code == 201
    assert keys.revoke(latest.pk, inlet, by=cast.root, at=MONDAY)
    assert not keys.revoke(latest.pk, opened(cast, "x"), by=cast.root, at=MONDAY)
    refused(revoked.say(ADDRESS, report()), 401, "authentication_failed")
    clock.move_to(MONDAY + HOUR)
    refused(short.say(ADDRESS, report()), 401, "authentication_failed")
    assert system.say(ADDRESS, report()).status_code == 200
    Inlet.objects.update(is_active=False)
    refused(system.say(ADDRESS, report()), 401, "authentication_failed")


def test_a_key_is_kept_as_a_digest_and_its_last_use_is_known(
    cast: Cast, clock: time_machine.Traveller, inlet: Inlet
) -> None:
    key, text = keys.issue(inlet, name="x", lasts=keys.LONGEST, by=cast.root, at=MONDAY)
    assert text.partition(".")[2] not in str(list(SystemKey.objects.values()))
    for minutes, seen in ((0, 0), (4, 0), (5, 5)):
        clock.move_to(MONDAY + timedelta(minutes=minutes))
        assert keys.find(text)
        key.refresh_from_db()
        assert key.last_used_at == MONDAY + timedelta(minutes=seen)
    wrong = text[:-1] + ("A" if text[-1] != "A" else "B")
    assert keys.find(wrong) is None


# Batches


def test_a_batch_answers_each_item_and_a_bad_one_blocks_no_other(
    system: Caller, cast: Cast
) -> None:
    said = [
        report("1"),
        report("2", what="  "),
        report("3", category="nothing"),
        "text",
        report("4", order_no="a\x00b"),
        report("5", id=1),
        {**report("6"), "outside_id": None},
        report("7"),
        report("1"),
        report("1", what="别的"),
        report("8", received_at="2026-11-10T11:00:00+08:00"),
        report("9", what="坏\ud800字"),
    ]
    answer = system.send(BATCH, json.dumps({"items": said}).encode())
    assert answer.status_code == 200, answer.content
    rows = answer.json()["items"]
    assert [row["index"] for row in rows] == list(range(12))
    assert [(row["outside_id"], row["state"], row["code"]) for row in rows] == [
        ("1", "registered", None),
        ("2", "refused", "what.blank"),
        ("3", "refused", "does_not_exist"),
        (None, "refused", "invalid"),
        ("4", "refused", "text.nul"),
        ("5", "refused", "unknown_field"),
        (None, "refused", "null"),
        ("7", "registered", None),
        ("1", "registered", None),
        ("1", "refused", "outside_id.reused"),
        ("8", "set_aside", "received_at.late_entry"),
        ("9", "refused", "text.surrogate"),
    ]
    assert rows[0]["no"] == rows[8]["no"]
    assert all(in_chinese(row["reason"]) for row in rows if row["code"])
    assert rows[1]["errors"][0]["field"] == "what"
    assert Complaint.objects.count() == 2
    assert Item.objects.count() == 3
    assert system.send(BATCH, json.dumps({"items": said}).encode()).json() == answer.json()
    assert (Complaint.objects.count(), Item.objects.count()) == (2, 3)


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"items": []}, "items.count", "items"),
        ({"items": [1] * 501}, "items.count", "items"),
        ({"items": {}}, "items.count", "items"),
        ({}, "items.count", "items"),
        ({"items": [1], "x": 1}, "unknown_field", "x"),
        ([1], "invalid", None),
        (None, "invalid", None),
    ],
)
def test_a_batch_has_from_one_to_five_hundred_items(
    system: Caller, body: Any, code: str, field: str | None
) -> None:
    refused(system.send(BATCH, json.dumps(body).encode()), 400, code, field)


def test_five_hundred_are_one_batch(system: Caller) -> None:
    said = [report(str(n), what="货晚到" if n % 100 == 0 else " ") for n in range(500)]
    answer = system.say(BATCH, {"items": said}, headers={"Idempotency-Key": "k"})
    states = [row["state"] for row in answer.json()["items"]]
    assert (len(states), states.count("registered"), states.count("refused")) == (500, 5, 495)
    again = system.say(BATCH, {"items": said}, headers={"Idempotency-Key": "k"})
    assert again.content == answer.content
    assert Complaint.objects.count() == 5


def test_a_batch_that_broke_off_goes_on_where_it_stopped(
    system: Caller, inlet: Inlet, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = {"items": [report(str(n)) for n in range(6)]}
    settle, settled = items.settle, []

    def fails(item_id: int, **more: Any) -> Item:
        if len(settled) == 3:
            raise ZeroDivisionError
        settled.append(item_id)
        return settle(item_id, **more)

    monkeypatch.setattr(items, "settle", fails)
    logging.disable(logging.CRITICAL)
    assert system.say(BATCH, body, headers={"Idempotency-Key": "k"}).status_code == 500
    logging.disable(logging.NOTSET)
    monkeypatch.undo()
    assert (Complaint.objects.count(), Item.objects.count()) == (3, 6)
    answer = system.say(BATCH, body, headers={"Idempotency-Key": "k"})
    assert {row["state"] for row in answer.json()["items"]} == {"registered"}
    assert Complaint.objects.count() == 6


# The same call twice


def test_a_key_gives_the_same_answer_for_a_day(
    system: Caller, clock: time_machine.Traveller
) -> None:
    for _ in range(2):
        answer = system.say(ADDRESS, report(), headers={"Idempotency-Key": "k"})
        assert (answer.status_code, answer.json()["state"]) == (201, "registered")
    other = system.say(ADDRESS, report("A-2"), headers={"Idempotency-Key": "k"})
    refused(other, 422, "idempotency_key.reused", "Idempotency-Key")
    elsewhere = system.say(BATCH, report(), headers={"Idempotency-Key": "k"})
    assert elsewhere.status_code == 400
    clock.move_to(MONDAY + timedelta(hours=24))
    assert system.say(ADDRESS, report("A-2"), headers={"Idempotency-Key": "k"}).status_code == 201
    assert Complaint.objects.count() == 2


def test_a_refused_call_leaves_its_key_free(system: Caller) -> None:
    wrong = system.say(ADDRESS, report(what=" "), headers={"Idempotency-Key": "k"})
    refused(wrong, 400, "what.blank", "what")
    system.say(ADDRESS, report("A-2"))
    twice = system.say(ADDRESS, report("A-2", what="别的"), headers={"Idempotency-Key": "k"})
    refused(twice, 422, "outside_id.reused", "outside_id")
    assert not PastCall.objects.exists()
    assert system.say(ADDRESS, report(), headers={"Idempotency-Key": "k"}).status_code == 201


def test_two_systems_may_use_the_same_key(system: Caller, other: Caller) -> None:
    for one in (system, other):
        assert one.say(ADDRESS, report(), headers={"Idempotency-Key": "k"}).status_code == 201
    assert Complaint.objects.count() == 2


@pytest.mark.parametrize("key", ["", "x" * 201, "x" * 10_000, "键"], ids=range(4))
def test_a_key_that_is_none_is_refused(system: Caller, key: str) -> None:
    sent = key.encode().decode("latin-1")
    answer = system.say(ADDRESS, report(), headers={"Idempotency-Key": sent})
    refused(answer, 400, "idempotency_key.invalid", "Idempotency-Key")
    assert not Item.objects.exists()


def test_answers_are_forgotten_after_a_day(system: Caller) -> None:
    system.say(ADDRESS, report(), headers={"Idempotency-Key": "k"})
    assert repeats.forget(at=MONDAY + timedelta(hours=23)) == 0
    assert repeats.forget(at=MONDAY + timedelta(hours=24)) == 1


@pytest.mark.xdist_group("races")
def test_twenty_calls_with_three_keys_make_three_cases_and_get_their_answers(
    transactional_db: None, system: Caller
) -> None:
    def say(number: int) -> tuple[int, int, str]:
        key = number % 3
        answer = system.say(ADDRESS, report(str(key)), headers={"Idempotency-Key": f"k{key}"})
        return key, answer.status_code, answer.json()["no"]

    found = done(at_once([lambda n=n: say(n) for n in range(20)]))
    assert {status for _key, status, _no in found} == {201}
    assert len({(key, no) for key, _status, no in found}) == 3
    assert Complaint.objects.count() == 3


@pytest.mark.xdist_group("races")
def test_the_same_batch_at_once_in_any_order_makes_each_case_once(
    transactional_db: None, system: Caller
) -> None:
    said = [report(str(n)) for n in range(8)]

    def say(turned: bool) -> set[tuple[str, str]]:
        body = {"items": said[::-1] if turned else said}
        rows = system.say(BATCH, body).json()["items"]
        return {(row["outside_id"], row["no"]) for row in rows}

    found = done(at_once([lambda n=n: say(bool(n % 2)) for n in range(6)]))
    assert all(each == found[0] for each in found)
    assert Complaint.objects.count() == 8


# While the database is away


@pytest.fixture
def away() -> Iterator[None]:
    """Nobody gets a connection."""
    connection.close()
    kept = connection.settings_dict["PORT"]
    connection.settings_dict["PORT"] = "1"
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)
    connection.close()
    connection.settings_dict["PORT"] = kept


@pytest.mark.django_db(transaction=True)
def test_while_the_database_is_away_a_system_is_told_to_come_again(
    system: Caller, away: None
) -> None:
    for answer in (
        system.say(ADDRESS, report(), headers={"Idempotency-Key": "k"}),
        system.say(BATCH, {"items": [report()]}),
        system.ask(f"{ADDRESS}x/"),
        system.say(f"{ADDRESS}x/statements/", _said()),
    ):
        refused(answer, 503, "busy")
        assert int(answer["Retry-After"]) > 0
