"""The pages: who sees them, what a figure leads to, what a bad week is told."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from reports.figures import FIGURES
from reports.page import plain
from reports.rankings import weekly
from staff import branches, people
from staff.models import Branch, BranchKind, Person, Role
from tests.conftest import MONDAY, PASSWORD, Cast
from tests.reports.conftest import CUT_OFF, HOUR, WEEK, WUXI, Acts, Played

Visit = Callable[..., str]


@pytest.fixture
def visit() -> Visit:
    """`visit(person, "ranking", week="2026-W47")` at the cut-off: the page's text."""

    def _visit(person: Person, name: str, *, status: int = 200, **query: str) -> str:
        client = Client()
        with time_machine.travel(CUT_OFF, tick=False):
            client.force_login(person)
            response = client.get(reverse(name), query)
        assert response.status_code == status, response.content.decode()[:2000]
        return response.content.decode()

    return _visit


def links(page: str) -> list[dict[str, str]]:
    """The queries of the links to lists of cases."""
    found = re.findall(r'href="(/rankings/weekly/cases/\?[^"]+)"', page)
    queries = [parse_qs(urlsplit(each.replace("&amp;", "&")).query) for each in found]
    return [{name: values[0] for name, values in query.items()} for query in queries]


PAGES = ["ranking", "ranking-xlsx", "ranking-csv", "ranking-cases"]


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(
    ("who", "status"),
    [("li", 403), ("zhao", 403), ("root", 403), ("wang", 200), ("xu", 200), ("ma", 200),
     ("chen", 200), ("lin", 200), ("gao", 200)],
)  # fmt: skip
def test_those_who_lead_see_the_ranking(cast: Cast, who: str, status: int, name: str) -> None:
    person: Person = getattr(cast, who)
    client = Client()
    client.force_login(person)
    query = {"week": str(WEEK), "figure": "complaints", "branch": ""}
    if person.branch.kind != BranchKind.HEADQUARTERS:
        query["branch"] = person.branch.code
    assert client.get(reverse(name), query).status_code == status


@pytest.mark.parametrize("name", PAGES)
def test_a_stranger_sees_nothing(cast: Cast, name: str) -> None:
    response = Client().get(reverse(name))
    assert response.status_code in {302, 403}
    assert cast.wuxi.name not in response.content.decode()


def test_all_branches_stand_on_the_page_for_a_foreign_supervisor(
    played: Played, cast: Cast, visit: Visit
) -> None:
    page = visit(cast.ma, "ranking", week=str(WEEK))
    for branch in (cast.wuxi, cast.suzhou, cast.lanzhou):
        assert branch.name in page
    assert "60.67" in page
    assert "66.7%" in page
    assert "2/3" in page
    assert links(page) == []


def test_a_figure_leads_to_its_cases_where_the_branch_lies_in_reach(
    played: Played, acts: Acts, cast: Cast, visit: Visit
) -> None:
    acts.settle(acts.case(cast.lanzhou, MONDAY))
    reach = {
        "wang": {"WUX"}, "xu": {"WUX"}, "ma": {"LZ"}, "chen": {"WUX", "LZ", None},
        "gao": {"WUX", "LZ", None},
    }  # fmt: skip
    for who, codes in reach.items():
        page = visit(getattr(cast, who), "ranking", week=str(WEEK))
        assert {link.get("branch") for link in links(page)} == codes, who


def test_every_link_opens_as_many_cases_as_the_figure_says(
    played: Played, cast: Cast, visit: Visit
) -> None:
    page = visit(cast.chen, "ranking", week=str(WEEK))
    ranking = weekly(WEEK, at=CUT_OFF)
    firm = {**ranking.total.numbers, "unruled": 1, "elsewhere": 1}
    numbers = {row.branch.code: row.numbers for row in ranking.rows} | {None: firm}
    opened = set()
    for link in links(page):
        cases = visit(cast.chen, "ranking-cases", **link)
        figure, expected = link["figure"], numbers[link.get("branch")][link["figure"]]
        if FIGURES[figure].in_yuan:
            assert "合计 650.50 元" in cases
            expected = 2
        if FIGURES[figure].by_share:
            assert f"合计 {plain(expected)} 件" in cases
            expected = int(expected)  # of this week, each whole
        assert len(re.findall(r'<a class="no"', cases)) == expected, link
        assert f"共 {expected} 条" in cases
        opened.add((link.get("branch"), figure))
    shown = {name for name in WUXI if not name.startswith(("remedies", "callbacks_satisfied"))}
    assert opened >= {(code, name) for name in shown for code in ("WUX", None)}
    assert opened >= {(None, "unruled"), (None, "elsewhere")}


def test_the_list_names_its_neighbours_so_that_every_figure_can_be_opened(
    played: Played, cast: Cast, visit: Visit
) -> None:
    query = {"week": str(WEEK), "branch": "WUX"}
    page = visit(cast.wang, "ranking-cases", figure="callbacks_reached", **query)
    assert [link["figure"] for link in links(page)] == [
        "callbacks_attempted", "callbacks_reached", "callbacks_satisfied",
    ]  # fmt: skip
    page = visit(cast.wang, "ranking-cases", figure="apology_met", **query)
    assert len(links(page)) == 8


OUT_OF_REACH = [
    ("ma", "WUX", "complaints"),  # foreign
    ("wang", "SUZ", "complaints"),  # of the same region, foreign all the same
    ("wang", "", "complaints"),  # all branches together
    ("xu", "", "complaints"),
    ("wang", "", "unruled"),
    ("chen", "NOWHERE", "complaints"),
    ("chen", "WUX\x00", "complaints"),
    ("chen", "WUX", "no_such"),
    ("chen", "WUX", ""),
    ("chen", "WUX", "unruled"),  # of no branch
]


def test_what_lies_out_of_reach_is_not_found(played: Played, cast: Cast, visit: Visit) -> None:
    for who, branch, figure in OUT_OF_REACH:
        query = {"week": str(WEEK), "branch": branch, "figure": figure}
        page = visit(getattr(cast, who), "ranking-cases", status=404, **query)
        assert played.usual.no not in page, (who, branch, figure)


def test_a_region_opens_the_cases_of_its_branches(played: Played, cast: Cast, visit: Visit) -> None:
    page = visit(cast.xu, "ranking-cases", week=str(WEEK), branch="WUX", figure="complaints")
    assert played.usual.no in page
    assert played.unruled.no not in page


def test_no_name_or_phone_of_a_customer_stands_in_a_list(
    played: Played, cast: Cast, visit: Visit
) -> None:
    page = visit(cast.chen, "ranking-cases", week=str(WEEK), branch="WUX", figure="complaints")
    assert "孙玉梅" not in page
    assert "13800138000" not in page


BAD = ["2026-W99", "x" * 5000, "<script>alert(1)</script>", "2026-W47'--", "0001-W01", "\x00"]


@pytest.mark.parametrize("written", BAD)
@pytest.mark.parametrize("name", PAGES)
def test_a_bad_week_is_told_in_a_sentence_and_the_picker_stays(
    cast: Cast, visit: Visit, name: str, written: str
) -> None:
    page = visit(
        cast.chen, name, status=400, week=written, figure="complaints", branch=cast.wuxi.code
    )
    assert 'id="week-error"' in page
    assert '<select id="week" name="week"' in page
    assert '<option value="2026-W47" selected>' in page
    assert "<script>alert" not in page
    assert len(page) < 100_000


def test_without_a_week_the_last_full_one_is_shown(cast: Cast, visit: Visit) -> None:
    page = visit(cast.chen, "ranking")
    assert '<option value="2026-W47" selected>' in page
    assert 'href="/rankings/weekly/?week=2026-W46"' in page
    assert 'href="/rankings/weekly/?week=2026-W48"' in page
    now = visit(cast.chen, "ranking", week="2026-W48")
    assert "还没有过完" in now
    assert 'href="/rankings/weekly/?week=2026-W49"' not in now
    assert "还没有开始" in visit(cast.chen, "ranking", week="2026-W49")
    assert '<option value="2019-W01" selected>' in visit(cast.chen, "ranking", week="2019-W1")


def test_a_long_list_comes_in_pages(acts: Acts, cast: Cast, visit: Visit) -> None:
    for minutes in range(51):
        acts.case(cast.wuxi, MONDAY + timedelta(minutes=minutes))
    query = {"week": str(WEEK), "branch": "WUX", "figure": "complaints"}
    first = visit(cast.chen, "ranking-cases", **query)
    second = visit(cast.chen, "ranking-cases", page="2", **query)
    numbers = [re.findall(r'<a class="no"[^>]*>([^<]+)', page) for page in (first, second)]
    assert [len(each) for each in numbers] == [50, 1]
    assert len({no for each in numbers for no in each}) == 51
    assert 'figure=complaints&amp;page=2"' in first
    for strange in ("0", "-1", "x", "99999999999999999999"):
        visit(cast.chen, "ranking-cases", page=strange, **query)


def test_names_that_look_like_markup_stay_text(cast: Cast, acts: Acts, visit: Visit) -> None:
    name = "<b>\"&'</b>分公司"
    odd = branches.save(
        Branch(code="ODD", name=name, kind=BranchKind.BRANCH, parent=cast.northwest)
    )
    for minutes in range(3):
        acts.case(odd, MONDAY + minutes * HOUR / 60)
    page = visit(cast.chen, "ranking", week=str(WEEK))
    assert "<b>" not in page
    assert "&lt;b&gt;" in page


def test_the_chart_says_in_words_what_it_draws(played: Played, cast: Cast, visit: Visit) -> None:
    page = visit(cast.chen, "ranking", week=str(WEEK))
    chart = page[page.index('<svg width="100%"') :]
    chart = chart[: chart.index("</svg>")]
    assert 'role="img"' in chart
    assert "无锡分公司 60.67" in chart[chart.index("<desc") : chart.index("</desc>")]
    assert 'width="32.76%"' in chart  # 60.67 of 100 points on 54 % of the width
    assert "style=" not in page


def test_pages_need_no_more_queries_for_more_branches_and_cases(
    acts: Acts, cast: Cast, django_assert_max_num_queries: object
) -> None:
    client = Client()
    client.force_login(cast.chen)
    query = {"week": str(WEEK), "branch": "WUX", "figure": "apology_decided"}

    def counted(name: str) -> int:
        with django_assert_max_num_queries(30) as seen:  # type: ignore[operator]
            assert client.get(reverse(name), query).status_code == 200
        return len(seen)

    acts.settle(acts.case(cast.wuxi, MONDAY))
    client.get(reverse("ranking"), query)  # fills the cache of the frame
    before = {name: counted(name) for name in PAGES}
    for n in range(5):
        acts.settle(acts.case(cast.wuxi, MONDAY + n * HOUR))
        branch = Branch(code=f"B{n}", name=f"第{n}分公司", kind=BranchKind.BRANCH, parent=cast.east)
        acts.settle(acts.case(branches.save(branch), MONDAY))
    assert {name: counted(name) for name in PAGES} == before


def test_one_who_has_left_sees_nothing(cast: Cast) -> None:
    gone = people.hire(
        "gone", name="离职", role=Role.SUPERVISOR, branch=cast.wuxi, password=PASSWORD
    )
    client = Client()
    client.force_login(gone)
    Person.objects.filter(pk=gone.pk).update(is_active=False)
    assert client.get(reverse("ranking")).status_code in {302, 403}
