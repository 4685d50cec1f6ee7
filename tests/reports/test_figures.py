"""A figure and the list of cases it opens are the same rows; weeks are half-open."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from complaints import triage
from complaints.models import Complaint, InvalidReason, Supplier
from reports.figures import FIGURES, Figure
from reports.rankings import weekly
from staff.models import Branch
from tests.complaints import scenes
from tests.conftest import MONDAY, Cast
from tests.reports.conftest import CUT_OFF, HOUR, WEEK, WUXI, Acts, Played

MICROSECOND = timedelta(microseconds=1)


def count(figure: str, branch: Branch, *, at: datetime = CUT_OFF) -> int:
    """What the ranking says, which must be what the list holds."""
    rows = {row.branch: row for row in weekly(WEEK, at=at).rows}
    number: int = rows[branch].numbers[figure]
    assert value(FIGURES[figure], FIGURES[figure].rows(WEEK, at=at, branch=branch)) == number
    return number


def value(figure: Figure, rows: Iterable[Any]) -> Any:
    """What the rows of a list come to."""
    if figure.in_yuan:
        return sum(row.amount for row in rows)
    return sum(row.portion for row in rows) if figure.by_share else len(list(rows))


def test_every_figure_equals_its_list_for_every_branch_and_moment(
    played: Played, acts: Acts, cast: Cast
) -> None:
    acts.settle(acts.case(cast.lanzhou, MONDAY), satisfied=False)
    wrongly_sorted_out(acts, cast)
    seen: set[str] = set()
    for at in (MONDAY, MONDAY + 30 * HOUR, MONDAY + 73 * HOUR, WEEK.end, CUT_OFF):
        ranking = weekly(WEEK, at=at)
        tallies = [(row.branch, row.numbers) for row in ranking.rows]
        for branch, numbers in [*tallies, (None, ranking.total.numbers)]:
            for name, figure in FIGURES.items():
                if figure.firm_wide:
                    continue
                rows = list(figure.rows(WEEK, at=at, branch=branch))
                assert value(figure, rows) == numbers[name], (name, branch, at)
                if rows:
                    seen.add(name)
    never = {"result_attempted", "sheet_attempted", "callback_attempted", "apology_unreachable",
             "result_unreachable", "sheet_unreachable"}  # fmt: skip
    firm_wide = {name for name, figure in FIGURES.items() if figure.firm_wide}
    assert seen == set(FIGURES) - never - firm_wide


def wrongly_sorted_out(acts: Acts, cast: Cast) -> Complaint:
    """Suzhou's, taken for an inquiry for four days; nothing was done meanwhile or afterwards."""
    case = acts.case(cast.suzhou, MONDAY)
    scenes.reject(case, cast, at=MONDAY)
    scenes.accept(case, cast, at=MONDAY + 96 * HOUR)
    return case


def test_what_came_due_while_wrongly_sorted_out_is_charged_to_the_sorting(
    acts: Acts, cast: Cast
) -> None:
    wrongly_sorted_out(acts, cast)
    for clock in ("apology", "result", "sheet", "callback"):
        assert count(f"{clock}_charged", cast.suzhou) == 1
        assert count(f"{clock}_breached", cast.suzhou) == 0
        assert count(f"{clock}_decided", cast.suzhou) == 0


def test_a_joint_ruling_counts_by_its_shares(acts: Acts, cast: Cast) -> None:
    carrier = Supplier.objects.create(code="sf", name="顺达专线")
    case = acts.received(MONDAY)
    acts.rule_jointly(case, (cast.wuxi, "50"), (cast.lanzhou, "30.5"), (carrier, "19.5"))
    acts.case(cast.wuxi, MONDAY)
    assert count("complaints", cast.wuxi) == Decimal("1.5")
    assert count("complaints", cast.lanzhou) == Decimal("0.305")
    ranking = weekly(WEEK, at=CUT_OFF)
    assert (ranking.total.complaints, ranking.suppliers) == (Decimal("1.805"), Decimal("0.195"))
    # the clocks are the leading branch's alone
    assert (count("apology_breached", cast.wuxi), count("apology_breached", cast.lanzhou)) == (2, 0)


def test_a_supplier_that_bears_all_leaves_the_branch_its_clocks_alone(
    acts: Acts, cast: Cast
) -> None:
    carrier = Supplier.objects.create(code="sf", name="顺达专线")
    acts.rule_jointly(acts.received(MONDAY), (cast.wuxi, "0"), (carrier, "100"))
    assert count("complaints", cast.wuxi) == 0
    assert count("sheet_breached", cast.wuxi) == 1
    assert weekly(WEEK, at=CUT_OFF).suppliers == 1


def test_conversions_are_counted_while_they_stand(acts: Acts, cast: Cast, register: Any) -> None:
    praise, inquiry, back = (register(at=MONDAY) for _ in range(3))
    for case, reason in ((praise, "praise"), (inquiry, "inquiry"), (back, "inquiry")):
        triage.reject(
            case.pk, reason=InvalidReason(reason), note="x", by=cast.chen, at=MONDAY + HOUR
        )
    scenes.accept(back, cast, at=MONDAY + 2 * HOUR)
    assert weekly(WEEK, at=CUT_OFF).converted == 2
    listed = FIGURES["converted"].rows(WEEK, at=CUT_OFF)
    assert {row.complaint for row in listed} == {praise, inquiry}


def test_each_row_of_a_list_is_of_the_branch_and_belongs_to_a_valid_case(
    played: Played, cast: Cast
) -> None:
    for name, figure in FIGURES.items():
        if figure.firm_wide:
            continue
        for row in figure.rows(WEEK, at=CUT_OFF, branch=cast.wuxi):
            case = row if isinstance(row, Complaint) else row.complaint
            assert case.responsible_branch == cast.wuxi, name
            assert case.status != "invalid", name


def test_who_sees_all_sees_every_row_and_another_branch_sees_none(
    played: Played, cast: Cast
) -> None:
    for name, figure in FIGURES.items():
        for branch in (None, cast.wuxi):
            if figure.firm_wide and branch:
                continue
            rows = figure.rows(WEEK, at=CUT_OFF, branch=branch)
            chen = figure.rows_seen_by(cast.chen, WEEK, at=CUT_OFF, branch=branch)
            assert list(chen) == list(rows), name
            ma = figure.rows_seen_by(cast.ma, WEEK, at=CUT_OFF, branch=branch)
            assert not ma.exists(), name
        wang = figure.rows_seen_by(cast.wang, WEEK, at=CUT_OFF, branch=cast.wuxi)
        assert figure.firm_wide or wang.count() == WUXI.get(name, 0) or figure.in_yuan, name


def test_unruled_and_foreign_cases_are_listed_apart(played: Played) -> None:
    ranking = weekly(WEEK, at=CUT_OFF)
    assert (ranking.unruled, ranking.elsewhere) == (1, 1)
    assert list(FIGURES["unruled"].rows(WEEK, at=CUT_OFF)) == [played.unruled]
    (part,) = FIGURES["elsewhere"].rows(WEEK, at=CUT_OFF)
    assert part.complaint == played.of_region


def test_a_case_opened_again_stands_in_a_list_once_a_round(played: Played, cast: Cast) -> None:
    rows = FIGURES["apology_decided"].rows(WEEK, at=CUT_OFF, branch=cast.wuxi)
    of_reopened = rows.filter(complaint=played.reopened)
    assert [(row.round, row.ending) for row in of_reopened] == [(1, "breached"), (2, "met")]


@pytest.mark.parametrize(
    ("received_at", "inside"),
    [
        (WEEK.start - MICROSECOND, 0),
        (WEEK.start, 1),
        (WEEK.end - MICROSECOND, 1),
        (WEEK.end, 0),
    ],
)
def test_complaints_belong_to_the_week_they_were_received_in(
    acts: Acts, cast: Cast, received_at: datetime, inside: int
) -> None:
    acts.case(cast.wuxi, received_at)
    assert count("complaints", cast.wuxi) == inside


@pytest.mark.parametrize(
    ("due_at", "inside"),
    [
        (WEEK.start - MICROSECOND, 0),
        (WEEK.start, 1),
        (WEEK.end - MICROSECOND, 1),
        (WEEK.end, 0),
    ],
)
@pytest.mark.parametrize(
    ("clock", "hours"), [("apology", 1), ("result", 24), ("sheet", 48), ("callback", 72)]
)
def test_clocks_belong_to_the_week_they_come_due_in(
    acts: Acts, cast: Cast, clock: str, hours: int, due_at: datetime, inside: int
) -> None:
    acts.case(cast.wuxi, due_at - hours * HOUR)
    assert count(f"{clock}_breached", cast.wuxi) == inside
    assert count(f"{clock}_running", cast.wuxi, at=due_at) == inside
    assert count(f"{clock}_decided", cast.wuxi, at=due_at) == 0


@pytest.mark.parametrize(
    ("called_at", "inside"),
    [
        (WEEK.start - MICROSECOND, 0),
        (WEEK.start, 1),
        (WEEK.end - MICROSECOND, 1),
        (WEEK.end, 0),
    ],
)
def test_callbacks_and_remedies_belong_to_the_week_they_happened_in(
    acts: Acts, cast: Cast, called_at: datetime, inside: int
) -> None:
    case = acts.case(cast.wuxi, called_at - 24 * HOUR)
    acts.answer(case, 2)
    acts.grant(case, 24, "10")
    acts.call(case, 24, satisfied=True)
    for name in ("attempted", "reached", "satisfied"):
        assert count(f"callbacks_{name}", cast.wuxi) == inside
    assert count("remedies", cast.wuxi) == inside


def test_a_round_called_in_vain_one_week_and_reached_the_next_is_attempted_in_both(
    acts: Acts, cast: Cast
) -> None:
    case = acts.case(cast.wuxi, WEEK.end - 40 * HOUR)
    acts.answer(case, 1)
    for hours in (20, 30):
        acts.call(case, hours, satisfied=None)
    acts.call(case, 50, satisfied=True)
    assert count("callbacks_attempted", cast.wuxi) == 1
    assert count("callbacks_reached", cast.wuxi) == 0
    later = FIGURES["callbacks_satisfied"].rows(WEEK.next, at=CUT_OFF, branch=cast.wuxi)
    assert [row.complaint for row in later] == [case]


def test_a_new_ruling_takes_the_case_along(acts: Acts, cast: Cast) -> None:
    case = acts.case(cast.wuxi, MONDAY)
    assert count("complaints", cast.wuxi) == 1
    acts.rule(case, cast.lanzhou, hours=5)
    assert count("complaints", cast.wuxi) == 0
    assert count("complaints", cast.lanzhou) == 1
    assert count("apology_breached", cast.lanzhou) == 1
