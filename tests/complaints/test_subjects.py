"""A complaint about a person is hidden from that person, and never theirs to answer for."""

from __future__ import annotations

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.test import Client

from common import walls
from common.errors import NotAllowed, RuleBroken
from complaints import duplicates, selectors, subjects
from complaints.access import visible_to
from complaints.escalation import sweep
from complaints.models import Complaint, Event, Severity
from notify.models import Message
from staff import people
from staff.eyes import eyes_of
from staff.models import Person, Role
from tests.complaints import scenes
from tests.complaints.scenes import HOUR, MINUTE
from tests.conftest import MONDAY, PASSWORD, Cast, Register


def sees(person: Person, case: Complaint) -> bool:
    """By both walls, which agree."""
    by_the_first = visible_to(person).filter(pk=case.pk).exists()
    with walls.eyes(eyes_of(person)):
        assert Complaint.objects.filter(pk=case.pk).exists() == by_the_first
    return by_the_first


def test_it_is_hidden_from_them_and_from_nobody_else(cast: Cast, register: Register) -> None:
    about_wang = register(subject_ids=(cast.wang.pk,))
    seen = {person.username for person in cast.people if sees(person, about_wang)}
    assert seen == {"li", "xu", "chen", "lin", "gao"}
    about_gao = register(subject_ids=(cast.gao.pk, cast.chen.pk))
    seen = {person.username for person in cast.people if sees(person, about_gao)}
    assert seen == {"li", "wang", "xu", "lin"}


def test_about_its_own_receiver_the_supervisor_answers_at_once(
    cast: Cast, register: Register
) -> None:
    with walls.eyes(eyes_of(cast.li)):
        case = register(by=cast.li, subject_ids=(cast.li.pk,))
    assert (case.owner, case.owner_branch) == (cast.wang, cast.wuxi)
    assert case.first_receiver == cast.li
    assert case.ownerships.get().person == cast.wang
    assert Event.objects.filter(complaint=case, data__owner="王强").exists()
    assert not sees(cast.li, case)
    assert Message.objects.filter(recipient=cast.wang, params__no=case.no).exists()


def test_about_receiver_and_supervisor_it_goes_up_the_tree(cast: Cast, register: Register) -> None:
    case = register(by=cast.li, subject_ids=(cast.li.pk, cast.wang.pk))
    assert (case.owner, case.owner_branch) == (cast.xu, cast.east)


def test_its_alarms_pass_over_them_as_if_their_post_were_vacant(
    cast: Cast, register: Register
) -> None:
    about_wang = register(subject_ids=(cast.wang.pk,))
    usual = register()
    sweep(until=MONDAY + 61 * MINUTE)

    def told(case: Complaint) -> set[str]:
        found = Message.objects.filter(params__no=case.no, urgent=True)
        return set(found.values_list("recipient__username", flat=True))

    assert told(usual) == {"wang"}
    assert told(about_wang) == {"xu"}
    raised = about_wang.escalations.get(level=1)
    assert raised.recipient_ids == [cast.xu.pk]


def test_a_grave_one_about_the_director_tells_the_others(cast: Cast, register: Register) -> None:
    case = register(subject_ids=(cast.lin.pk,), severity=Severity.CRITICAL)
    told = set(Message.objects.filter(params__no=case.no).values_list("recipient", flat=True))
    assert cast.lin.pk not in told
    assert {cast.chen.pk, cast.gao.pk} <= told


def test_they_find_it_in_no_list_count_hint_or_board(cast: Cast, register: Register) -> None:
    register(subject_ids=(cast.wang.pk,), order_no="YD1")
    sweep(until=MONDAY + 2 * HOUR)
    with time_machine.travel(MONDAY + 2 * HOUR, tick=False):
        client = Client()
        client.force_login(cast.wang)
        assert "共 0 件" in client.get("/complaints/").content.decode() or not selectors.board(
            cast.wang
        )
        assert selectors.unacknowledged_count(cast.wang) == 0
        found = duplicates.likely(cast.wang, at=MONDAY + HOUR, order_no="YD1", phone_key="")
        assert list(found) == []
        assert selectors.known_people(cast.wang, phone="13800138000") == []


def test_it_is_called_back_from_headquarters(cast: Cast, register: Register) -> None:
    regional = people.hire(
        "qian", name="钱瑛", role=Role.QUALITY, branch=cast.east, password=PASSWORD
    )
    case = register(subject_ids=(cast.wang.pk,))
    scenes.accept(case, cast, at=MONDAY)
    with pytest.raises(NotAllowed) as caught:
        scenes.call_back(case, by=regional, at=MONDAY + 2 * HOUR)
    assert caught.value.code == "from_headquarters"
    scenes.call_back(case, by=cast.chen, at=MONDAY + 2 * HOUR)


def test_whom_it_is_about_is_not_ruled_to_write_the_sheet(cast: Cast, register: Register) -> None:
    case = register(subject_ids=(cast.wang.pk,))
    scenes.accept(case, cast, at=MONDAY)
    with pytest.raises(RuleBroken) as caught:
        scenes.rule(case, cast, at=MONDAY, person=cast.wang)
    assert caught.value.code == "person.is_subject"


def test_the_database_lets_nobody_answer_for_a_complaint_about_themself(
    cast: Cast, register: Register
) -> None:
    case = register(subject_ids=(cast.wang.pk,))
    for field in ("owner", "rectifier"):
        changes = {field: cast.wang, "responsible_branch": cast.wuxi}
        with pytest.raises(IntegrityError, match="not_theirs"), transaction.atomic():
            Complaint.objects.filter(pk=case.pk).update(**changes)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("", []),
        ("li", ["li"]),
        ("LI、王强", ["li", "wang"]),
        ("王强 王强", ["wang"]),
        ("李静，赵磊", ["li", "zhao"]),
    ],
)
def test_people_are_found_by_name_or_user_name(cast: Cast, words: str, found: list[str]) -> None:
    assert [person.username for person in subjects.resolve(words, None)] == found


def test_a_name_that_several_bear_means_the_one_at_the_branch(cast: Cast) -> None:
    people.hire("li2", name="李静", role=Role.FRONTLINE, branch=cast.lanzhou, password=PASSWORD)
    assert subjects.resolve("李静", cast.lanzhou)[0].username == "li2"
    with pytest.raises(RuleBroken) as caught:
        subjects.resolve("李静", None)
    assert caught.value.code == "subjects.several"
    assert "li（无锡分公司）" in caught.value.message


@pytest.mark.parametrize("words", ["没有这个人", "罗特", "a,b,c,d,e,f"])
def test_who_is_not_there_is_said_beside_the_field(cast: Cast, words: str) -> None:
    with pytest.raises(RuleBroken) as caught:
        subjects.resolve(words, None)
    assert caught.value.field == "subjects"


def test_registering_about_oneself_by_the_page_leads_to_the_desk(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.li)
    said = {
        "channel": "phone", "what": "接电话的人态度很差。", "severity": "minor",
        "complainant_name": "孙玉梅", "complainant_phone": "13800138000",
        "received_at": "2026-11-16T12:00", "complainant_role": "customer",
        "category": cast.rude.pk, "subjects": "李静",
    }  # fmt: skip
    with time_machine.travel(MONDAY + 5 * MINUTE, tick=False):
        answer = client.post("/complaints/new/", said, follow=True)
        assert answer.redirect_chain == [("/", 302)]
        assert "由 王强 负责，您看不到它" in answer.content.decode()
        again = client.post("/complaints/new/", {**said, "subjects": "王二"})
    assert again.status_code == 422
    assert "没有找到叫“王二”的在职人员。" in again.content.decode()
    case = Complaint.objects.get()
    assert case.subject_ids == [cast.li.pk]
    client.force_login(cast.chen)
    with time_machine.travel(MONDAY + 5 * MINUTE, tick=False):
        page = client.get(f"/complaints/{case.no}/").content.decode()
    assert "对本人不可见" in page


def test_the_api_takes_and_shows_whom_it_is_about(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.zhao)
    said = {
        "channel": "phone", "what": "接电话的人态度很差。", "severity": "minor",
        "complainant_name": "孙玉梅", "category": "rude", "subjects": ["ma"],
    }  # fmt: skip
    with time_machine.travel(MONDAY, tick=False):
        answer = client.post("/api/v1/complaints/", said, content_type="application/json")
        assert answer.status_code == 201, answer.content
        assert [person["username"] for person in answer.json()["subjects"]] == ["ma"]
        client.force_login(cast.ma)
        no = answer.json()["no"]
        assert client.get(f"/api/v1/complaints/{no}/").status_code == 404
