"""The system page and its API: who sees it, what it says, and the banners on every page."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from common.models import Heartbeat
from complaints import pulse
from complaints.models import Clock, ClockKind, Complaint
from notify.delivery import deliver
from notify.models import Delivery, DeliveryState, Outlet, OutletKind
from notify.post import Note, post
from staff.models import Calendar, CalendarYear, Person
from tests.conftest import MONDAY, Cast, Register

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
STALE = "时限巡检已有"
LATE = "有时限到点已"
YEARS = "服务日历缺少节假日"

#: Everybody of the cast, and whether they look after the house.
SEES = [
    ("li", False), ("wang", False), ("xu", False), ("chen", True), ("lin", True), ("gao", True),
    ("root", True),
]  # fmt: skip


def signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def page(person: Person, path: str = "/system/", *, at: datetime = MONDAY, **more: Any) -> str:
    with time_machine.travel(at, tick=False):
        answer = signed_in(person).get(path, **more)
    assert answer.status_code == 200
    return answer.content.decode()


def told(person: Person, *, at: datetime = MONDAY) -> Any:
    """What the API says."""
    client = APIClient()
    client.force_login(person)
    with time_machine.travel(at, tick=False):
        answer = client.get("/api/v1/system/")
    assert answer.status_code == 200, answer.content
    return answer.json()


def swept(at: datetime) -> None:
    Heartbeat.objects.update_or_create(name="sweep", defaults={"at": at})


def rings(at: datetime | None) -> None:
    """Every clock is looked at again at this moment."""
    Clock.objects.update(next_at=at)


def set_aside(case: Complaint, *, until: datetime, failures: int = 3) -> None:
    case.clocks.filter(kind=ClockKind.APOLOGY).update(failures=failures, next_at=until)


# Who sees it


@pytest.mark.parametrize(("name", "sees"), SEES)
def test_it_is_for_those_who_look_after_the_house(cast: Cast, name: str, sees: bool) -> None:
    person = getattr(cast, name)
    client, api = signed_in(person), APIClient()
    api.force_login(person)
    status = 200 if sees else 403
    assert client.get("/system/").status_code == status
    assert client.get("/system/", headers={"HX-Request": "true"}).status_code == status
    assert api.get("/api/v1/system/").status_code == status
    front = "/complaints/" if sees and name != "root" else "/messages/"
    assert ('href="/system/"' in client.get(front).content.decode()) is sees


def test_it_is_only_looked_at(cast: Cast) -> None:
    client, api = signed_in(cast.chen), APIClient()
    api.force_login(cast.chen)
    assert client.post("/system/").status_code == 405
    assert api.post("/api/v1/system/", {}).status_code == 405
    assert api.get("/api/v1/system/?verbose=1").json()["code"] == "unknown_field"


# What it says


def test_a_house_where_all_is_well(cast: Cast, register: Register) -> None:
    register(at=MONDAY)
    rings(MONDAY + HOUR)
    swept(MONDAY - 5 * SECOND)
    text = page(cast.chen)
    assert "时限有人看着，没有积压。" in text
    assert "5 秒前" in text
    said = told(cast.chen)
    assert said["ready"] is True
    assert (said["sweep_age_seconds"], said["sweep_lag_seconds"]) == (5.0, 0.0)
    assert said["next_ring"] == "2026-11-16T13:00:00+08:00"
    assert (said["running_clocks"], said["set_aside_count"], said["set_aside"]) == (4, 0, [])
    assert (said["oldest_undelivered_seconds"], said["undelivered_count"]) == (None, 0)
    assert [beat["name"] for beat in said["heartbeats"]] == ["sweep"]
    assert said["missing_years"] == []
    assert said["versions"]["database"].startswith("PostgreSQL 1")
    assert said["versions"]["app"] in text


@pytest.mark.parametrize(
    ("age", "late", "ready", "says"),
    [
        (60, 0, True, "时限有人看着"),
        (61, 0, False, "时限巡检已有 61 秒没有运行。"),
        (None, 0, False, "时限巡检从来没有运行过。"),
        (5, 60, True, "时限有人看着"),
        (5, 61, False, "有时限到点已 61 秒，还没有处理。"),
        (7300, 7300, False, "有时限到点已 2 小时，还没有处理。"),
    ],
)
def test_a_house_whose_deadlines_nobody_watches(
    cast: Cast, register: Register, age: int | None, late: int, ready: bool, says: str
) -> None:
    register(at=MONDAY - 9 * HOUR)
    rings(MONDAY - late * SECOND if late else None)
    if age is not None:
        swept(MONDAY - age * SECOND)
    assert says in page(cast.root)
    said = told(cast.root)
    assert (said["ready"], said["sweep_lag_seconds"]) == (ready, float(late))


def test_clocks_set_aside_are_named_to_those_who_may_see_the_case(
    cast: Cast, register: Register
) -> None:
    case = register(at=MONDAY - HOUR)
    set_aside(case, until=MONDAY + 160 * SECOND)
    for person in (cast.chen, cast.lin, cast.gao):
        assert case.no in page(person)
        (named,) = told(person)["set_aside"]
        assert (named["complaint"], named["kind"], named["failures"]) == (case.no, "apology", 3)
        assert named["next_try_at"] == "2026-11-16T12:02:40+08:00"
    text = page(cast.root)
    assert case.no not in text
    assert "搁置的时限是处理时出错的" in text
    said = told(cast.root)
    assert (said["set_aside_count"], said["set_aside"]) == (1, [])


def test_quality_of_a_region_is_told_only_of_cases_in_its_reach(
    cast: Cast, register: Register
) -> None:
    cast.chen.branch = cast.east
    cast.chen.save(update_fields=["branch"])
    ours, theirs = register(at=MONDAY - HOUR), register(by=cast.zhao, at=MONDAY - HOUR)
    for case in (ours, theirs):
        set_aside(case, until=MONDAY)
    said = told(cast.chen)
    assert said["set_aside_count"] == 2
    assert [each["complaint"] for each in said["set_aside"]] == [ours.no]
    assert theirs.no not in page(cast.chen)


def test_messages_that_wait_and_that_were_given_up(cast: Cast) -> None:
    way = Outlet.objects.create(kind=OutletKind.WEBHOOK, name="值班群", address="json://nowhere/x")
    post([Note("n:1", [cast.li.pk], "%(no)s 升级", {"no": "TS2611-0000001-1"})], at=MONDAY - HOUR)
    assert told(cast.root)["oldest_undelivered_seconds"] == 3600.0
    assert "60 分钟" in page(cast.root)
    deliver(at=MONDAY)
    Delivery.objects.create(
        message_id=cast.li.messages.get().pk, outlet=way, state=DeliveryState.GIVEN_UP,
        attempts=9, last_error="HTTP 500", created_at=MONDAY, available_at=MONDAY,
    )  # fmt: skip
    assert told(cast.root)["undelivered_count"] == 1
    text = page(cast.root)
    for words in ("李静", "值班群", "HTTP 500"):
        assert words in text
    assert "TS2611-0000001-1" not in text  # who runs the system reads no case


def test_counts_stop_where_they_say_so(
    cast: Cast, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        register(at=MONDAY)
    assert pulse.running_count(at_most=8) == 8
    assert pulse.running_count(at_most=7) == 8
    assert pulse.running_count(at_most=3) == 4
    Clock.objects.update(failures=1)
    assert pulse.set_aside_count(at_most=4) == 5
    monkeypatch.setattr("recovery.system.MANY", 7)
    assert "7+" in page(cast.chen)


def test_the_page_costs_the_same_however_many_clocks_there_are(
    cast: Cast, register: Register
) -> None:
    """And what every page asks is the first entry of two indexes."""
    client = signed_in(cast.chen)
    register(at=MONDAY)
    client.get("/system/")
    with CaptureQueriesContext(connection) as few:
        client.get("/system/")
    for _ in range(5):
        set_aside(register(at=MONDAY), until=MONDAY)
    with CaptureQueriesContext(connection) as many:
        client.get("/system/")
    assert len(many) == len(few)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN " + pulse._READ, {"apology": ClockKind.APOLOGY.value})
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "clock_next_apology_ring" in plan
    assert "clock_next_other_ring" in plan


def test_htmx_gets_the_part_that_changes(cast: Cast) -> None:
    whole, part = page(cast.chen), page(cast.chen, headers={"HX-Request": "true"})
    assert whole.count('id="condition"') == 1
    assert part.lstrip().startswith('<div class="stack" id="condition"')
    assert "<html" not in part


# The banners on every page


@pytest.mark.parametrize(
    ("age", "late", "banner"),
    [
        (None, None, ""),
        (60, None, ""),
        (61, None, f"{STALE} 1 分钟没有运行"),
        (3600, 3600, f"{STALE} 60 分钟没有运行"),
        (5, 60, ""),
        (5, 61, f"{LATE} 1 分钟还没有处理"),
        (None, 61, f"{LATE} 1 分钟还没有处理"),
        (None, -5, ""),
    ],
)
@pytest.mark.parametrize("name", ["li", "root"])
def test_a_red_banner_for_all_when_deadlines_are_not_watched(
    cast: Cast, register: Register, name: str, age: int | None, late: int | None, banner: str
) -> None:
    """A house that was never swept is new: it is ill only once a clock is late."""
    register(at=MONDAY - 9 * HOUR)
    rings(None if late is None else MONDAY - late * SECOND)
    if age is not None:
        swept(MONDAY - age * SECOND)
    text = page(getattr(cast, name), "/messages/")
    assert ("banner--late" in text) is bool(banner)
    assert banner in text
    assert text.count('class="banner ') <= 1


@pytest.mark.parametrize(("name", "sees"), SEES)
def test_a_calendar_without_its_holidays_is_a_loud_warning(
    cast: Cast, name: str, sees: bool
) -> None:
    calendar = Calendar.objects.create(name="总部时间", weekly="mon-fri 09:00-18:00")
    cast.headquarters.calendar = calendar
    cast.headquarters.save(update_fields=["calendar"])
    person = getattr(cast, name)
    text = page(person, "/messages/")
    assert (YEARS in text) is sees
    assert ("“总部时间”2026 年" in text) is sees
    if sees:
        assert told(person)["missing_years"] == [
            {"calendar": "总部时间", "year": 2026}, {"calendar": "总部时间", "year": 2027},
        ]  # fmt: skip
        assert YEARS in page(person, "/messages/")  # remembered
        for year in (2026, 2027):
            CalendarYear.objects.create(calendar=calendar, year=year, source="国办发明电")
        cache.clear()
        assert YEARS not in page(person, "/messages/")
        assert told(person)["missing_years"] == []


def test_the_missing_years_are_asked_for_once_a_minute(cast: Cast) -> None:
    client = signed_in(cast.chen)
    client.get("/messages/")
    with CaptureQueriesContext(connection) as queries:
        client.get("/messages/")
    assert not any("staff_calendar" in query["sql"] for query in queries)
