"""Dropped first asks: counted for the branch of whoever was asked first."""

from __future__ import annotations

import time_machine
from django.test import Client

from complaints.models import Channel
from quality.models import Inspection
from reports import first_response
from reports.first_response import Figure
from reports.periods import Week
from staff.models import Person
from tests.complaints import scenes
from tests.complaints.scenes import HOUR, MINUTE
from tests.conftest import MONDAY, Cast, Register

WEEK = Week.containing(MONDAY)
LATER = MONDAY + 30 * HOUR


def counts(person: Person) -> dict[str, dict[str, int]]:
    lines = first_response.lines(person, WEEK.start, WEEK.end, LATER)
    return {
        line.branch.code: {figure.value: n for figure, n in line.counts.items() if n}
        for line in lines
    }


def test_first_asks_answered_late_or_not_are_counted_to_the_minute(
    cast: Cast, register: Register
) -> None:
    for minutes in (59, 60, 61):
        scenes.apologise(register(), by=cast.li, at=MONDAY + minutes * MINUTE)
    register(by=cast.zhao)  # never answered
    register(by=cast.zhao, anonymous=True, complainant_name="", complainant_phone="")
    assert counts(cast.chen) == {
        "LZ": {"received": 2, "unanswered": 1},
        "WUX": {"received": 3, "unanswered": 1},
    }


def test_entries_typed_in_late_are_counted(cast: Cast, register: Register) -> None:
    for minutes in (0, 30, 31):
        register(received_at=MONDAY - minutes * MINUTE)
    found = first_response.cases(Figure.LATE_ENTRY, cast.wang, WEEK.start, WEEK.end, LATER)
    assert found.count() == 1


def test_who_had_told_us_and_then_went_outside(cast: Cast, register: Register) -> None:
    told = register(order_no="YD1")
    again = register(order_no="", complainant_phone="13900000000")
    register(order_no="YD2", complainant_phone="13700000000")  # satisfied with us
    register(channel=Channel.P12345, order_no="YD1", complainant_phone="1", at=MONDAY + HOUR)
    register(
        channel=Channel.P12315, complainant_phone="139 0000 0000", order_no="", at=MONDAY + HOUR
    )
    first = register(channel=Channel.HEIMAO, order_no="YD9", complainant_phone="2")
    register(order_no="YD9", complainant_phone="2", at=MONDAY + HOUR)  # the other way round
    found = first_response.cases(Figure.WENT_OUTSIDE, cast.wang, WEEK.start, WEEK.end, LATER)
    assert set(found) == {told, again}
    assert first not in found


def test_each_sees_the_branches_in_reach(cast: Cast, register: Register) -> None:
    register()
    register(by=cast.zhao)
    assert set(counts(cast.wang)) == {"WUX"}
    assert set(counts(cast.ma)) == {"LZ"}
    assert set(counts(cast.gao)) == {"WUX", "LZ"}


def test_the_page_counts_opens_its_cases_and_draws(cast: Cast, register: Register) -> None:
    case = register()
    client = Client()
    with time_machine.travel(LATER, tick=False):
        client.force_login(cast.chen)
        page = client.get("/first-response/").content.decode()
        opens = f"/first-response/cases/?week={WEEK}&amp;figure=unanswered&amp;branch=WUX"
        assert opens in page
        listed = client.get(opens.replace("&amp;", "&")).content.decode()
        assert case.no in listed
        drawn = client.post("/first-response/samples/", {"week": str(WEEK), "count": "5"})
        assert drawn.status_code == 302
        again = client.post("/first-response/samples/", {"week": str(WEEK), "count": "5"})
        assert again.status_code == 422
        assert "这段时间没有还没抽过的投诉。" in again.content.decode()
        one = f"/first-response/inspections/{Inspection.objects.get().pk}/"
        assert "首问稽查" in client.get(one).content.decode()
        refused = client.post(one, {"finding": "slow"})
        assert "请写明发现了什么。" in refused.content.decode()
        assert client.post(one, {"finding": "slow", "note": "慢"}).status_code == 302
        assert client.get(one).status_code == 404
        client.force_login(cast.wang)
        assert client.get("/first-response/").status_code == 200
        assert client.post("/first-response/samples/", {}).status_code == 403
        odd = client.get("/first-response/", {"week": "nonsense"})
        assert odd.status_code == 400 or "看不懂这个周次" in odd.content.decode()
        assert client.get(f"/first-response/cases/?figure=x&week={WEEK}").status_code == 404
        assert (
            client.get(f"/first-response/cases/?figure=received&week={WEEK}&branch=LZ").status_code
            == 404
        )
