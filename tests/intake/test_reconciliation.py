"""What was received is what became of it, by day and way in; and quality hears of what waits."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection
from django.test import Client

from common import walls
from complaints.models import Channel
from intake import inlets, items, reconciliation, reminders
from intake.models import Inlet, Item, ItemState
from intake.reconciliation import Line
from notify.models import Message
from staff.eyes import eyes_of
from tests.complaints.scenes import HOUR, MINUTE
from tests.complaints.test_races import at_once, done
from tests.conftest import MONDAY, Cast, Register
from tests.intake.coming import arrive, set_aside, way_in

DAY = date(2026, 11, 16)


@pytest.fixture
def inlet(cast: Cast) -> Inlet:
    return way_in(cast)


def lines(*, at: object = MONDAY, first: date = DAY, last: date = DAY) -> list[Line]:
    return reconciliation.lines(first, last, at=at)  # type: ignore[arg-type]


def settled(inlet: Inlet, state: ItemState, case: object, number: int) -> None:
    Item.objects.filter(pk=arrive(inlet, outside_id=f"{state}{number}").pk).update(
        state=state, complaint=case, code="x", next_try_at=None, settled_at=MONDAY
    )


def test_each_state_is_a_column_and_they_add_up(
    cast: Cast, inlet: Inlet, register: Register
) -> None:
    case, other = register(), register()
    settled(inlet, ItemState.REGISTERED, case, 1)
    settled(inlet, ItemState.REGISTERED, other, 2)
    for number in range(3):
        settled(inlet, ItemState.APPENDED, case, number)
    settled(inlet, ItemState.DUPLICATE, case, 1)
    for number in range(2):
        settled(inlet, ItemState.IGNORED, None, number)
    set_aside(inlet)
    arrive(inlet, outside_id="waits")
    for _ in range(4):
        arrive(inlet, outside_id="waits")
    arrive(way_in(cast, "other", name="另一个"))
    (line, other_line) = sorted(lines(), key=lambda line: -line.received)
    counted = {name: getattr(line, name) for name in reconciliation.COUNTS}
    assert counted == {
        "received": 10, "registered": 2, "appended": 3, "duplicate": 1, "ignored": 2,
        "set_aside": 1, "waiting": 1, "repeats": 4, "overdue": 0, "cases": 2,
    }  # fmt: skip
    assert line.received == line.settled + line.waiting
    assert (line.difference, line.is_wrong) == (0, False)
    assert (other_line.inlet, other_line.received) == ("other", 1)
    assert reconciliation.total([line, other_line])["received"] == 11


@pytest.mark.parametrize(
    ("minutes", "is_wrong"), [(9, False), (10, False), (11, True)], ids=["9", "10", "11"]
)
def test_what_waits_for_more_than_ten_minutes_is_red(
    inlet: Inlet, minutes: int, is_wrong: bool
) -> None:
    arrive(inlet)
    assert [line.is_wrong for line in lines(at=MONDAY + minutes * MINUTE)] == [is_wrong]


def test_two_items_that_claim_one_new_case_are_a_difference(
    inlet: Inlet, register: Register
) -> None:
    case = register()
    for number in range(2):
        settled(inlet, ItemState.REGISTERED, case, number)
    assert [line.difference for line in lines()] == [1]


def test_a_state_that_nobody_counts_is_a_difference(inlet: Inlet) -> None:
    item = set_aside(inlet)
    Item.objects.filter(pk=item.pk).update(state="lost")
    assert [line.difference for line in lines()] == [1]


@pytest.mark.parametrize(
    ("at", "day"),
    [
        ("2026-11-15T15:59:59Z", date(2026, 11, 15)),
        ("2026-11-15T16:00:00Z", DAY),
        ("2026-11-16T15:59:59Z", DAY),
        ("2026-11-16T16:00:00Z", date(2026, 11, 17)),
    ],
)
def test_a_day_is_the_firms(inlet: Inlet, at: str, day: date) -> None:
    Item.objects.filter(pk=arrive(inlet).pk).update(received_at=at)
    found = lines(first=date(2026, 11, 15), last=date(2026, 11, 17))
    assert [line.day for line in found] == [day]
    assert [line.day for line in lines(first=day, last=day)] == [day]
    assert not lines(first=day + timedelta(days=1), last=day + timedelta(days=1))


def test_the_counts_are_the_same_for_whoever_asks(
    cast: Cast, inlet: Inlet, register: Register
) -> None:
    settled(inlet, ItemState.REGISTERED, register(by=cast.li, subject_ids=(cast.chen.pk,)), 1)
    with walls.eyes(eyes_of(cast.chen)):
        assert [(line.received, line.difference) for line in lines()] == [(1, 0)]


def test_the_page_and_the_file_say_the_same(cast: Cast, inlet: Inlet) -> None:
    set_aside(inlet)
    Inlet.objects.update(name="=HYPERLINK(1)")
    arrive(inlet, outside_id="waits")
    client = Client()
    client.force_login(cast.chen)
    with time_machine.travel(MONDAY + HOUR, tick=False):
        shown = client.get("/intake/reconciliation/").content.decode()
        fetched = client.get("/intake/reconciliation.csv?since=2026-11-16&until=2026-11-16")
        assert 'data-state="late"' in shown
        assert "超过 10 分钟" in shown
        nothing = client.get("/intake/reconciliation/?since=2026-11-01&until=2026-11-02")
        assert "这几天没有收到内容" in nothing.content.decode()
        for query in ("since=x", "until=2026-02-30", "since=%00"):
            assert client.get(f"/intake/reconciliation/?{query}").status_code == 400
        wide = client.get("/intake/reconciliation/?since=0001-01-01&until=9999-12-31")
        assert wide.status_code == 200
    (row,) = csv.DictReader(io.StringIO(fetched.content.decode("utf-8-sig")))
    assert (row["received"], row["set_aside"], row["waiting"], row["overdue"]) == (
        "2",
        "1",
        "1",
        "1",
    )
    assert row["name"] == "'=HYPERLINK(1)"
    assert row["day"] == "2026-11-16"


def reconciled(*arguments: str) -> tuple[int, list[dict[str, object]]]:
    out = io.StringIO()
    try:
        call_command("reconcile_intake", *arguments, stdout=out)
        code = 0
    except SystemExit as end:
        code = int(str(end.code))
    return code, [json.loads(line) for line in out.getvalue().splitlines()]


def test_the_command_prints_a_line_each_and_fails_on_a_difference(inlet: Inlet) -> None:
    item = set_aside(inlet)
    code, said = reconciled("--day", "2026-11-16")
    assert code == 0
    assert [(line["inlet"], line["received"], line["set_aside"]) for line in said] == [
        ("sms", 1, 1)
    ]
    assert reconciled("--day", "2026-11-15") == (0, [])
    Item.objects.filter(pk=item.pk).update(state="lost")
    code, said = reconciled("--day", "2026-11-16")
    assert (code, said[0]["difference"]) == (1, 1)


def test_the_command_looks_at_yesterday_unless_told_otherwise(inlet: Inlet) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        (now,) = cursor.fetchone()
    set_aside(inlet, at=now)
    item = set_aside(inlet, at=now)
    Item.objects.filter(pk=item.pk).update(received_at=now - timedelta(days=1))
    _code, said = reconciled()
    assert [line["received"] for line in said] == [1]


def told(cast: Cast) -> list[str]:
    messages = Message.objects.filter(recipient=cast.chen, key__startswith="set-aside:")
    return [message.params["count"] for message in messages.order_by("created_at")]


def test_quality_hears_of_what_waits_for_half_an_hour_once(cast: Cast, inlet: Inlet) -> None:
    set_aside(inlet)
    assert reminders.remind(MONDAY + 29 * MINUTE) == 0
    for minutes in (30, 31, 50, 200):
        reminders.remind(MONDAY + minutes * MINUTE)
    assert told(cast) == ["1"]
    assert not Message.objects.filter(key__startswith="set-aside:").exclude(recipient=cast.chen)


def test_what_comes_later_is_told_of_at_most_once_an_hour(cast: Cast, inlet: Inlet) -> None:
    set_aside(inlet)
    reminders.remind(MONDAY + 30 * MINUTE)
    for minutes in (5, 10, 20):
        set_aside(inlet, at=MONDAY + minutes * MINUTE)
    reminders.remind(MONDAY + 55 * MINUTE)
    assert told(cast) == ["1"]
    for minutes in (60, 61, 70):
        reminders.remind(MONDAY + minutes * MINUTE)
    assert told(cast) == ["1", "4"]
    items.ignore(Item.objects.earliest("pk").pk, reason="广告", by=cast.chen, at=MONDAY + HOUR)
    reminders.remind(MONDAY + 5 * HOUR)
    assert told(cast) == ["1", "4"]


@pytest.mark.xdist_group("races")
def test_however_many_remind_at_once_quality_hears_it_once(
    transactional_db: None, cast: Cast, inlet: Inlet
) -> None:
    set_aside(inlet)
    done(at_once([lambda: reminders.remind(MONDAY + HOUR)] * 6))
    assert told(cast) == ["1"]


@pytest.mark.xdist_group("races")
def test_repeats_at_once_are_each_counted(transactional_db: None, inlet: Inlet) -> None:
    arrive(inlet, outside_id="1")
    done(at_once([lambda: arrive(inlet, outside_id="1")] * 8))
    assert Item.objects.get().repeats == 8
    assert inlets.active(Channel.SMS, "sms") == inlet
