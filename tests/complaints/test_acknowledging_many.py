"""Many escalations acknowledged with one press: each under the rules of the single one."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from django.test import Client

from common.errors import RuleBroken
from complaints.acknowledgement import MANY, acknowledge_many
from complaints.escalation import sweep
from complaints.models import Escalation, Event
from complaints.rules import Action
from tests.complaints.scenes import MINUTE
from tests.conftest import MONDAY, Cast, Register

NOW = MONDAY + 95 * MINUTE


@pytest.fixture
def raised(cast: Cast, register: Register) -> dict[str, int]:
    """By who owns the case, the escalation of its first level; one that is a warning."""
    register()
    register(by=cast.zhao)
    sweep(until=NOW)
    first = Escalation.objects.filter(level=1)
    ids = {each.complaint.owner.username: each.pk for each in first}
    warned = Escalation.objects.filter(level=0, complaint__owner=cast.li).first()
    assert warned is not None
    return {**ids, "warning": warned.pk}


def test_each_is_acknowledged_and_what_may_not_be_is_said(
    cast: Cast, raised: dict[str, int]
) -> None:
    ids = [raised["li"], raised["warning"], raised["zhao"], 999_999_999, raised["li"]]
    answered = acknowledge_many(ids, note="在跟进", by=cast.wang, at=NOW)
    codes = [(each.escalation_id, each.broken.code if each.broken else "") for each in answered]
    assert codes == [
        (raised["li"], ""),
        (raised["warning"], "nothing_to_acknowledge"),
        (raised["zhao"], "not_found"),  # another branch's, the same as none
        (999_999_999, "not_found"),
    ]
    assert Escalation.objects.get(pk=raised["li"]).acknowledged_by == cast.wang
    assert Escalation.objects.get(pk=raised["zhao"]).acknowledged_at is None
    assert Event.objects.filter(kind=Action.ACKNOWLEDGE).count() == 1
    again = acknowledge_many([raised["li"]], note="", by=cast.wang, at=NOW)
    assert again[0].broken is not None
    assert again[0].broken.code == "already_acknowledged"


@pytest.mark.parametrize(
    ("ids", "code"), [([], "ids.none"), (list(range(1, MANY + 2)), "ids.many")]
)
def test_none_and_too_many_are_refused(cast: Cast, ids: list[int], code: str) -> None:
    with pytest.raises(RuleBroken) as caught:
        acknowledge_many(ids, note="", by=cast.wang, at=NOW)
    assert caught.value.code == code


def post(client: Client, **words: Any) -> str:
    with time_machine.travel(NOW, tick=False):
        return client.post("/escalations/acknowledgements/", words, follow=True).content.decode()


def test_the_board_acknowledges_what_was_ticked_and_keeps_its_filter(
    cast: Cast, raised: dict[str, int]
) -> None:
    client = Client()
    client.force_login(cast.wang)
    with time_machine.travel(NOW, tick=False):
        board = client.get("/escalations/").content.decode()
        assert f'name="ids" value="{raised["li"]}"' in board
        assert f'value="{raised["warning"]}"' not in board
        page = client.get("/escalations/", {"branch": "LZ"})
        assert page.context["rows"] == []
        assert len(client.get("/escalations/", {"owner": "李静"}).context["rows"]) >= 2
    shown = post(client, ids=[raised["li"], raised["zhao"]], note="在跟进", level="1")
    assert "已确认 1 项升级。" in shown
    assert "1 项没有确认：没有找到，或您无权查看。" in shown
    assert "请先选择要确认的升级。" in post(client)
    stranger = Client()
    stranger.force_login(cast.li)
    assert stranger.post("/escalations/acknowledgements/", {"ids": [1]}).status_code == 403


def test_the_api_says_how_each_went(cast: Cast, raised: dict[str, int]) -> None:
    client = Client()
    client.force_login(cast.wang)
    with time_machine.travel(NOW, tick=False):
        answer = client.post(
            "/api/v1/escalations/acknowledgements/",
            {"ids": [raised["li"], raised["zhao"]], "note": "在跟进"},
            content_type="application/json",
        )
    assert answer.status_code == 200, answer.content
    first, second = answer.json()
    assert first == {"id": raised["li"], "error": None}
    assert second["error"]["code"] == "not_found"


def test_the_api_shows_loads_to_those_who_lead(cast: Cast, raised: dict[str, int]) -> None:
    answers = {}
    for person in (cast.wang, cast.li):
        client = Client()
        client.force_login(person)
        with time_machine.travel(NOW, tick=False):
            answers[person] = client.get("/api/v1/loads/")
            assert client.get("/load/").status_code == answers[person].status_code
    assert answers[cast.li].status_code == 403
    rows = {row["person"]["username"]: row for row in answers[cast.wang].json()["results"]}
    assert rows["li"]["open_cases"] == 1
    assert rows["li"]["late"] == 1
    assert rows["li"]["on_time"] == {"apology": {"met": 0, "decided": 1}}
