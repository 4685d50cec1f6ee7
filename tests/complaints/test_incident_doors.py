"""Mass incidents through both doors: grouped, joined, answered, talked to, left, ended."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from django.test import Client

from complaints import escalation
from complaints.models import ClockKind, Complaint, Contact, Escalation, Incident
from staff.models import Person
from tests.api.conftest import refused, sign_in
from tests.complaints.scenes import HOUR, accept, clock, rule, submit
from tests.complaints.test_incidents import grouped
from tests.complaints.test_suspicions import POWER, came_in
from tests.conftest import MONDAY, Cast, Register

NOW = MONDAY + HOUR / 2


@pytest.fixture
def wall(cast: Cast) -> Any:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def five(cast: Cast, register: Register, wall: Any) -> list[Complaint]:
    cases = came_in(cast, register, POWER)
    accept(cases[0], cast, at=MONDAY)
    rule(cases[0], cast, at=MONDAY)
    return cases


def page_of(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def words(answer: Any) -> str:
    return str(answer.content.decode())


def cause_typed(cast: Cast, cases: list[Complaint], **more: Any) -> dict[str, Any]:
    return {
        "title": "兰州冷库停电", "cause": "停电六小时", "category": cast.late_goods.pk,
        "branch": "LZ", "cases": [case.no for case in cases], **more,
    }  # fmt: skip


def test_quality_sees_the_suspicion_looks_and_groups(cast: Cast, five: list[Complaint]) -> None:
    chen = page_of(cast.chen)
    for page in ("/", "/escalations/", "/incidents/"):
        assert "疑似群诉" in words(chen.get(page)), page
    looked = chen.get("/incidents/new/", {"category": cast.late_goods.pk, "branch": "LZ"})
    assert [row["ticked"] for row in looked.context["rows"]] == [True] * 5
    made = chen.post("/incidents/new/", cause_typed(cast, five, lead=five[2].no), follow=True)
    incident = Incident.objects.get()
    assert made.redirect_chain == [(f"/incidents/{incident.no}/", 302)]
    assert "已归入 5 件。" in words(made)
    assert incident.lead == five[2]
    assert "疑似群诉" not in words(chen.get("/incidents/"))
    assert "归入群诉</a>" not in words(chen.get(f"/complaints/{five[0].no}/"))
    assert incident.no in words(page_of(cast.li).get(f"/complaints/{five[0].no}/"))


def test_what_is_wrong_is_said_and_the_ticks_stay(cast: Cast, five: list[Complaint]) -> None:
    chen = page_of(cast.chen)
    blank = chen.post("/incidents/new/", cause_typed(cast, five[:2], title=""))
    assert blank.status_code == 422
    assert "请写明标题。" in words(blank)
    assert [row["ticked"] for row in blank.context["rows"]] == [True, True, False, False, False]
    few = chen.post("/incidents/new/", cause_typed(cast, five[:1]))
    assert "至少要有两件" in words(few)
    assert not Incident.objects.exists()


def test_a_supervisor_looks_and_tells_quality_but_does_not_group(
    cast: Cast, five: list[Complaint]
) -> None:
    wang = page_of(cast.wang)
    looked = wang.get("/incidents/new/", {"category": cast.late_goods.pk, "branch": "LZ"})
    assert "建议归为群诉" in words(looked)
    assert 'name="cases"' not in words(looked)
    told = {"category": cast.late_goods.pk, "branch": "LZ"}
    assert "已告诉品质管理员。" in words(wang.post("/incidents/suggestions/", told, follow=True))
    assert wang.post("/incidents/new/", cause_typed(cast, five)).status_code == 403
    assert page_of(cast.li).get("/incidents/new/").status_code == 403


def test_members_come_and_go_and_the_lead_changes(cast: Cast, five: list[Complaint]) -> None:
    incident = grouped(cast, five[:3])
    chen, at = page_of(cast.chen), f"/incidents/{incident.no}/"
    numbers = f"{five[3].no}，{five[4].no} {five[0].no}\nTS2611-0000000-0"
    joined = words(chen.post(f"{at}members/", {"numbers": numbers}, follow=True))
    assert "已归入 2 件。" in joined
    assert f"{five[0].no}：已归入群诉 {incident.no}。" in joined
    assert chen.post(f"{at}lead/", {"case": five[1].no.lower()}).status_code == 302
    gone = chen.post(f"{at}departures/", {"case": five[0].no, "reason": "另有原因"}, follow=True)
    assert "已移出群诉。" in words(gone)
    kept = chen.post(f"{at}departures/", {"case": five[1].no, "reason": "另有原因"})
    assert (kept.status_code, "它是牵头投诉" in words(kept)) == (422, True)
    unknown = chen.post(f"{at}departures/", {"case": "TS0", "reason": "另有原因"})
    assert (unknown.status_code, "没有找到" in words(unknown)) == (422, True)
    incident.refresh_from_db()
    assert (incident.lead, incident.members.active().count()) == (five[1], 4)


def test_the_answer_is_written_once_and_told_to_each(cast: Cast, five: list[Complaint]) -> None:
    for case in five[1:]:
        accept(case, cast, at=MONDAY)
    incident = grouped(cast, five)
    chen, at = page_of(cast.chen), f"/incidents/{incident.no}/"
    assert chen.post(f"{at}closure/").status_code == 422
    chen.post(f"{at}result/", {"result": "全额退运费，货按价赔。"})
    form = chen.get(f"{at}contacts/", {"kind": "result"})
    assert form.context["form"]["said"].value() == "全额退运费，货按价赔。"
    assert [(row["told"], row["reached"]) for row in form.context["rows"]] == [(True, False)] * 5
    told = {
        "kind": "result", "means": "phone", "said": "全额退运费，货按价赔。",
        "occurred_at": "2026-11-16T12:30", "press_key": form.context["form"]["press_key"].value(),
        "told": [case.no for case in five[:4]], "reached": [case.no for case in five[:3]],
    }  # fmt: skip
    assert "已记录 4 件联系。" in words(chen.post(f"{at}contacts/", told, follow=True))
    again = chen.post(f"{at}contacts/", told)
    assert (again.status_code, "已经记录过了" in words(again)) == (422, True)
    assert list(Contact.objects.order_by("complaint_id").values_list("reached", flat=True)) == [
        True, True, True, False,
    ]  # fmt: skip
    left = chen.get(f"{at}contacts/", {"kind": "result"}).context["rows"]
    assert [row["told"] for row in left] == [False, False, False, True, True]
    owing = chen.get(at, {"owed": "result"})
    assert [row["complaint"] for row in owing.context["rows"]] == five[3:]
    assert chen.post(f"{at}closure/").status_code == 302
    assert Incident.objects.get().state == "closed"


def test_a_bulk_sms_is_refused_as_an_apology_beside_its_field(
    cast: Cast, five: list[Complaint]
) -> None:
    incident = grouped(cast, five)
    body = {
        "kind": "apology", "means": "sms", "said": "对不起", "occurred_at": "2026-11-16T12:30",
        "told": [five[0].no], "reached": [five[0].no],
    }  # fmt: skip
    said = page_of(cast.chen).post(f"/incidents/{incident.no}/contacts/", body)
    assert said.status_code == 422
    assert "群发短信和邮件只能算进度" in str(said.context["form"].errors["means"])
    assert [(r["told"], r["reached"]) for r in said.context["rows"]][:2] == [
        (True, True), (False, False),
    ]  # fmt: skip


def test_the_board_folds_the_alerts_of_an_incident_into_one_row(
    cast: Cast, five: list[Complaint], register: Register, wall: Any
) -> None:
    alone = register(by=cast.li)
    incident = grouped(cast, five)
    wall.move_to(MONDAY + 2 * HOUR)
    escalation.sweep(until=MONDAY + 2 * HOUR)
    chen = page_of(cast.chen)
    board = chen.get("/escalations/")
    assert {row["escalation"].complaint for row in board.context["rows"]} == {alone}
    assert incident.no in words(board)
    everything = chen.get("/escalations/", {"kind": "apology"})
    assert len({row["escalation"].complaint for row in everything.context["rows"]}) == 6
    standing = chen.get(f"/incidents/{incident.no}/").context["standing"]
    assert (standing.cases, standing.open, standing.late) == (5, 5, {"apology": 5})
    assert standing.running == {"apology": 5, "result": 5, "sheet": 1, "callback": 5}
    ids = [str(pk) for pk in standing.unacknowledged]
    chen.post("/escalations/acknowledgements/", {"ids": ids, "note": "统一跟进"})
    inside = Escalation.objects.filter(complaint__in=five, level__gt=0)
    assert not inside.filter(acknowledged_at=None).exists()


def test_a_case_that_changed_its_incident_is_counted_in_the_new_one_alone(
    cast: Cast, five: list[Complaint]
) -> None:
    chen = page_of(cast.chen)
    first = grouped(cast, five[:3])
    body = {"case": five[1].no, "reason": "另有原因"}
    chen.post(f"/incidents/{first.no}/departures/", body)
    second = grouped(cast, [five[1], five[3]], at=NOW)
    for incident in (first, second):
        standing = chen.get(f"/incidents/{incident.no}/").context["standing"]
        assert (standing.cases, standing.running["apology"]) == (2, 2)


def test_an_ended_incident_whose_lead_is_over_says_so_and_another_leads(
    cast: Cast, five: list[Complaint]
) -> None:
    incident = grouped(cast, five)
    chen, at = page_of(cast.chen), f"/incidents/{incident.no}/"
    chen.post(f"{at}result/", {"result": "全额退运费。"})
    chen.post(f"{at}closure/")
    assert "请更换牵头投诉" not in words(chen.get(at))
    Complaint.objects.filter(pk=five[0].pk).update(round=2)
    shown = words(chen.get(at))
    assert [part in shown for part in ("请更换牵头投诉", "更换牵头</a>", "移出</a>")] == [True] * 3
    assert "归入更多" not in shown
    assert chen.post(f"{at}lead/", {"case": five[1].no}).status_code == 302
    assert "请更换牵头投诉" not in words(chen.get(at))


def test_a_branch_whose_case_is_a_member_sees_the_incident_but_not_a_foreign_lead(
    cast: Cast, register: Register, five: list[Complaint]
) -> None:
    lead, far = five[1], register(by=cast.zhao)
    accept(lead, cast, at=MONDAY)
    rule(lead, cast, at=MONDAY, person=cast.wang)
    incident = grouped(cast, [lead, far])
    zhao, at = page_of(cast.zhao), f"/incidents/{incident.no}/"
    api = sign_in(cast.zhao)
    assert incident.no in words(zhao.get("/incidents/"))
    assert [row["lead"] for row in api.ask("incidents/").json()["results"]] == [lead.no]
    assert api.ask(f"incidents/{incident.no}/").json()["lead"] == lead.no
    shown = words(zhao.get(at))
    assert lead.no in shown
    assert f"/complaints/{lead.no}/" not in shown
    assert cast.wang.name not in shown
    assert "还没有提交" in shown
    sheet = submit(lead, by=cast.wang, at=NOW)
    shown = words(zhao.get(at))
    assert ("已提交" in shown, sheet.no in shown) == (True, False)
    assert sheet.no in words(page_of(cast.li).get(at))


@pytest.mark.parametrize("username", ["zhao", "ma", "root"])
def test_an_incident_out_of_sight_is_not_there(
    cast: Cast, five: list[Complaint], username: str
) -> None:
    accept(five[1], cast, at=MONDAY)
    incident = grouped(cast, five[1:])
    found = page_of(getattr(cast, username)).get(f"/incidents/{incident.no}/").status_code
    assert found == (403 if username == "root" else 404)


def test_the_api_does_the_same(cast: Cast, five: list[Complaint]) -> None:
    chen, wang = sign_in(cast.chen), sign_in(cast.wang)
    (suspected,) = chen.ask("incidents/suspected/").json()["results"]
    assert (suspected["count"], suspected["cases"]) == (5, [case.no for case in five])
    body = {
        "title": "兰州冷库停电", "cause": "停电六小时", "category": "late-delivery", "branch": "LZ",
        "cases": [*[case.no for case in five[:3]], "TS2611-0000000-0"],
    }  # fmt: skip
    refused(wang.say("incidents/", body), 403, "permission_denied")
    refused(chen.say("incidents/", {**body, "title": " "}), 400, "title.blank", "title")
    refused(chen.say("incidents/", {**body, "cases": []}), 400, "cases.none", "cases")
    made = chen.say("incidents/", body)
    assert made.status_code == 201, made.content
    said = made.json()
    at = f"incidents/{said['no']}"
    assert (said["cases"], said["lead"]) == (3, five[0].no)
    assert [each["error"] and each["error"]["code"] for each in said["went"]] == [
        None, None, None, "not_found",
    ]  # fmt: skip
    joined = chen.say(f"{at}/members/", {"cases": [five[3].no, five[0].no]})
    assert [each["error"] and each["error"]["code"] for each in joined.json()] == [
        None, "incident.member",
    ]  # fmt: skip
    refused(
        chen.say(f"{at}/departures/", {"case": five[0].no, "reason": "x"}), 409, "incident.lead"
    )
    assert chen.say(f"{at}/lead/", {"case": five[1].no}).json()["lead"] == five[1].no
    gone = chen.say(f"{at}/departures/", {"case": five[0].no, "reason": "另有原因"})
    assert gone.json()["cases"] == 3
    members = wang.ask(f"{at}/members/").json()["results"]
    assert [each["case"] for each in members] == [case.no for case in five[1:4]]
    bulk = {
        "kind": "apology", "means": "phone", "said": "对不起。", "key": "k1",
        "members": [{"case": c.no, "reached": c != five[3]} for c in five[1:]],
    }  # fmt: skip
    told = wang.say(f"{at}/contacts/", bulk)
    assert [each["error"] and each["error"]["code"] for each in told.json()] == [
        None, None, None, "incident.not_member",
    ]  # fmt: skip
    refused(wang.say(f"{at}/contacts/", bulk), 409, "already_done")
    refused(
        wang.say(f"{at}/contacts/", {**bulk, "means": "sms", "key": "k2"}),
        400, "bulk.not_human", "means",
    )  # fmt: skip
    assert clock(five[1], ClockKind.APOLOGY).met_at == NOW
    refused(chen.say(f"{at}/closure/"), 400, "result.blank", "result")
    chen.say(f"{at}/result/", {"result": "全额退运费。"})
    assert chen.say(f"{at}/closure/").json()["state"] == "closed"
    refused(chen.say(f"{at}/members/", {"cases": [five[4].no]}), 409, "incident.closed")
    assert wang.ask("incidents/").json()["results"][0]["owed"][0] == {
        "kind": "apology", "running": 1, "late": 0,
    }  # fmt: skip
    assert sign_in(cast.zhao).ask(f"{at}/").status_code == 404
