"""疑似群诉: what comes in together and is alike is said, and never grouped by itself."""

from __future__ import annotations

from typing import Any

import pytest

from common import walls
from common.errors import NotAllowed
from complaints import incidents, suspicions
from complaints.models import Complaint, Incident
from notify.models import Message
from staff.eyes import eyes_of
from tests.complaints import scenes
from tests.complaints.scenes import HOUR, MINUTE
from tests.complaints.test_incidents import cause
from tests.conftest import MONDAY, Cast, Register

POWER = [
    "兰州冷库停电，我的疫苗全化了，怎么赔？",
    "冷库停电了一晚上，兰州那边的货全化了",
    "你们兰州冷库停电，三箱海鲜化了",
    "听说兰州冷库停电，我的货也化了，要求赔偿",
    "兰州冷库停电六小时，货物变质，谁负责！",
]
OTHER = "司机态度恶劣，当面骂人还摔了我的手机。"


@pytest.mark.parametrize(
    ("texts", "near"),
    [
        (POWER, {0, 1, 2, 3, 4}),
        ([*POWER, OTHER], {0, 1, 2, 3, 4}),
        ([OTHER, "外包装破损两件", "发票一直没有寄到", "多收了一百元运费"], {0}),
        ([], set()),
        (["", "！！！", "12345"], set()),
        (["冷库停电 A1", "冷库停电。B-2"], {0, 1}),  # numbers and punctuation tell nothing
    ],
)
def test_texts_of_one_cause_are_alike_and_others_are_not(texts: list[str], near: set[int]) -> None:
    found = suspicions.alike(dict(enumerate(texts)))
    assert found == near or (len(near) == 1 and len(found) == 1)


def came_in(cast: Cast, register: Register, texts: list[str], **said: Any) -> list[Complaint]:
    usual = {"by": cast.li, "concerned_branch": cast.lanzhou, **said}
    return [register(what=what, **usual) for what in texts]


def test_five_alike_within_a_day_are_suspected(cast: Cast, register: Register) -> None:
    cases = came_in(cast, register, POWER)
    register(by=cast.li, what=OTHER, concerned_branch=cast.lanzhou)
    (found,) = suspicions.suspected(cast.chen, MONDAY + HOUR)
    assert (found.category, found.branch) == (cast.late_goods, cast.lanzhou)
    assert (found.case_ids, found.since) == ([case.pk for case in cases], MONDAY)
    assert not Incident.objects.exists()


@pytest.mark.parametrize(
    ("after", "seen"), [(24 * HOUR - MINUTE, True), (24 * HOUR, False), (-MINUTE, False)]
)
def test_only_what_came_in_within_the_window_counts(
    cast: Cast, register: Register, after: Any, seen: bool
) -> None:
    came_in(cast, register, POWER)
    assert bool(suspicions.suspected(cast.chen, MONDAY + after)) == seen


@pytest.mark.parametrize(("threshold", "seen"), [(5, True), (6, False), (2, True)])
def test_the_threshold_is_a_setting(
    cast: Cast, register: Register, settings: Any, threshold: int, seen: bool
) -> None:
    settings.INCIDENT_CASES = threshold
    came_in(cast, register, POWER)
    assert bool(suspicions.suspected(cast.chen, MONDAY + HOUR)) == seen


def test_cases_of_two_branches_or_categories_are_not_one_cause(
    cast: Cast, register: Register
) -> None:
    came_in(cast, register, POWER[:3])
    came_in(cast, register, POWER[3:4], concerned_branch=cast.suzhou)
    came_in(cast, register, POWER[4:], category=cast.rude)
    assert suspicions.suspected(cast.chen, MONDAY + HOUR) == []


def test_what_is_grouped_or_over_is_not_suspected_again(cast: Cast, register: Register) -> None:
    cases = came_in(cast, register, POWER)
    scenes.reject(cases[0], cast, at=MONDAY)
    assert suspicions.suspected(cast.chen, MONDAY + HOUR) == []
    more = came_in(cast, register, POWER)
    assert suspicions.suspected(cast.chen, MONDAY + HOUR)[0].count == 9
    numbers = [case.no for case in more]
    incidents.gather(cause(cast), numbers, by=cast.chen, at=MONDAY)
    assert suspicions.suspected(cast.chen, MONDAY + HOUR) == []


def test_a_branch_suspects_only_among_what_it_sees(cast: Cast, register: Register) -> None:
    came_in(cast, register, POWER[:3])
    came_in(cast, register, POWER[3:], by=cast.zhao)
    for person, seen in ((cast.wang, 0), (cast.ma, 0), (cast.chen, 1)):
        with walls.eyes(eyes_of(person)):
            assert len(suspicions.suspected(person, MONDAY + HOUR)) == seen


def test_a_supervisor_tells_quality_once_a_day(cast: Cast) -> None:
    for _ in range(2):
        suspicions.report(category=cast.late_goods, branch=cast.lanzhou, by=cast.wang, at=MONDAY)
    told = Message.objects.get(recipient=cast.chen)
    assert told.params == {"name": "王强", "branch": "兰州分公司", "category": "派送延误"}
    assert told.url == f"/incidents/new/?category={cast.late_goods.pk}&branch=LZ"
    for person in (cast.li, cast.chen):
        with pytest.raises(NotAllowed):
            suspicions.report(category=cast.late_goods, branch=cast.lanzhou, by=person, at=MONDAY)
