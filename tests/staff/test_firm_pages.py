"""机构和人员: the pages that everybody reads and the administrator changes by, and the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from staff import branches, people
from staff.models import Branch, Calendar, Person, Post, Role
from tests.conftest import MONDAY, Cast
from tests.staff.moving import vacate
from tests.staff.test_pages import enter

DAY = timedelta(days=1)


def local(moment: Any) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%dT%H:%M}"


@pytest.fixture(autouse=True)
def _monday() -> Any:
    with time_machine.travel(MONDAY + DAY, tick=False):
        yield


@pytest.fixture
def root(cast: Cast) -> Client:
    return enter(cast.root)


def page(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status
    return response.content.decode()


def send(client: Client, address: str, **form: Any) -> str:
    """The sentence of the page that comes of it; a refused form is 422."""
    response = client.post(address, form, follow=True)
    return f"{response.status_code} {response.content.decode()}"


READ = ["/branches/", "/branches/?as_of=2026-11-01", "/branches/WUX/", "/people/", "/people/li/"]
CHANGE = [
    "/branches/new/", "/branches/WUX/name/", "/branches/WUX/place/", "/branches/WUX/closure/",
    "/branches/WUX/details/", "/people/new/", "/people/li/details/", "/people/li/posts/",
]  # fmt: skip


@pytest.mark.parametrize("who", ["li", "wang", "chen", "gao", "root"])
def test_everybody_reads_and_the_administrator_changes(cast: Cast, who: str) -> None:
    client = enter(getattr(cast, who))
    for address in READ:
        text = page(client, address)
        assert ("zhao@example.com" in text or "li@example.com" in text) <= (who == "root")
    for address in CHANGE:
        assert client.get(address).status_code == (200 if who == "root" else 403)
        sent = client.post(address, {"calendar": "0", "name": "x" * 99})
        assert sent.status_code == (422 if who == "root" else 403)
    cancel = client.post("/people/li/posts/cancellation/")
    assert cancel.status_code == (302 if who == "root" else 403)
    for address in ("/branches/NONE/", "/people/nobody/", "/people/Li/"):
        assert client.get(address).status_code == 404


def test_a_branch_is_founded_renamed_moved_and_merged(root: Client, cast: Cast) -> None:
    found = {
        "code": "CZX", "name": "常州分公司", "kind": "branch", "parent": "EAST", "city": "常州",
        "since": local(MONDAY),
    }  # fmt: skip
    assert "机构已设立" in send(root, "/branches/new/", **found)
    assert "422" in send(root, "/branches/new/", **found)
    named = send(root, "/branches/CZX/name/", name="龙城分公司", since=local(MONDAY + DAY / 2))
    assert "已更名" in named
    assert "隶属关系已调整" in send(
        root, "/branches/CZX/place/", parent="NW", since=local(MONDAY + DAY)
    )
    assert "已有过一次变更" in send(root, "/branches/CZX/name/", name="甲", since=local(MONDAY))
    text = page(root, "/branches/CZX/")
    assert text.index("龙城分公司") < text.index("常州分公司")
    made = Branch.objects.get(code="CZX")
    assert (made.name, made.parent, made.city) == ("龙城分公司", cast.northwest, "常州")
    refused = send(root, "/branches/WUX/closure/", into="SUZ", since=local(MONDAY))
    assert "还有 2 名在用的人员" in refused
    vacate(cast, cast.wuxi, cast.suzhou, at=MONDAY)
    assert "机构已撤并" in send(root, "/branches/WUX/closure/", into="SUZ", since=local(MONDAY))
    assert "现由“苏州分公司”接手" in page(root, "/branches/WUX/")
    assert "无锡分公司" in page(root, "/branches/SUZ/")
    assert "已经撤并" in send(root, "/branches/WUX/name/", name="乙", since=local(MONDAY + DAY))


def test_the_tree_of_another_day(root: Client, cast: Cast) -> None:
    branches.rename(cast.wuxi.pk, "太湖分公司", since=MONDAY, by=cast.root, at=MONDAY)
    assert "无锡分公司" in page(root, "/branches/?as_of=2026-11-15")
    for address in ("/branches/", "/branches/?as_of=2026-11-16", "/branches/?as_of=2099-01-01"):
        text = page(root, address)
        assert "太湖分公司" in text
        assert "无锡分公司" not in text
    assert "请填写日期" in page(root, "/branches/?as_of=gestern", 400)
    page(root, "/branches/?as_of=0001-01-01")
    page(root, "/branches/?as_of=9999-12-31")


def test_a_branch_chooses_its_hours_on_its_page(root: Client, cast: Cast) -> None:
    calendar = Calendar.objects.create(name="门店", weekly="mon-fri 09:00-18:00")
    assert "已保存" in send(root, "/branches/WUX/details/", city="无锡", calendar=calendar.pk)
    assert "门店" in page(root, "/branches/WUX/")


def test_somebody_is_taken_on_described_and_appointed(root: Client, cast: Cast) -> None:
    form = {
        "username": "neu", "name": "新人", "role": "frontline", "branch": "WUX", "phone": "",
        "email": "neu@example.com", "since": local(MONDAY), "password": "a-good-word-2026",
    }  # fmt: skip
    for name, value in (
        ("username", "LI"), ("username", "a b"), ("name", " "), ("email", "x"),
        ("password", "123"), ("since", local(MONDAY + 9 * DAY)), ("branch", "NONE"),
    ):  # fmt: skip
        assert send(root, "/people/new/", **{**form, name: value}).startswith("422"), name
    assert "人员已新增" in send(root, "/people/new/", **form)
    made = Person.objects.get(username="neu")
    assert made.check_password("a-good-word-2026")
    assert Post.objects.get(person=made).since == MONDAY
    assert "已保存" in send(root, "/people/neu/details/", name="新来的", phone="1", email="")
    assert Person.objects.get(username="neu").sort_key == "xin lai de"
    since = MONDAY + 9 * DAY
    said = send(root, "/people/neu/posts/", role="quality", branch="HQ", since=local(since))
    assert "任命已保存" in said
    assert f"{timezone.localtime(since):%Y-%m-%d %H:%M} 起任“总部”品质管理员" in said
    assert "已安排的任职已取消" in send(root, "/people/neu/posts/cancellation/")
    assert "已取消" in page(root, "/people/neu/")
    made.refresh_from_db()
    assert (made.role, made.branch) == (Role.FRONTLINE, cast.wuxi)


def test_people_are_found_by_name_role_and_branch(root: Client, cast: Cast) -> None:
    Person.objects.filter(pk=cast.ma.pk).update(is_active=False)
    found = {
        "?q=李": {"li"}, "?q=WANG": {"wang"}, "?role=supervisor": {"wang", "xu"},
        "?branch=LZ": {"zhao"}, "?branch=LZ&active=all": {"zhao", "ma"}, "?active=no": {"ma"},
        "?q=没有": set(),
    }  # fmt: skip
    everyone = {person.username for person in cast.people}
    for query, expected in found.items():
        text = page(root, f"/people/{query}")
        assert {name for name in everyone if f'href="/people/{name}/"' in text} == expected
    page(root, "/people/?branch=NONE", 400)


def test_the_tree_and_the_people_cost_the_same_however_many(
    root: Client, cast: Cast, django_assert_max_num_queries: Any
) -> None:
    for n in range(15):
        made = branches.save(Branch(code=f"N{n}", name=f"{n}", kind="branch", parent=cast.east))
        people.hire(f"n{n}", name="众", role=Role.FRONTLINE, branch=made, password=None)
    for address in READ:
        with django_assert_max_num_queries(25):
            page(root, address)


def test_the_api_tells_the_tree_of_a_day(root: Client, cast: Cast) -> None:
    vacate(cast, cast.wuxi, cast.suzhou, at=MONDAY)
    branches.rename(cast.suzhou.pk, "太湖分公司", since=MONDAY, by=cast.root, at=MONDAY)
    branches.merge(cast.wuxi.pk, cast.suzhou, since=MONDAY, by=cast.root, at=MONDAY)

    def rows(query: str = "") -> dict[str, Any]:
        answer = root.get(f"/api/v1/branches/{query}")
        assert answer.status_code == 200, answer.content
        return {row["code"]: row for row in answer.json()["results"]}

    assert set(rows()) == {"HQ", "EAST", "NW", "SUZ", "LZ"}
    before = rows("?as_of=2026-11-15")
    assert before["SUZ"]["name"] == "苏州分公司"
    assert (before["WUX"]["parent"], before["WUX"]["heir"]) == ("EAST", "SUZ")
    assert "WUX" not in rows("?as_of=2026-11-16")
    for wrong in ("x", "2026-13-01", "1800-01-01"):
        answer = root.get(f"/api/v1/branches/?as_of={wrong}")
        assert (answer.status_code, answer.json()["field"]) == (400, "as_of")
