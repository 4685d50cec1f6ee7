"""The journey through the API: one complaint from the phone call, over an escalation, a second
round and both closings, to the weekly ranking in a workbook, checked cell by cell."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from openpyxl import load_workbook

from complaints import escalation
from staff.models import Person
from tests.api.conftest import Caller, instant, refused, sign_in
from tests.complaints.scenes import WORDS
from tests.conftest import MONDAY, Cast

HOUR = timedelta(hours=1)
WEEK = "2026-W47"
PARTS = {**dict.fromkeys(WORDS, "具体内容"), "title": "兰州中转站分拣延误致货物晚到三天"}
SATISFIED = {"means": "phone", "reached": True, "satisfied": True, "solved": True, "score": 5}


class Week:
    """The week as it goes by: `at(hours after Monday noon)`, then who says what."""

    def __init__(self, traveller: time_machine.Traveller) -> None:
        self._traveller = traveller

    def at(self, hours: float) -> None:
        """It is then; the sweep has come round."""
        moment = MONDAY + hours * HOUR
        self._traveller.move_to(moment)
        escalation.sweep(until=moment)

    def says(self, person: Person, address: str, body: Any = None, expect: int = 201) -> Any:
        """The person signs in and posts; the answer's body."""
        answer = sign_in(person).say(address, body)
        assert answer.status_code == expect, (address, answer.content.decode()[:500])
        return answer.json()

    def sees(self, person: Person, address: str, **query: Any) -> Any:
        """The person signs in and looks."""
        answer = sign_in(person).ask(address, **query)
        assert answer.status_code == 200, (address, answer.content.decode()[:500])
        return answer.json()

    def case(self, by: Person, what: str, **more: Any) -> str:
        """A complaint by phone; its number."""
        report = {
            "channel": "phone", "what": what, "category": "late-delivery", "severity": "minor",
            "complainant_name": "孙玉梅", "complainant_phone": "138 0013 8000",
            "order_no": "YD20261116", **more,
        }  # fmt: skip
        number: str = self.says(by, "complaints/", report)["no"]
        return f"complaints/{number}/"

    def rule(self, case: str, cast: Cast) -> None:
        """Valid, and Lanzhou's Ma is to put it right."""
        self.says(cast.chen, f"{case}acceptance/", expect=200)
        ruling = {"branch": "LZ", "person": "ma", "basis": "货在兰州滞留三天"}
        self.says(cast.chen, f"{case}rulings/", ruling)


@pytest.fixture
def week(cast: Cast) -> Iterator[Week]:
    with time_machine.travel(MONDAY, tick=False) as traveller:
        yield Week(traveller)


def outcomes(case: dict[str, Any], round_: int) -> dict[str, str]:
    return {c["kind"]: c["outcome"] for c in case["clocks"] if c["round"] == round_}


def test_a_complaint_goes_from_the_call_to_the_ranking(cast: Cast, week: Week) -> None:
    main = _first_round(cast, week)
    _second_round(cast, week, main)
    week.at(192)  # Tuesday 12:00
    _ranking_as_json(cast, week)
    _ranking_as_workbook(cast)


def _first_round(cast: Cast, week: Week) -> str:
    main = week.case(cast.li, "货晚到三天，打电话没人接。")
    assert [c["kind"] for c in week.sees(cast.li, "desk/")["results"]] == ["apology", "result"]

    week.at(1 / 3)  # 12:20
    talk = {"kind": "apology", "means": "phone", "reached": True, "said": "向您道歉"}
    week.says(cast.li, f"{main}contacts/", talk)
    assert outcomes(week.sees(cast.li, main), 1)["apology"] == "met"

    week.at(1)
    silent = week.case(cast.li, "寄丢一箱水果。")
    spot = week.case(cast.li, "外箱破损。", settled_on_spot=True, settlement="当场道歉，重新打包")
    week.at(1 + 1 / 12)  # 13:05
    for case in (main, silent, spot):
        week.rule(case, cast)
    week.says(cast.chen, f"{spot}sheets/waiver/", {"reason": "客户自备包装"}, expect=200)
    assert "整改责任人" in week.sees(cast.ma, "messages/")["results"][0]["text"]

    _remedy_and_escalation(cast, week, main)

    week.at(40)
    sheet = week.says(cast.ma, f"{main}sheets/", {**PARTS, "committed_on": "2026-12-01"})
    assert sheet["no"] == "问字【2026】001号"
    week.at(50)
    week.says(cast.chen, f"{spot}callbacks/", SATISFIED)
    assert week.sees(cast.chen, spot)["status"] == "closed"
    assert week.sees(cast.chen, spot)["closed_inside_at"] is not None

    week.at(70)
    week.says(cast.chen, f"{main}callbacks/",
              {**SATISFIED, "satisfied": False, "score": 2, "said": "退款还没到账"})  # fmt: skip
    case = week.sees(cast.chen, main)
    assert (case["round"], case["status"], case["closed_at"]) == (2, "handling", None)
    assert outcomes(case, 1) == {
        "apology": "met", "result": "breached", "sheet": "met", "callback": "met",
    }  # fmt: skip
    assert set(outcomes(case, 2).values()) == {"running"}
    return main


def _remedy_and_escalation(cast: Cast, week: Week, main: str) -> None:
    week.at(20)  # the next morning
    offer = {"kind": "refund", "amount": "500.00", "description": "退还运费"}
    remedy = week.says(cast.li, f"{main}remedies/", offer)
    assert remedy["state"] == "awaiting"
    week.at(21)
    decision = f"{main}remedies/{remedy['id']}/decision/"
    refused(sign_in(cast.li).say(decision, {"approve": True}), 403, "not_allowed")
    assert week.says(cast.wang, decision, {"approve": True}, expect=200)["state"] == "promised"

    week.at(24.1)  # the result is late
    number = main.split("/")[1]
    waiting = week.sees(cast.wang, "escalations/", kind="result", level=1, acknowledged="no")
    mine = [row for row in waiting["results"] if row["complaint"]["no"] == number]
    assert [row["clock"]["state"] for row in mine] == ["late"]
    assert instant(mine[0]["rang_at"]) == MONDAY + 24 * HOUR
    told = week.sees(cast.wang, "messages/", unread="1")["results"]
    assert any(number in row["text"] and row["urgent"] for row in told)
    seen = week.says(cast.wang, f"escalations/{mine[0]['id']}/acknowledgement/",
                     {"note": "已催办"}, expect=200)  # fmt: skip
    assert seen["acknowledged_by"]["username"] == "wang"

    week.at(25)
    talk = {"kind": "result", "means": "phone", "reached": True, "said": "退您全部运费"}
    week.says(cast.li, f"{main}contacts/", talk)
    assert week.sees(cast.li, main)["status"] == "answered"


def _second_round(cast: Cast, week: Week, main: str) -> None:
    week.at(70.3)
    talk = {"kind": "apology", "means": "phone", "reached": True, "said": "再次道歉"}
    week.says(cast.li, f"{main}contacts/", talk)
    week.at(90)
    remedy = week.sees(cast.li, f"{main}remedies/")["results"][0]
    proof = {"proof": "转账流水 20261120001"}
    done = week.says(cast.li, f"{main}remedies/{remedy['id']}/delivery/", proof, expect=200)
    assert (done["state"], done["amount"]) == ("delivered", "500.00")
    week.at(91)
    week.says(cast.li, f"{main}contacts/", {**talk, "kind": "result", "said": "款已到账"})
    week.at(100)
    sheet = week.says(cast.ma, f"{main}sheets/", {**PARTS, "committed_on": "2026-12-01"})
    assert sheet["no"] == "问字【2026】002号"
    week.at(110)
    week.says(cast.chen, f"{main}sheets/verification/", {"opinion": "属实，有效"}, expect=200)
    assert instant(week.sees(cast.ma, main)["closed_inside_at"]) == MONDAY + 110 * HOUR
    week.at(140)
    week.says(cast.chen, f"{main}callbacks/", SATISFIED)

    case = week.sees(cast.li, main)
    assert (case["status"], case["missing"]) == ("closed", [])
    assert instant(case["closed_at"]) == MONDAY + 140 * HOUR
    assert set(outcomes(case, 2).values()) == {"met"}
    story = [row["kind"] for row in reversed(week.sees(cast.li, f"{main}events/")["results"])]
    assert [kind for kind in story if kind not in ("warn", "escalate")] == [
        "register", "record_contact", "accept", "rule", "propose_remedy", "decide_remedy",
        "acknowledge", "record_contact", "submit_sheet", "record_callback", "reopen",
        "record_contact", "deliver_remedy", "record_contact", "submit_sheet", "verify_sheet",
        "record_callback", "close",
    ]  # fmt: skip
    assert story.count("escalate") == 1


def _ranking_as_json(cast: Cast, week: Week) -> None:
    refused(sign_in(cast.li).ask("rankings/weekly/"), 403, "permission_denied")
    refused(Caller().ask("rankings/weekly/"), 401, "not_authenticated")
    refused(sign_in(cast.lin).ask("rankings/weekly/", week="x"), 400, "week.unreadable", "week")
    ranking = week.sees(cast.lin, "rankings/weekly/")
    assert (ranking["week"], ranking["unruled"]) == (WEEK, 0)
    first = ranking["rows"][0]
    assert (first["rank"], first["branch"]["code"], first["score"]) == (1, "LZ", "66.17")
    rates = {
        kind: (clock["on_time"]["numerator"], clock["on_time"]["denominator"])
        for kind, clock in first["clocks"].items()
    }
    assert rates == {"apology": (3, 4), "result": (2, 4), "sheet": (2, 3), "callback": (3, 4)}
    assert first["compensation"] == {"amount": "500.00", "remedies": 1}


#: Lanzhou: the main case twice, the silent one late in all, the one settled on the spot in time
#: with its sheet waived. 100 × (10×3/4 + 10×2/4 + 8×2/3 + 7×3/4 + 15×2/3) ÷ 50 = 66.17.
LANZHOU = {
    "名次": 1, "分公司": "兰州分公司", "代码": "LZ", "得分": 66.17, "投诉": 3,
    "致歉及时率": 0.75, "致歉按时": 3, "致歉按时+超时": 4, "致歉超时": 1,
    "致歉尽力未达": 0, "致歉无法联系": 0, "致歉不适用": 0, "致歉计入分拣": 0, "致歉进行中": 0,
    "反馈及时率": 0.5, "反馈按时": 2, "反馈按时+超时": 4, "反馈超时": 2,
    "反馈尽力未达": 0, "反馈无法联系": 0, "反馈不适用": 0, "反馈计入分拣": 0, "反馈进行中": 0,
    "整改单及时率": 2 / 3, "整改单按时": 2, "整改单按时+超时": 3, "整改单超时": 1,
    "整改单尽力未达": 0, "整改单无法联系": 0, "整改单不适用": 1, "整改单计入分拣": 0,
    "整改单进行中": 0,
    "回访及时率": 0.75, "回访按时": 3, "回访按时+超时": 4, "回访超时": 1,
    "回访尽力未达": 0, "回访无法联系": 0, "回访不适用": 0, "回访计入分拣": 0, "回访进行中": 0,
    "满意度": 2 / 3, "满意": 2, "接通": 3, "接通率": 1, "打过电话": 3,
    "补偿（元）": 500, "补偿笔数": 1,
}  # fmt: skip


def _ranking_as_workbook(cast: Cast) -> None:
    browser = Client()
    browser.force_login(cast.lin)
    answer = browser.get(f"/rankings/weekly.xlsx?week={WEEK}")
    assert answer.status_code == 200
    sheet = load_workbook(io.BytesIO(answer.content)).worksheets[0]
    assert "2026 年第 47 周" in sheet["A1"].value
    assert "2026-11-24 12:00" in sheet["A1"].value
    header, *rows = sheet.iter_rows(min_row=2, values_only=True)
    table = [dict(zip(header, row, strict=True)) for row in rows]
    assert list(header) == list(LANZHOU)
    assert table[0] == pytest.approx(LANZHOU)
    assert {row["代码"]: (row["名次"], row["投诉"]) for row in table[1:]} == {
        "SUZ": ("样本不足", 0), "WUX": ("样本不足", 0),
    }  # fmt: skip
