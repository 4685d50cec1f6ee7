"""A figure and the list of cases it opens are the same rows; weeks are half-open."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from complaints.models import Complaint
from reports.figures import FIGURES
from reports.rankings import weekly
from staff.models import Branch
from tests.conftest import MONDAY, Cast
from tests.reports.conftest import CUT_OFF, HOUR, WEEK, WUXI, Acts, Played

MICROSECOND = timedelta(microseconds=1)


def count(figure: str, branch: Branch, *, at: datetime = CUT_OFF) -> int:
    """What the ranking says, which must be what the list holds."""
    rows = {row.branch: row for row in weekly(WEEK, at=at).rows}
    number: int = rows[branch].numbers[figure]
    assert FIGURES[figure].rows(WEEK, at=at, branch=branch).count() == number
    return number


def test_every_figure_equals_its_list_for_every_branch_and_moment(
    played: Played, acts: Acts, cast: Cast
) -> None:
    acts.settle(acts.case(cast.lanzhou, MONDAY), satisfied=False)
    seen: set[str] = set()
    for at in (MONDAY, MONDAY + 30 * HOUR, MONDAY + 73 * HOUR, WEEK.end, CUT_OFF):
        ranking = weekly(WEEK, at=at)
        tallies = [(row.branch, row.numbers) for row in ranking.rows]
        for branch, numbers in [*tallies, (None, ranking.total.numbers)]:
            for name, figure in FIGURES.items():
                if figure.firm_wide:
                    continue
                rows = list(figure.rows(WEEK, at=at, branch=branch))
                value = sum(row.amount for row in rows) if figure.in_yuan else len(rows)
                assert value == numbers[name], (name, branch, at)
                if value:
                    seen.add(name)
    never = {"result_attempted", "sheet_attempted", "callback_attempted", "apology_unreachable",
             "result_unreachable", "sheet_unreachable"}  # fmt: skip
    firm_wide = {name for name, figure in FIGURES.items() if figure.firm_wide}
    assert seen == set(FIGURES) - never - firm_wide


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
    assert list(FIGURES["elsewhere"].rows(WEEK, at=CUT_OFF)) == [played.of_region]


def test_a_case_opened_again_stands_in_a_list_once_a_round(played: Played, cast: Cast) -> None:
    rows = FIGURES["apology_decided"].rows(WEEK, at=CUT_OFF, branch=cast.wuxi)
    of_reopened = rows.filter(complaint=played.reopened)
    assert [(row.round, row.outcome) for row in of_reopened] == [(1, "breached"), (2, "met")]


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
