"""The week's places: counted by hand, tied, too few, nothing due; and few queries."""

from __future__ import annotations

import time
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from complaints.models import Complaint
from reports.figures import FIGURES
from reports.rankings import Row, Standing, weekly
from reports.scoring import Rate
from staff import branches
from staff.models import Branch, BranchKind
from tests.conftest import MONDAY, Cast
from tests.reports.conftest import CUT_OFF, HOUR, WEEK, WUXI, WUXI_SCORE, Acts, Played, Settled
from tests.staff.moving import vacate


def rows_by_code(**kwargs: Any) -> dict[str, Row]:
    return {row.branch.code: row for row in weekly(WEEK, at=kwargs.get("at", CUT_OFF)).rows}


def test_a_week_counted_by_hand(played: Played) -> None:
    wuxi = rows_by_code()["WUX"]
    assert {name: number for name, number in wuxi.numbers.items() if number} == WUXI
    assert wuxi.rates == {
        "apology": Rate(2, 3), "result": Rate(3, 4), "sheet": Rate(2, 4), "callback": Rate(2, 3),
        "satisfaction": Rate(1, 2),
    }  # fmt: skip
    assert wuxi.reach == Rate(2, 3)
    assert wuxi.compensation == Decimal("650.50")
    assert (wuxi.rank, wuxi.score, wuxi.standing) == (1, WUXI_SCORE, Standing.RANKED)


def test_every_branch_appears_even_with_nothing(played: Played, cast: Cast) -> None:
    ranking = weekly(WEEK, at=CUT_OFF)
    assert [row.branch.code for row in ranking.rows] == ["WUX", "LZ", "SUZ"]
    assert not any(ranking.rows[2].numbers.values())
    assert ranking.total.numbers == ranking.rows[0].numbers
    assert ranking.score == WUXI_SCORE


def test_the_same_week_can_be_read_while_it_runs(played: Played) -> None:
    # 25 hours on: received 5; the apologies are due, the results of all but the first run
    wuxi = rows_by_code(at=MONDAY + 25 * HOUR)["WUX"]
    assert wuxi.numbers["sheet_breached"] == 1  # handed in late: known, whenever one looks
    assert wuxi.numbers["sheet_running"] == 1  # the second round's, due on Saturday
    assert wuxi.numbers["callback_running"] == 1


def test_equal_branches_share_the_first_place(settled: Settled, cast: Cast) -> None:
    settled(cast.lanzhou, 3)
    settled(cast.wuxi, 4)
    settled(cast.suzhou, 3, satisfied=False)
    places = [(row.branch.code, row.rank, row.score) for row in weekly(WEEK, at=CUT_OFF).rows]
    hundred = Decimal("100.00")
    assert places[:2] == [("LZ", 1, hundred), ("WUX", 1, hundred)]
    # satisfied 0 of 3; a second round of which nothing was done: 3 of 6 for each clock
    assert places[2] == ("SUZ", 3, Decimal("35.00"))


def test_fewer_than_three_complaints_are_listed_unranked_below(
    settled: Settled, cast: Cast
) -> None:
    settled(cast.wuxi, 2)
    settled(cast.suzhou, 3, satisfied=False)
    rows = weekly(WEEK, at=CUT_OFF).rows
    assert [(row.branch.code, row.rank, row.standing) for row in rows] == [
        ("SUZ", 1, Standing.RANKED),
        ("LZ", None, Standing.TOO_FEW),
        ("WUX", None, Standing.TOO_FEW),
    ]
    assert rows[2].score is None
    assert rows[2].complaints == 2


def test_a_branch_with_nothing_due_yet_has_no_score(acts: Acts, cast: Cast) -> None:
    for minutes in range(3):
        acts.case(cast.wuxi, MONDAY + minutes * HOUR / 60)
    wuxi = rows_by_code(at=MONDAY + HOUR / 2)["WUX"]
    assert (wuxi.standing, wuxi.score, wuxi.rank) == (Standing.NOTHING_DUE, None, None)
    assert wuxi.numbers["apology_running"] == 3
    assert rows_by_code(at=MONDAY + 2 * HOUR)["WUX"].score == Decimal("0.00")


def test_an_empty_firm_has_an_empty_ranking(db: None) -> None:
    ranking = weekly(WEEK, at=CUT_OFF)
    assert (ranking.rows, ranking.score, ranking.unruled) == ([], None, 0)


def _open_branches(cast: Cast, number: int) -> list[Branch]:
    return [
        branches.save(
            Branch(code=f"B{n}", name=f"第{n}分公司", kind=BranchKind.BRANCH, parent=cast.east)
        )
        for n in range(number)
    ]


def test_more_branches_and_cases_need_no_more_queries(
    acts: Acts, cast: Cast, django_assert_num_queries: Any
) -> None:
    acts.settle(acts.case(cast.wuxi, MONDAY))
    with django_assert_num_queries(10):
        weekly(WEEK, at=CUT_OFF)
    for branch in _open_branches(cast, 6):
        case = acts.case(branch, MONDAY)
        acts.grant(case, 1, "5")
        acts.settle(case)
    with django_assert_num_queries(10):
        ranking = weekly(WEEK, at=CUT_OFF)
    assert sum(row.complaints for row in ranking.rows) == 7


def _multiply(times: int, **changes: str) -> None:
    """Copy the only case, with its owner, so many times in one statement; `changes` are SQL by
    column."""
    columns = [field.column for field in Complaint._meta.concrete_fields if not field.primary_key]
    values = [changes.get(column, f"c.{column}") for column in columns]
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH made AS (INSERT INTO complaints_complaint ({', '.join(columns)})"  # noqa: S608
            f" SELECT {', '.join(values)}"
            f" FROM complaints_complaint c, generate_series(1, {times}) n"
            " RETURNING id, owner_id, owner_branch_id, received_at)"
            " INSERT INTO complaints_ownership (complaint_id, person_id, branch_id, since)"
            " SELECT id, owner_id, owner_branch_id, received_at FROM made"
        )


def test_a_week_of_five_thousand_cases_is_ranked_in_a_breath(acts: Acts, cast: Cast) -> None:
    _open_branches(cast, 40)
    acts.case(cast.wuxi, MONDAY)
    _multiply(
        5_000, no="'P' || n", submission_key="NULL",
        responsible_branch_id="(SELECT id FROM staff_branch WHERE kind = 'branch'"
        " ORDER BY (id * 7919 + n) % 43 LIMIT 1)",
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO complaints_clock (complaint_id, round, kind, policy_clock_id, started_at,"
            " due_at, original_due_at) SELECT c.id, 1, k.kind, k.policy_clock_id, k.started_at,"
            " k.due_at, k.due_at FROM complaints_complaint c,"
            " (SELECT * FROM complaints_clock) k WHERE c.no LIKE 'P%'"
        )
        cursor.execute(
            "INSERT INTO complaints_ruling (complaint_id, basis, by_id, at)"
            " SELECT id, 'x', owner_id, received_at FROM complaints_complaint WHERE no LIKE 'P%'"
        )
        cursor.execute(
            "INSERT INTO complaints_rulingpart (ruling_id, branch_id, person_id, share, lead)"
            " SELECT r.id, c.responsible_branch_id, c.rectifier_id, 100, true"
            " FROM complaints_ruling r JOIN complaints_complaint c ON c.id = r.complaint_id"
            " WHERE c.no LIKE 'P%'"
        )
        cursor.execute("ANALYZE complaints_complaint, complaints_clock, complaints_rulingpart")
    start = time.perf_counter()
    ranking = weekly(WEEK, at=CUT_OFF)
    took = time.perf_counter() - start
    assert ranking.total.complaints == 5_001
    assert ranking.total.numbers["apology_breached"] == 5_001
    assert ranking.total.numbers["callback_decided"] == 5_001
    assert len([row for row in ranking.rows if row.rank]) > 30
    assert took < 5, f"{took:.1f} s"


def test_every_figure_has_words_for_its_page() -> None:
    assert all(str(figure.label) for figure in FIGURES.values())


def test_a_week_is_told_in_the_tree_of_its_end(cast: Cast, acts: Acts) -> None:
    """Suzhou is renamed on the Monday after, and Lanzhou merged into it in the middle of the week
    before: each week has the names and branches of its own last moment."""
    for n in range(3):
        acts.case(cast.lanzhou, MONDAY + n * HOUR)
    acts.case(cast.suzhou, MONDAY)
    vacate(cast, cast.lanzhou, cast.wuxi, at=CUT_OFF)
    merged = WEEK.end - timedelta(days=3)
    branches.rename(cast.suzhou.pk, "太湖分公司", since=WEEK.end, by=cast.root, at=CUT_OFF)
    before = {row.branch.code: (row.branch.name, row.complaints) for row in ranked()}
    assert before["LZ"] == ("兰州分公司", 3)
    assert before["SUZ"] == ("苏州分公司", 1)
    branches.merge(cast.lanzhou.pk, cast.wuxi, since=merged, by=cast.root, at=CUT_OFF)
    after = {row.branch.code: (row.branch.name, row.complaints) for row in ranked()}
    assert after == {"WUX": ("无锡分公司", 3), "SUZ": ("苏州分公司", 1)}
    listed = FIGURES["complaints"].rows(WEEK, at=CUT_OFF, branch=cast.wuxi)
    assert {part.branch for part in listed} == {cast.lanzhou}
    assert {row.branch.code for row in weekly(WEEK.previous, at=CUT_OFF).rows} >= {"LZ"}


def test_figures_that_no_branch_has_taken_over_keep_their_row(cast: Cast, acts: Acts) -> None:
    acts.case(cast.suzhou, MONDAY)
    vacate(cast, cast.suzhou, cast.wuxi, at=CUT_OFF)
    branches.close(cast.suzhou.pk, since=WEEK.end - timedelta(days=1), by=cast.root, at=CUT_OFF)
    rows = {row.branch.code: row.complaints for row in ranked()}
    assert rows == {"WUX": 0, "SUZ": 1, "LZ": 0}


def ranked() -> list[Row]:
    return weekly(WEEK, at=CUT_OFF).rows
