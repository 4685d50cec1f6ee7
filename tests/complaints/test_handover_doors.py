"""Passing on, being away and leaving, through the pages and the API."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client
from rest_framework.test import APIClient

from complaints import handovers, remedies
from complaints.models import Complaint, Handover, RemedyKind
from staff import people
from staff.models import Absence, Person, Role
from tests.complaints.scenes import HOUR, MINUTE, answer, fresh
from tests.complaints.test_handovers import decide, leave, offer, refuse
from tests.conftest import MONDAY, Cast, Register


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(MONDAY + MINUTE, tick=False) as traveller:
        yield traveller


@pytest.fixture
def he(cast: Cast) -> Person:
    return people.hire("he", name="何兰", role=Role.FRONTLINE, branch=cast.wuxi, password=None)


def page_of(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def api_of(person: Person) -> APIClient:
    client = APIClient()
    client.force_login(person)
    return client


def post(caller: Person, address: str, **said: Any) -> Any:
    return api_of(caller).post(f"/api/v1/{address}", said, format="json")


def test_an_offer_goes_through_the_pages(cast: Cast, register: Register, he: Person) -> None:
    case = register()
    li, receiver = page_of(cast.li), page_of(he)
    assert "handovers/" in li.get(f"/complaints/{case}/").content.decode()
    said = {"receiver": he.pk, "reason": "shift", "note": "客户要见主管"}
    assert li.post(f"/complaints/{case}/handovers/", said).status_code == 302
    desk = receiver.get("/").content.decode()
    assert "交接给我的" in desk
    assert case.no in desk
    remedies.propose(
        case.pk, kind=RemedyKind.REFUND, amount=Decimal(88), description="退运费八十八", by=cast.li,
        at=MONDAY + MINUTE,
    )  # fmt: skip
    answer(case, by=cast.li, at=MONDAY + MINUTE, said="明天一定送到")
    form = receiver.get(f"/complaints/{case}/handovers/acceptance/").content.decode()
    for words in ("客户要见主管", "退运费八十八", "明天一定送到"):
        assert words in form
    assert receiver.post(f"/complaints/{case}/handovers/acceptance/").status_code == 302
    assert fresh(case).owner == he
    assert "李静 → 何兰" in receiver.get(f"/complaints/{case}/").content.decode()


def test_who_gives_a_case_back_goes_to_the_desk(cast: Cast, register: Register) -> None:
    case = register()
    offer(case, cast.zhao, by=cast.li)
    zhao = page_of(cast.zhao)
    address = f"/complaints/{case}/handovers/refusal/"
    assert zhao.post(address, {"answer": " "}).status_code == 422
    sent = zhao.post(address, {"answer": "货不在兰州"})
    assert (sent.status_code, sent.headers["Location"]) == (302, "/")
    assert zhao.get(f"/complaints/{case}/").status_code == 404
    assert "待裁决的交接" in page_of(cast.chen).get("/").content.decode()
    assert "待裁决的交接" not in page_of(cast.wang).get("/").content.decode()


def test_the_api_offers_answers_and_decides(cast: Cast, register: Register, he: Person) -> None:
    case = register()
    at = f"complaints/{case}/handovers/"
    said = {"receiver": "he", "reason": "load", "note": "手上太多"}
    made = post(cast.li, at, **said)
    assert (made.status_code, made.json()["state"]) == (201, "offered")
    waiting = api_of(he).get("/api/v1/handovers/offered/").json()["results"]
    assert [each["complaint"]["no"] for each in waiting] == [case.no]
    allowed = api_of(he).get(f"/api/v1/complaints/{case}/").json()["allowed_actions"]
    assert "accept_offer" in {each["action"] for each in allowed}
    assert post(cast.wang, f"{at}acceptance/").json()["code"] == "not_allowed"
    assert post(he, f"{at}refusal/", answer="我也满了").json()["state"] == "refused"
    undecided = api_of(cast.wang).get("/api/v1/handovers/undecided/").json()["results"]
    assert [each["receiver"]["username"] for each in undecided] == ["he"]
    decided = post(cast.wang, f"{at}decision/", owner="he", opinion="轮到你").json()
    assert (decided["state"], decided["decided_owner"]["name"]) == ("decided", "何兰")
    assert post(he, at, receiver="wang", reason="load", note="还满").json()["state"] == "offered"
    assert post(he, f"{at}withdrawal/").json()["state"] == "withdrawn"
    assert post(he, f"{at}withdrawal/").json()["code"] == "handover.over"
    back = post(he, at, receiver="li", reason="load", note="还你").json()
    assert (back["goes_back"], back["state"]) == (True, "referred")
    assert api_of(he).get(f"/api/v1/{at}").json()["count"] == 3
    assert fresh(case).owner == he


def test_the_lists_hold_what_waits_for_ones_word_and_no_more(
    cast: Cast, register: Register, he: Person, clock: time_machine.Traveller
) -> None:
    case = register()
    offer(case, he, by=cast.li)

    def undecided(person: Person) -> int:
        found: int = api_of(person).get("/api/v1/handovers/undecided/").json()["count"]
        return found

    assert undecided(cast.wang) == 0
    refuse(case, by=he, at=MONDAY)
    assert [undecided(each) for each in (cast.wang, cast.xu, cast.chen, cast.ma, he)] == [
        1, 1, 1, 0, 0,
    ]  # fmt: skip
    offer(case, he, by=cast.li)
    assert undecided(cast.wang) == 0
    refuse(case, by=he, at=MONDAY)
    assert [undecided(each) for each in (cast.wang, cast.xu, cast.chen)] == [0, 0, 1]
    decide(case, he, by=cast.chen, at=MONDAY)
    assert undecided(cast.chen) == 0
    offer(case, cast.wang, by=he, at=MONDAY)
    clock.move_to(MONDAY + 2 * HOUR + timedelta(microseconds=1))
    assert api_of(cast.wang).get("/api/v1/handovers/offered/").json()["count"] == 0


def test_a_shift_is_handed_over_on_one_page(cast: Cast, register: Register, he: Person) -> None:
    first, second, third, waits = (register() for _ in range(4))
    offer(waits, cast.wang, by=cast.li)
    li = page_of(cast.li)
    assert li.get("/handovers/shift/").content.decode().count("同上") == 3
    said = {
        "receiver": he.pk, "note": "按说好的办",
        f"take_{first.pk}": "on",
        f"take_{second.pk}": "on", f"receiver_{second.pk}": cast.wang.pk,
        f"note_{second.pk}": "这件客户要见主管",
    }  # fmt: skip
    assert li.post("/handovers/shift/", {**said, "receiver": ""}).status_code == 422
    assert li.post("/handovers/shift/", said).status_code == 302
    made = Handover.objects.filter(complaint__in=[first, second]).order_by("complaint_id")
    assert [(each.receiver, each.note) for each in made] == [
        (he, "按说好的办"), (cast.wang, "这件客户要见主管"),
    ]  # fmt: skip
    assert not Handover.objects.filter(complaint=third).exists()
    # what fails is said beside its row, and the rest is done
    said = {**said, f"take_{third.pk}": "on", f"take_{waits.pk}": "on"}
    again = li.post("/handovers/shift/", said)
    assert again.status_code == 422
    assert again.content.decode().count("这件投诉的上一次交接还没有结果。") == 3
    assert Handover.objects.get(complaint=third).receiver == he


def test_the_next_shift_accepts_all_on_one_page(cast: Cast, register: Register, he: Person) -> None:
    taken, left, foreign = (register() for _ in range(3))
    for case in (taken, left):
        offer(case, he, by=cast.li)
    offer(foreign, cast.wang, by=cast.li)
    client = page_of(he)
    assert client.get("/handovers/").content.decode().count("接受 TS") == 2
    sent = client.post("/handovers/acceptance/", {"no": [taken.no, foreign.no, "x\x00"]})
    assert sent.status_code == 302
    owners = {case.pk: case.owner for case in Complaint.objects.select_related("owner")}
    assert owners == {taken.pk: he, left.pk: cast.li, foreign.pk: cast.li}


def test_the_administrator_closes_an_account_after_handing_all_up(
    cast: Cast, register: Register
) -> None:
    case = register()
    root = page_of(cast.root)
    page = root.get("/departures/").content.decode()
    assert "全部交给主管并停用" in page
    assert case.no not in page
    sent = root.post("/departures/", {"person": cast.li.pk, "deed": "close"})
    assert sent.status_code == 409
    assert "1 件未结投诉" in sent.content.decode()
    root.post("/departures/", {"person": cast.li.pk, "deed": "hand_up"})
    assert (fresh(case).owner, Person.objects.get(pk=cast.li.pk).is_active) == (cast.wang, False)
    root.post("/departures/", {"person": cast.li.pk, "deed": "open"})
    assert Person.objects.get(pk=cast.li.pk).is_active
    assert root.post("/departures/", {"person": "x"}).status_code == 404
    assert page_of(cast.gao).get("/departures/").status_code == 403


def test_nobody_with_cases_is_made_an_administrator(cast: Cast, register: Register) -> None:
    register()
    address = f"/people/{cast.li.username}/posts/"
    form = {"role": "admin", "branch": cast.wuxi.code, "since": "2026-11-16T12:00"}
    refused = page_of(cast.root).post(address, form)
    assert refused.status_code == 422
    assert "须先全部交出" in refused.content.decode()
    moved = {**form, "role": "supervisor", "branch": cast.suzhou.code}
    assert page_of(cast.root).post(address, moved).status_code == 302
    li = Person.objects.get(pk=cast.li.pk)
    assert (li.role, li.branch, li.is_active) == (Role.SUPERVISOR, cast.suzhou, True)
    assert Complaint.objects.get().owner == li


def test_being_away_is_planned_and_ended_through_both_doors(cast: Cast) -> None:
    li = page_of(cast.li)
    said = {
        "since": "2026-11-16T13:00", "until": "2026-11-17T13:00", "deputy": cast.zhao.pk,
        "reason": "leave",
    }  # fmt: skip
    assert li.post("/absences/", {**said, "until": "2026-11-16T12:30"}).status_code == 422
    assert li.post("/absences/", said).status_code == 302
    absence = Absence.objects.get()
    assert (absence.person, absence.deputy, absence.since) == (cast.li, cast.zhao, MONDAY + HOUR)
    assert "李静" in page_of(cast.wang).get("/absences/").content.decode()
    assert "<table" not in page_of(cast.zhao).get("/absences/").content.decode()
    assert page_of(cast.zhao).post(f"/absences/{absence.pk}/end/").status_code == 404
    assert page_of(cast.wang).post(f"/absences/{absence.pk}/end/").status_code == 302
    assert Absence.objects.get().until == absence.since
    assert page_of(cast.root).get("/absences/").status_code == 403

    spoken = {"since": "2026-11-18T09:00", "until": "2026-12-18T09:00", "reason": "sick"}
    made = post(cast.wang, "absences/", person="li", deputy="wang", **spoken)
    assert (made.status_code, made.json()["person"]["name"]) == (201, "李静")
    assert post(cast.wang, "absences/", person="li", **spoken).json()["code"] == "absence.overlap"
    assert post(cast.ma, "absences/", person="li", **spoken).json()["code"] == "not_allowed"
    assert post(cast.ma, f"absences/{made.json()['id']}/end/").status_code == 404
    assert post(cast.li, f"absences/{made.json()['id']}/end/").status_code == 200
    assert api_of(cast.li).get("/api/v1/absences/").json()["count"] == 2


def test_the_case_says_who_acts(cast: Cast, register: Register) -> None:
    case = register()
    leave(cast.li, deputy=cast.zhao)
    zhao = page_of(cast.zhao)
    page = zhao.get(f"/complaints/{case}/").content.decode()
    assert "不在岗，赵磊 代" in page
    assert case.no in zhao.get("/").content.decode()
    talk = {
        "kind": "apology", "means": "phone", "reached": "yes", "said": "对不起",
        "occurred_at": "2026-11-16T12:01",
    }  # fmt: skip
    assert zhao.post(f"/complaints/{case}/contacts/", talk).status_code == 302
    assert "代 李静" in zhao.get(f"/complaints/{case}/").content.decode()


def test_an_answer_that_comes_too_late_is_told_so(
    cast: Cast, register: Register, he: Person, clock: time_machine.Traveller
) -> None:
    case = register()
    offer(case, he, by=cast.li)
    clock.move_to(MONDAY + 3 * HOUR)
    late = post(he, f"complaints/{case}/handovers/acceptance/")
    assert (late.status_code, late.json()["code"]) == (409, "handover.over")
    assert handovers.returns(case) == 0
