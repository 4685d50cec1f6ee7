"""Every action of a case through the API: done, broken, not allowed, foreign, misspelt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from complaints import allowances, disputes, remedies
from complaints.allowances import Wish
from complaints.models import AllowanceKind, AllowanceReason, Complaint, Event, RemedyKind
from staff.models import Person
from tests.api.conftest import Callers, refused
from tests.complaints import scenes
from tests.conftest import MONDAY, Cast, Register

HOUR = timedelta(hours=1)
Prepare = Callable[[Complaint, Cast], None]


def fresh(case: Complaint, cast: Cast) -> None:
    """As it was registered."""


def accepted(case: Complaint, cast: Cast) -> None:
    scenes.accept(case, cast, at=MONDAY)


def ruled(case: Complaint, cast: Cast) -> None:
    accepted(case, cast)
    scenes.rule(case, cast, at=MONDAY)


def answered(case: Complaint, cast: Cast) -> None:
    ruled(case, cast)
    scenes.answer(case, by=cast.li, at=MONDAY)


def submitted(case: Complaint, cast: Cast) -> None:
    ruled(case, cast)
    scenes.submit(case, by=cast.ma, at=MONDAY)


def disputed(case: Complaint, cast: Cast) -> None:
    ruled(case, cast)
    disputes.dispute(case.pk, reasons="货到时已破损", by=cast.ma, at=MONDAY + HOUR)


def reviewed(case: Complaint, cast: Cast) -> None:
    disputed(case, cast)
    disputes.review(case.disputes.get().pk, basis="查过", by=cast.lin, at=MONDAY + HOUR)
    disputes.dispute(case.pk, reasons="仍然不服", by=cast.ma, at=MONDAY + HOUR)


def rejected(case: Complaint, cast: Cast) -> None:
    scenes.reject(case, cast, at=MONDAY)


def _proposed(amount: int, by: str) -> Prepare:
    def prepare(case: Complaint, cast: Cast) -> None:
        remedies.propose(
            case.pk, kind=RemedyKind.REFUND, amount=Decimal(amount), description="退运费",
            by=getattr(cast, by), at=MONDAY,
        )  # fmt: skip

    return prepare


awaiting, promised = _proposed(500, "li"), _proposed(50, "li")

WISH: dict[str, Any] = {"kind": "pause", "reason": "customer", "minutes": 720, "note": "等照片"}
PAUSE = Wish(
    kind=AllowanceKind.PAUSE, reason=AllowanceReason.CUSTOMER_AWAY, minutes=720, note="等照片"
)


def time_asked(case: Complaint, cast: Cast) -> None:
    allowances.ask(case.pk, PAUSE, by=cast.li, at=MONDAY)


def paused(case: Complaint, cast: Cast) -> None:
    allowances.grant(case.pk, PAUSE, by=cast.chen, at=MONDAY + HOUR)


PARTS = {**dict.fromkeys(scenes.WORDS, "具体内容"), "committed_on": "2026-12-01"}


@dataclass(frozen=True)
class Deed:
    """An action that succeeds when `by` says `body` at `address` after `prepare`; `broken` says
    the same with something wrong, and the error that follows; `barred` may see but not do it."""

    address: str
    by: str
    body: dict[str, Any]
    status: int
    shown: dict[str, Any]
    broken: tuple[dict[str, Any], int, str, str | None]
    barred: str | None
    prepare: Prepare = fresh


DEEDS = {
    "contact": Deed(
        "contacts/", "li",
        {"kind": "apology", "means": "phone", "reached": True, "said": "向您道歉",
         "occurred_at": "2026-11-16T12:20:00+08:00"},
        201, {"kind": "apology", "kind_label": "致歉", "said": "向您道歉",
              "occurred_at": "2026-11-16T12:20:00+08:00",
              "by": {"username": "li", "name": "李静"}},
        ({"occurred_at": "2026-11-16T14:01:00+08:00"}, 400, "occurred_at.future", "occurred_at"),
        None,
    ),
    "acceptance": Deed(
        "acceptance/", "chen", {}, 200, {"status": "handling", "status_label": "处理中"},
        ({"sure": True}, 400, "unknown_field", "sure"), "li",
    ),
    "rejection": Deed(
        "rejection/", "chen", {"reason": "inquiry", "note": "只是询问价格"}, 200,
        {"status": "invalid", "invalid_reason": "inquiry", "invalid_reason_label": "实为咨询"},
        ({"note": " "}, 400, "note.blank", "note"), "wang",
    ),
    "ruling": Deed(
        "rulings/", "chen", {"branch": "LZ", "person": "ma", "basis": "货在兰州滞留"}, 201,
        {"branch": {"code": "LZ", "name": "兰州分公司"},
         "person": {"username": "ma", "name": "马兰"}, "superseded_at": None},
        ({"person": "wang"}, 400, "person.elsewhere", "person"), "wang", accepted,
    ),
    "joint ruling": Deed(
        "rulings/", "chen",
        {"branch": "LZ", "person": "ma", "basis": "货在兰州滞留",
         "others": [{"branch": "SUZ", "share": "37.5"}]}, 201,
        {"stage": "first", "state": "first", "disputable_until": "2026-11-17T13:30:00+08:00",
         "parts": [
             {"lead": True, "branch": {"code": "LZ", "name": "兰州分公司"}, "department": None,
              "person": {"username": "ma", "name": "马兰"}, "supplier": None, "share": "62.50"},
             {"lead": False, "branch": {"code": "SUZ", "name": "苏州分公司"}, "department": None,
              "person": None, "supplier": None, "share": "37.50"},
         ]},
        ({"share": "60"}, 400, "share.sum", "share"), "wang", accepted,
    ),
    "dispute": Deed(
        "disputes/", "ma", {"reasons": "货到时已破损"}, 201,
        {"outcome": "open", "outcome_label": "待答复", "answered_with": None, "evidence": [],
         "branch": {"code": "LZ", "name": "兰州分公司"}},
        ({"reasons": " "}, 400, "reasons.blank", "reasons"), "chen", ruled,
    ),
    "dispute review": Deed(
        "disputes/{dispute}/review/", "lin", {"upheld": True, "basis": "查过交接单"}, 200,
        {"outcome": "upheld", "answered_by": {"username": "lin", "name": "林涛"}},
        ({"basis": ""}, 400, "basis.blank", "basis"), "ma", disputed,
    ),
    "dispute decision": Deed(
        "disputes/{dispute}/decision/", "gao",
        {"upheld": False, "basis": "另有证据", "branch": "WUX", "person": "wang"}, 200,
        {"outcome": "changed", "outcome_label": "改判"},
        ({"person": "ma"}, 400, "person.elsewhere", "person"), "chen", reviewed,
    ),
    "sorting review": Deed(
        "sortings/review/", "lin", {"upheld": False, "opinion": "听了录音，确是投诉"}, 200,
        {"status": "handling", "invalid_reason": ""},
        ({"opinion": ""}, 400, "opinion.blank", "opinion"), "chen", rejected,
    ),
    "triage suggestion": Deed(
        "suggestions/triage/", "li", {"reason": "praise", "note": "客户是来道谢的"}, 201,
        {"kind": "triage", "reason": "praise", "reason_label": "实为表扬", "branch": None},
        ({"note": " "}, 400, "note.blank", "note"), "chen",
    ),
    "ruling suggestion": Deed(
        "suggestions/ruling/", "li", {"branch": "LZ", "person": "ma", "note": "货在兰州"}, 201,
        {"kind": "ruling", "person": {"username": "ma", "name": "马兰"}},
        ({"person": "wang"}, 400, "person.elsewhere", "person"), "chen",
    ),
    "remedy": Deed(
        "remedies/", "li", {"kind": "refund", "amount": "120.50", "description": "退运费"}, 201,
        {"amount": "120.50", "state": "promised", "state_label": "已承诺"},
        ({"amount": "0.001"}, 400, "amount.precision", "amount"), "chen",
    ),
    "decision": Deed(
        "remedies/{remedy}/decision/", "wang", {"approve": True, "note": "同意"}, 200,
        {"state": "promised", "decided_by": {"username": "wang", "name": "王强"}},
        ({"approve": "yes"}, 400, "invalid", "approve"), "li", awaiting,
    ),
    "delivery": Deed(
        "remedies/{remedy}/delivery/", "li", {"proof": "收据 8812"}, 200,
        {"state": "delivered", "proof": "收据 8812"},
        ({"proof": ""}, 400, "proof.blank", "proof"), None, promised,
    ),
    "cancellation": Deed(
        "remedies/{remedy}/cancellation/", "li", {"note": "客户改要道歉信"}, 200,
        {"state": "cancelled"}, ({"note": ""}, 400, "note.blank", "note"), "chen", promised,
    ),
    "callback": Deed(
        "callbacks/", "chen",
        {"means": "phone", "reached": True, "satisfied": True, "solved": True, "score": 5}, 201,
        {"satisfied": True, "solved": True, "score": 5, "round": 1},
        ({"satisfied": None}, 400, "satisfied.missing", "satisfied"), "xu", answered,
    ),
    "time request": Deed(
        "allowances/", "li", WISH, 201,
        {"state": "asked", "state_label": "待批准", "kind_label": "暂停", "minutes": 720,
         "note": "等照片", "round": 1, "decided_by": None, "ends_at": None,
         "due_at": "2026-11-17T12:00:00+08:00"},
        ({"minutes": 2881}, 400, "over_cap", "minutes"), "chen",
    ),
    "time grant": Deed(
        "allowances/grants/", "chen", {**WISH, "kind": "extension"}, 201,
        {"state": "granted", "kind_label": "延期", "ends_at": None,
         "decided_by": {"username": "chen", "name": "陈洁"},
         "due_at": "2026-11-18T00:00:00+08:00"},
        ({"minutes": 10**30}, 400, "minutes.range", "minutes"), "wang",
    ),
    "time endorsement": Deed(
        "allowances/{allowance}/endorsement/", "wang", {}, 200,
        {"state": "asked", "endorsed_by": {"username": "wang", "name": "王强"}},
        ({"note": "x"}, 400, "unknown_field", "note"), "li", time_asked,
    ),
    "time decision": Deed(
        "allowances/{allowance}/decision/", "chen", {"granted": True}, 200,
        {"state": "granted", "opinion": "", "ends_at": "2026-11-17T01:30:00+08:00",
         "due_at": "2026-11-18T00:00:00+08:00"},
        ({"granted": False}, 400, "opinion.blank", "opinion"), "wang", time_asked,
    ),
    "time resumption": Deed(
        "allowances/{allowance}/resumption/", "lin", {}, 200,
        {"resumed_at": "2026-11-16T13:30:00+08:00", "ends_at": "2026-11-16T13:30:00+08:00",
         "due_at": "2026-11-17T12:30:00+08:00"},
        ({"at": "now"}, 400, "unknown_field", "at"), "wang", paused,
    ),
    "reopening": Deed(
        "reopenings/", "li", {"reason": "客户说还没收到钱"}, 200,
        {"status": "handling", "round": 2}, ({"reason": ""}, 400, "reason.blank", "reason"),
        None, answered,
    ),
    "withdrawal": Deed(
        "withdrawal/", "li", {"said_by": "孙玉梅", "note": "来电说不追究了"}, 200,
        {"status": "withdrawn", "status_label": "已撤诉"},
        ({"said_by": ""}, 400, "said_by.blank", "said_by"), None,
    ),
    "reveal": Deed(
        "reveals/", "li", {}, 200, {"name": "孙玉梅", "phone": "13800138000"},
        ({"why": "look"}, 400, "unknown_field", "why"), None,
    ),
    "sheet": Deed(
        "sheets/", "ma", PARTS, 201,
        {"no": "问字【2026】001号", "state": "submitted", "committed_on": "2026-12-01"},
        ({"cause": " "}, 400, "cause.blank", "cause"), "chen", ruled,
    ),
    "sheet return": Deed(
        "sheets/return/", "chen", {"opinion": "原因不具体"}, 200,
        {"state": "returned", "state_label": "已退回", "opinion": "原因不具体"},
        ({"opinion": ""}, 400, "opinion.blank", "opinion"), "ma", submitted,
    ),
    "sheet verification": Deed(
        "sheets/verification/", "chen", {"opinion": "属实，有效"}, 200, {"state": "verified"},
        ({"opinion": "字" * 4001}, 400, "text.too_long", "opinion"), "ma", submitted,
    ),
    "sheet waiver": Deed(
        "sheets/waiver/", "lin", {"reason": "第三方责任"}, 200, {"state": "waived"},
        ({"reason": ""}, 400, "reason.blank", "reason"), "ma", ruled,
    ),
}  # fmt: skip

each_deed = pytest.mark.parametrize("deed", DEEDS.values(), ids=DEEDS.keys())


@pytest.fixture
def later(clock: time_machine.Traveller) -> None:
    """An hour and a half after the call came in."""
    clock.move_to(MONDAY + 1.5 * HOUR)


def _address(case: Complaint, deed: Deed) -> str:
    hung = {
        "remedy": case.remedies.first(), "allowance": case.allowances.first(),
        "dispute": case.disputes.last(),
    }  # fmt: skip
    ids = {name: found.pk if found else 0 for name, found in hung.items()}
    return f"complaints/{case.no}/" + deed.address.format(**ids)


def _person(cast: Cast, name: str) -> Person:
    person: Person = getattr(cast, name)
    return person


@each_deed
def test_it_is_done(api: Callers, cast: Cast, register: Register, later: None, deed: Deed) -> None:
    case = register()
    deed.prepare(case, cast)
    told = Event.objects.filter(complaint=case).count()
    answer = api(_person(cast, deed.by)).say(_address(case, deed), deed.body)
    assert answer.status_code == deed.status, answer.content.decode()
    shown = answer.json()
    assert {name: shown[name] for name in deed.shown} == deed.shown
    assert Event.objects.filter(complaint=case).count() > told


@each_deed
def test_a_broken_rule_is_said_beside_its_field(
    api: Callers, cast: Cast, register: Register, later: None, deed: Deed
) -> None:
    case = register()
    deed.prepare(case, cast)
    told = Event.objects.filter(complaint=case).count()
    wrong, status, code, field = deed.broken
    answer = api(_person(cast, deed.by)).say(_address(case, deed), {**deed.body, **wrong})
    refused(answer, status, code, field)
    assert Event.objects.filter(complaint=case).count() == told


@pytest.mark.parametrize(
    "deed", [pytest.param(deed, id=name) for name, deed in DEEDS.items() if deed.barred]
)
def test_whoever_may_not_is_told_so(
    api: Callers, cast: Cast, register: Register, later: None, deed: Deed
) -> None:
    case = register()
    deed.prepare(case, cast)
    answer = api(_person(cast, str(deed.barred))).say(_address(case, deed), deed.body)
    refused(answer, 403, "not_allowed")


@each_deed
def test_another_branchs_case_is_not_there(
    api: Callers, cast: Cast, register: Register, later: None, deed: Deed
) -> None:
    case = register(by=cast.wang)
    address = f"complaints/{case.no}/" + deed.address.format(remedy=1, allowance=1, dispute=1)
    stranger = api(cast.zhao)
    foreign = stranger.say(address, deed.body)
    unknown = stranger.say(address.replace(case.no, "TS2611-9999999-9"), deed.body)
    refused(foreign, 404, "not_found")
    assert (foreign.content, foreign.headers) == (unknown.content, unknown.headers)
    # what is wrong with the body tells nothing either
    refused(stranger.say(address, {"nonsense": 1}), 404, "not_found")


@each_deed
def test_a_misspelt_field_is_refused(
    api: Callers, cast: Cast, register: Register, later: None, deed: Deed
) -> None:
    case = register()
    deed.prepare(case, cast)
    answer = api(_person(cast, deed.by)).say(_address(case, deed), {**deed.body, "status": "x"})
    assert answer.status_code == 400
    assert ("unknown_field", "status") in [(e["code"], e["field"]) for e in answer.json()["errors"]]


def test_a_case_that_has_moved_on_answers_conflict(
    api: Callers, cast: Cast, register: Register
) -> None:
    case, chen = register(), api(cast.chen)
    assert chen.say(f"complaints/{case.no}/acceptance/").status_code == 200
    refused(chen.say(f"complaints/{case.no}/acceptance/"), 409, "wrong_status")
    refused(chen.say(f"complaints/{case.no}/closure/"), 409, "not_ready")


def test_an_anonymous_case_is_closed_by_hand(api: Callers, cast: Cast, register: Register) -> None:
    case = register(anonymous=True, complainant_name="", complainant_phone="")
    accepted(case, cast)
    closed = api(cast.chen).say(f"complaints/{case.no}/closure/").json()
    assert (closed["status"], closed["missing"]) == ("closed", [])


def test_beyond_the_limit_awaits_approval_that_the_owner_cannot_give(
    api: Callers, cast: Cast, register: Register
) -> None:
    case, li, wang = register(), api(cast.li), api(cast.wang)
    body = {"kind": "refund", "amount": 1500, "description": "赔偿"}
    remedy = li.say(f"complaints/{case.no}/remedies/", body).json()
    assert (remedy["amount"], remedy["state"]) == ("1500.00", "awaiting")
    address = f"complaints/{case.no}/remedies/{remedy['id']}/decision/"
    refused(wang.say(address, {"approve": True}), 403, "over_authority", "approve")
    assert api(cast.lin).say(address, {"approve": True}).json()["state"] == "promised"
    refused(api(cast.gao).say(address, {"approve": True}), 409, "already_decided")


def test_a_remedy_is_found_under_its_own_case_alone(
    api: Callers, cast: Cast, register: Register
) -> None:
    mine, other = register(), register()
    promised(other, cast)
    remedy = other.remedies.get()
    address = f"complaints/{mine.no}/remedies/{remedy.pk}/delivery/"
    refused(api(cast.li).say(address, {"proof": "收据"}), 404, "not_found")


def test_a_paused_clock_is_shown_as_such(api: Callers, cast: Cast, register: Register) -> None:
    case = register()
    paused(case, cast)
    with time_machine.travel(MONDAY + 3 * HOUR, tick=False):
        chen = api(cast.chen)
        (shown,) = [
            each
            for each in chen.ask(f"complaints/{case.no}/").json()["clocks"]
            if each["kind"] == "result"
        ]
        listed = chen.ask(f"complaints/{case.no}/allowances/").json()["results"]
    assert (shown["state"], shown["outcome"]) == ("paused", "running")
    assert shown["paused_until"] == "2026-11-17T01:00:00+08:00"
    assert shown["original_due_at"] == "2026-11-17T12:00:00+08:00"
    assert shown["due_at"] == "2026-11-18T00:00:00+08:00"
    assert (shown["seconds_elapsed"], shown["net_seconds_elapsed"]) == (3 * 3600, 3600)
    assert [(each["state"], each["round"]) for each in listed] == [("granted", 1)]


def test_an_allowance_is_found_under_its_own_case_alone(
    api: Callers, cast: Cast, register: Register
) -> None:
    case, other = register(), register()
    time_asked(case, cast)
    asked = case.allowances.get()
    chen, body = api(cast.chen), {"granted": True}
    address = f"complaints/{other.no}/allowances/{asked.pk}/decision/"
    refused(chen.say(address, body), 404, "not_found")
    assert chen.say(address.replace(other.no, case.no), body).status_code == 200


def test_who_handled_it_does_not_call_back(api: Callers, cast: Cast, register: Register) -> None:
    case = register()
    answered(case, cast)
    scenes.talk(case, scenes.ContactKind.PROGRESS, by=cast.chen, at=MONDAY)
    answer = api(cast.chen).say(
        f"complaints/{case.no}/callbacks/", {"means": "phone", "reached": False}
    )
    refused(answer, 403, "handled_it")


def test_a_dissatisfied_customer_opens_a_second_round(
    api: Callers, cast: Cast, register: Register, later: None
) -> None:
    case, chen = register(), api(cast.chen)
    answered(case, cast)
    answer = chen.say(
        f"complaints/{case.no}/callbacks/",
        {"means": "phone", "reached": True, "satisfied": False, "solved": True, "said": "不满意"},
    )
    assert answer.status_code == 201
    shown = chen.ask(f"complaints/{case.no}/").json()
    assert (shown["round"], shown["status"]) == (2, "handling")
    assert len(shown["clocks"]) == 8


@pytest.mark.parametrize("score", [0, 6, "5", 4.5, True, 10**30])
def test_a_score_is_a_whole_number_from_one_to_five(
    api: Callers, cast: Cast, register: Register, score: Any
) -> None:
    case = register()
    answered(case, cast)
    answer = api(cast.chen).say(
        f"complaints/{case.no}/callbacks/",
        {"means": "phone", "reached": True, "satisfied": True, "solved": True, "score": score},
    )
    assert answer.status_code == 400
    assert answer.json()["field"] == "score"


@pytest.mark.parametrize(
    "committed_on", ["2026-13-01", "2026-11-15", "0001-01-01", "9999-12-31", 7]
)
def test_a_committed_day_is_a_day_to_come(
    api: Callers, cast: Cast, register: Register, committed_on: Any
) -> None:
    case = register()
    ruled(case, cast)
    answer = api(cast.ma).say(
        f"complaints/{case.no}/sheets/", {**PARTS, "committed_on": committed_on}
    )
    assert answer.status_code == 400
    assert answer.json()["field"] == "committed_on"


def test_what_hangs_on_a_case_is_listed(
    api: Callers, cast: Cast, register: Register, later: None
) -> None:
    case = register()
    submitted(case, cast)
    scenes.answer(case, by=cast.li, at=MONDAY)
    promised(case, cast)
    chen = api(cast.chen)
    chen.say(f"complaints/{case.no}/callbacks/", {"means": "phone", "reached": False})
    kinds = ("contacts", "rulings", "remedies", "callbacks", "sheets", "events", "attachments")
    lists = {kind: chen.ask(f"complaints/{case.no}/{kind}/").json() for kind in kinds}
    counted = {kind: found["count"] for kind, found in lists.items()}
    shown = chen.ask(f"complaints/{case.no}/").json()
    assert counted == {
        "contacts": 1, "rulings": 1, "remedies": 1, "callbacks": 1, "sheets": 1,
        "events": shown["counts"]["events"], "attachments": 0,
    }  # fmt: skip
    assert {kind: n for kind, n in shown["counts"].items() if kind in counted} == {
        kind: n for kind, n in counted.items() if kind != "sheets"
    }
    stranger = api(cast.zhao)  # in the responsible branch: sees it
    assert stranger.ask(f"complaints/{case.no}/contacts/").status_code == 200


def test_what_may_be_done_comes_from_the_table_of_rules(
    api: Callers, cast: Cast, register: Register
) -> None:
    case = register()
    may = {
        name: {row["action"] for row in api(_person(cast, name)).ask(
            f"complaints/{case.no}/").json()["allowed_actions"]}
        for name in ("li", "chen")
    }  # fmt: skip
    assert {"record_contact", "propose_remedy", "withdraw"} <= may["li"]
    assert "accept" in may["chen"]
    assert "accept" not in may["li"]


def test_an_escalation_is_acknowledged_once(
    api: Callers, cast: Cast, register: Register, later: None
) -> None:
    case, wang = register(), api(cast.wang)
    wang.say(f"complaints/{case.no}/reveals/")  # any deed fires what is overdue
    board = wang.ask("escalations/", level="1").json()["results"]
    assert [(row["complaint"]["no"], row["clock"]["kind"]) for row in board] == [
        (case.no, "apology")
    ]
    address = f"escalations/{board[0]['id']}/acknowledgement/"
    refused(api(cast.zhao).say(address), 404, "not_found")
    refused(api(cast.li).say(address), 403, "not_allowed")
    done = wang.say(address, {"note": "马上打"}).json()
    assert done["acknowledged_by"] == {"username": "wang", "name": "王强"}
    refused(wang.say(address), 409, "already_acknowledged")
    warning = wang.ask("escalations/", level="0").json()["results"][0]
    refused(wang.say(f"escalations/{warning['id']}/acknowledgement/"), 409,
            "nothing_to_acknowledge")  # fmt: skip
    refused(wang.say(f"escalations/{10**30}/acknowledgement/"), 404, "not_found")
