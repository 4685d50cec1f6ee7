"""Desks, boards and lists: what each person finds there, in which order."""

from __future__ import annotations

from decimal import Decimal

import pytest

from complaints import closing, duplicates, guide, remedies, selectors
from complaints.acknowledgement import acknowledge
from complaints.escalation import sweep
from complaints.models import (
    Category,
    Clock,
    Complaint,
    Escalation,
    PlaybookEntry,
    RemedyKind,
    Severity,
)
from quality import sheets
from staff.models import Person
from tests.complaints.scenes import (
    HOUR,
    MINUTE,
    accept,
    answer,
    apologise,
    call_back,
    reject,
    rule,
    submit,
)
from tests.conftest import MONDAY, Cast, Register


def owed(person: Person) -> list[str]:
    return [clock.kind for clock in selectors.owed_by(person)]


def test_each_desk_shows_what_its_person_has_to_stop(cast: Cast, register: Register) -> None:
    case = register()
    accept(case, cast, at=MONDAY)
    assert owed(cast.li) == ["apology", "result"]
    assert owed(cast.chen) == owed(cast.lin) == ["sheet", "callback"]
    assert owed(cast.wang) == owed(cast.ma) == owed(cast.gao) == []
    rule(case, cast, at=MONDAY)
    assert owed(cast.ma) == ["sheet"]
    assert owed(cast.chen) == ["callback"]
    apologise(case, by=cast.li, at=MONDAY)
    answer(case, by=cast.li, at=MONDAY)
    submit(case, by=cast.ma, at=MONDAY)
    call_back(case, by=cast.chen, at=MONDAY + MINUTE)
    assert [owed(person) for person in cast.people] == [[]] * len(cast.people)


def test_the_soonest_due_comes_first(cast: Cast, register: Register) -> None:
    later, sooner = register(), register(received_at=MONDAY - 30 * MINUTE)
    owes = selectors.owed_by(cast.li)
    assert [clock.complaint for clock in owes][:2] == [sooner, later]


def test_quality_finds_what_waits_to_be_sorted_and_ruled(cast: Cast, register: Register) -> None:
    old, new = register(received_at=MONDAY - HOUR), register()
    for person in (cast.chen, cast.lin):
        assert list(selectors.to_sort(person)) == [old, new]
    for person in (cast.li, cast.wang, cast.gao, cast.root):
        assert not selectors.to_sort(person).exists()
        assert not selectors.to_rule(person).exists()
    accept(old, cast, at=MONDAY)
    reject(new, cast, at=MONDAY)
    assert list(selectors.to_sort(cast.chen)) == []
    assert list(selectors.to_rule(cast.chen)) == [old]
    rule(old, cast, at=MONDAY)
    assert list(selectors.to_rule(cast.chen)) == []


def test_closed_and_withdrawn_cases_wait_for_a_ruling_while_they_owe_a_sheet(
    cast: Cast, register: Register
) -> None:
    closed = register(anonymous=True)
    accept(closed, cast, at=MONDAY)
    closing.close(closed.pk, by=cast.li, at=MONDAY)
    grave, slight = register(severity=Severity.MAJOR), register()
    for case in (grave, slight):
        closing.withdraw(case.pk, said_by="孙", note="来电", by=cast.li, at=MONDAY)
    assert set(selectors.to_rule(cast.chen)) == {closed, grave}
    sheets.waive(closed.pk, reason="无需", by=cast.chen, at=MONDAY)
    rule(grave, cast, at=MONDAY)
    assert not selectors.to_rule(cast.chen).exists()


def test_approvals_wait_for_those_who_may_give_them(cast: Cast, register: Register) -> None:
    case = register()
    offer = remedies.propose(
        case.pk, kind=RemedyKind.REFUND, amount=Decimal(500), description="退", by=cast.li,
        at=MONDAY,
    )  # fmt: skip
    waits = {p.username for p in cast.people if offer in selectors.to_approve(p)}
    assert waits == {"wang", "xu", "lin", "gao"}


def test_the_board_shows_the_gravest_first_until_it_is_settled(
    cast: Cast, register: Register
) -> None:
    case = register()
    sweep(until=MONDAY + 91 * MINUTE)
    shown = selectors.board(cast.wang)
    assert [row.level for row in shown] == [2, 1, 0, 0]
    apologise(case, by=cast.li, at=MONDAY + 95 * MINUTE)
    assert [row.level for row in selectors.board(cast.wang)] == [2, 1]
    for row in Escalation.objects.filter(level__gt=0):
        acknowledge(row.pk, note="", by=cast.wang, at=MONDAY + 2 * HOUR)
    assert not selectors.board(cast.wang).exists()
    assert not selectors.board(cast.ma).exists()


@pytest.mark.parametrize(("minute", "late"), [(59, False), (60, False), (61, True)])
def test_a_case_is_late_after_its_due(
    cast: Cast, register: Register, minute: int, late: bool
) -> None:
    register()
    found = selectors.with_late_clock(Complaint.objects.all(), MONDAY + minute * MINUTE)
    assert found.exists() == late


@pytest.mark.parametrize(("minutes", "soon"), [(59, False), (60, False), (61, True)])
def test_due_within_is_half_open(cast: Cast, register: Register, minutes: int, soon: bool) -> None:
    register()
    found = selectors.with_clock_due_within(Complaint.objects.all(), MONDAY, minutes * MINUTE)
    assert found.exists() == soon


def test_earlier_cases_by_phone_or_full_name(cast: Cast, register: Register) -> None:
    mine = register(complainant_phone="138-0013-8000", complainant_name="孙玉梅")
    named = register(complainant_phone="", complainant_name="孙玉梅")
    register(complainant_phone="13911112222", complainant_name="孙玉")
    register(by=cast.zhao, complainant_phone="13800138000")  # another branch's
    key = "+8613800138000"
    assert list(selectors.earlier_cases(cast.li, phone_key=key)) == [mine]
    both = selectors.earlier_cases(cast.li, phone_key=key, name="孙玉梅")
    assert set(both) == {mine, named}
    assert list(selectors.earlier_cases(cast.li, phone_key="")) == []


def test_the_story_is_told_latest_first(cast: Cast, register: Register) -> None:
    case = register()
    accept(case, cast, at=MONDAY)
    assert [event.kind for event in selectors.story(case)] == ["accept", "register"]


def test_likely_duplicates_share_order_phone_or_words(cast: Cast, register: Register) -> None:
    what = "从无锡发往兰州的两箱瓷器到货时碎了三只，外箱有明显压痕。"
    same_order = register(what="丢件", order_no="SF123", complainant_phone="1")
    same_phone = register(what="态度差", complainant_phone="+86 138 0013 8000")
    alike = register(what=what, complainant_phone="2")
    register(what="快递员态度恶劣，骂人。", complainant_phone="3")
    register(by=cast.zhao, what=what)
    register(by=cast.chen, what=what, received_at=MONDAY - 31 * 24 * HOUR)
    found = duplicates.likely(
        cast.li, at=MONDAY, phone_key="+8613800138000", order_no="SF123",
        what="发往兰州的两箱瓷器到货时碎了三只",
    )  # fmt: skip
    likeness = {case: case.likeness for case in found}
    assert likeness.keys() == {same_order, same_phone, alike}
    assert (likeness[same_order], likeness[same_phone]) == (1.0, 0.9)
    assert 0.35 <= likeness[alike] <= 1


def test_that_another_branch_has_such_a_case_is_told_and_no_more(
    cast: Cast, register: Register
) -> None:
    register(by=cast.zhao, order_no="SF9", complainant_phone="13800138000")
    register(by=cast.zhao, order_no="SF9", complainant_phone="1")
    register(by=cast.zhao, order_no="SF9", subject_ids=(cast.li.pk,))
    register(by=cast.li, order_no="SF9", complainant_phone="2")
    register(by=cast.chen, order_no="SF9", received_at=MONDAY - 31 * 24 * HOUR)

    def told(person: Person, **typed: str) -> list[tuple[str, int]]:
        return [tuple(row) for row in duplicates.elsewhere(person, at=MONDAY, **typed)]

    assert told(cast.li, order_no="SF9") == [("兰州分公司", 2)]
    assert told(cast.wang, phone_key="+8613800138000") == [("兰州分公司", 2)]
    assert told(cast.zhao, order_no="SF9") == [("无锡分公司", 1)]
    assert told(cast.chen, order_no="SF9") == []  # sees them all
    assert told(cast.root, order_no="SF9") == []
    assert told(cast.li) == []


def test_nothing_said_is_like_nothing(cast: Cast, register: Register) -> None:
    register(order_no="", complainant_phone="")
    assert list(duplicates.likely(cast.li, at=MONDAY)) == []
    assert list(duplicates.likely(cast.li, at=MONDAY, what="货晚到")) == []


@pytest.mark.parametrize(("after", "late"), [(29, 0), (30, 0), (30.02, 1), (31, 1)])
def test_a_talk_typed_after_half_an_hour_counts_as_recorded_late(
    cast: Cast, register: Register, after: float, late: int
) -> None:
    case = register()
    at = MONDAY + after * MINUTE
    apologise(case, by=cast.li, at=at, occurred_at=MONDAY)
    assert selectors.late_recorded_share(cast.chen, MONDAY, at + MINUTE) == (late, 1)


def test_the_late_share_is_of_the_persons_reach_and_of_the_span(
    cast: Cast, register: Register
) -> None:
    mine, theirs = register(), register(by=cast.zhao)
    apologise(mine, by=cast.li, at=MONDAY + HOUR, occurred_at=MONDAY)
    apologise(mine, by=cast.li, at=MONDAY + 2 * HOUR)
    apologise(theirs, by=cast.zhao, at=MONDAY + 3 * HOUR, occurred_at=MONDAY + 2 * HOUR)

    def share(person: Person, since: float, until: float) -> tuple[int, int]:
        span = (MONDAY + since * HOUR, MONDAY + until * HOUR)
        return selectors.late_recorded_share(person, *span)

    assert share(cast.chen, 0, 9) == (2, 3)
    assert share(cast.wang, 0, 9) == (1, 2)
    assert share(cast.ma, 0, 9) == (1, 1)
    assert share(cast.root, 0, 9) == (0, 0)
    assert share(cast.chen, 1, 3) == (1, 2)  # from the first instant, without the last
    assert share(cast.chen, 1.01, 9) == (1, 2)


def entry(code: str, *categories: Category, **said: object) -> PlaybookEntry:
    made = PlaybookEntry.objects.create(
        code=code, title=code, say="说", do="做", offer="给", report_to="报", **said
    )
    made.categories.set(categories)
    return made


def test_the_playbook_weighs_category_over_words(cast: Cast) -> None:
    by_words = entry("words", keywords=["瓷器", "碎"])
    by_parent = entry("parent", cast.late_goods.parent)
    by_category = entry("category", cast.late_goods)
    entry("other", cast.rude)
    entry("retired", cast.late_goods, is_active=False)
    entry("empty", keywords=[""])
    found = guide.matching(category=cast.late_goods, what="瓷器碎了")
    assert found == [by_category, by_words, by_parent]
    assert guide.matching(category=None, what="") == []


@pytest.mark.parametrize(
    ("what", "code"), [("货晚到还没送", "late-delivery"), ("态度差", "rude"), ("别的", None)]
)
def test_the_category_is_guessed_from_words(cast: Cast, what: str, code: str | None) -> None:
    found = guide.likely_category(what)
    assert (found.code if found else None) == code


def test_desks_cost_the_same_however_much_is_owed(
    cast: Cast, register: Register, django_assert_num_queries: object
) -> None:
    for _ in range(4):
        register()
    with django_assert_num_queries(2):  # type: ignore[operator]  # the first: for whom one acts
        for clock in selectors.owed_by(cast.li):
            assert clock.complaint.category.name
            assert clock.complaint.owner.name
    assert Clock.objects.count() == 16
