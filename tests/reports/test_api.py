"""The ranking through the API: the same figures, the same people."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from rest_framework.test import APIClient

from staff.models import Person
from tests.conftest import Cast
from tests.reports.conftest import CUT_OFF, WEEK, Played

ADDRESS = "/api/v1/rankings/weekly/"


def ask(person: Person | None, **query: str) -> Any:
    client = APIClient()
    with time_machine.travel(CUT_OFF, tick=False):
        if person is not None:
            client.force_login(person)
        return client.get(ADDRESS, query)


def test_numerators_and_denominators_come_with_every_rate(played: Played, cast: Cast) -> None:
    said = ask(cast.ma, week=str(WEEK)).json()
    assert (said["week"], said["unruled"], said["elsewhere"]) == ("2026-W47", 1, 1)
    assert said["start"] == "2026-11-16T00:00:00+08:00"
    assert said["end"] == "2026-11-23T00:00:00+08:00"
    assert said["made_at"] == "2026-11-24T12:00:00+08:00"
    wuxi, lanzhou, suzhou = said["rows"]
    assert wuxi == {
        "rank": 1,
        "standing": "ranked",
        "branch": {"code": "WUX", "name": "无锡分公司"},
        "score": "60.67",
        "complaints": 5,
        "clocks": {
            "apology": clock(2, 1, attempted=1, na=2),
            "result": clock(3, 1, na=2),
            "sheet": clock(2, 2, na=2),
            "callback": clock(2, 1, unreachable=1, na=2),
        },
        "satisfaction": rate(1, 2),
        "reach": rate(2, 3),
        "compensation": {"amount": "650.50", "remedies": 2},
    }
    assert (lanzhou["rank"], lanzhou["standing"]) == (None, "too_few")
    assert suzhou["satisfaction"] == {"numerator": 0, "denominator": 0, "rate": None}
    assert said["total"]["score"] == "60.67"
    assert said["total"]["complaints"] == 5


def rate(part: int, whole: int) -> dict[str, Any]:
    return {"numerator": part, "denominator": whole, "rate": pytest.approx(part / whole)}


def clock(met: int, breached: int, **apart: int) -> dict[str, Any]:
    others = {"attempted": 0, "unreachable": 0, "na": 0, "charged": 0, "running": 0, **apart}
    return {"on_time": rate(met, met + breached), "met": met, "breached": breached, **others}


@pytest.mark.parametrize(
    ("who", "status"),
    [("li", 403), ("zhao", 403), ("root", 403), ("wang", 200), ("xu", 200), ("ma", 200),
     ("chen", 200), ("lin", 200), ("gao", 200)],
)  # fmt: skip
def test_those_who_lead_may_ask(cast: Cast, who: str, status: int) -> None:
    response = ask(getattr(cast, who))
    assert response.status_code == status
    if status == 403:
        assert set(response.json()) >= {"code", "message", "field"}


def test_a_stranger_may_not(cast: Cast) -> None:
    assert ask(None).status_code == 401


@pytest.mark.parametrize(
    ("written", "code"),
    [("2026-W99", "week.no_such"), ("soon", "week.unreadable"), ("\x00", "week.unreadable")],
)
def test_a_bad_week_is_told_beside_its_field(cast: Cast, written: str, code: str) -> None:
    response = ask(cast.chen, week=written)
    assert response.status_code == 400
    said = response.json()
    assert (said["code"], said["field"]) == (code, "week")
    assert said["message"]


def test_without_a_week_the_last_full_one_is_given(cast: Cast) -> None:
    assert ask(cast.chen).json()["week"] == "2026-W47"
