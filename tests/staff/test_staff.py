"""Who works here: the tree of branches, posts and their vacancies, limits, reach."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from common.errors import RuleBroken
from staff import branches, people
from staff.access import Scope, branches_in_scope, scope_of
from staff.branches import sort_key
from staff.limits import covers, limit_of, role_covers
from staff.models import AuthorityLimit, Branch, BranchKind, Person, Role
from staff.posts import Roster
from tests.conftest import PASSWORD, Cast


def path(branch: Branch) -> str:
    return Branch.objects.get(pk=branch.pk).path


def test_a_path_holds_all_that_lies_above(cast: Cast) -> None:
    hq, east, wuxi = cast.headquarters, cast.east, cast.wuxi
    assert path(wuxi) == f"/{hq.pk}/{east.pk}/{wuxi.pk}/"
    assert wuxi.ancestor_ids == [wuxi.pk, east.pk, hq.pk]


def test_a_branch_moves_with_all_below_it(cast: Cast) -> None:
    office = branches.save(
        Branch(code="WUX1", name="无锡新区", kind=BranchKind.BRANCH, parent=cast.wuxi)
    )
    cast.wuxi.parent = cast.northwest
    branches.save(cast.wuxi)
    above = path(cast.northwest)
    assert path(cast.wuxi) == f"{above}{cast.wuxi.pk}/"
    assert path(office) == f"{above}{cast.wuxi.pk}/{office.pk}/"
    assert path(cast.suzhou) == f"{path(cast.east)}{cast.suzhou.pk}/"
    assert set(branches_in_scope(cast.ma)) == {cast.lanzhou}
    assert set(branches_in_scope(cast.xu)) == {cast.east, cast.suzhou}


def test_a_whole_region_moves(cast: Cast) -> None:
    cast.northwest.parent = cast.east
    branches.save(cast.northwest)
    assert path(cast.lanzhou) == f"{path(cast.east)}{cast.northwest.pk}/{cast.lanzhou.pk}/"


def test_a_branch_never_hangs_below_itself(cast: Cast) -> None:
    before = dict(Branch.objects.values_list("pk", "path"))
    for parent in (cast.wuxi, cast.east):
        cast.east.parent = parent
        with pytest.raises(RuleBroken) as refused:
            branches.save(cast.east)
        assert (refused.value.code, refused.value.field) == ("parent.below_itself", "parent")
    assert dict(Branch.objects.values_list("pk", "path")) == before


def test_saving_again_changes_no_path_but_the_sort_key(cast: Cast) -> None:
    before = path(cast.wuxi)
    cast.wuxi.name = "安徽分公司"
    branches.save(cast.wuxi)
    assert path(cast.wuxi) == before
    assert Branch.objects.get(pk=cast.wuxi.pk).sort_key == "an hui fen gong si"


def test_there_is_one_headquarters_and_all_else_hangs_below(cast: Cast) -> None:
    second = Branch(code="HQ2", name="总部二", kind=BranchKind.HEADQUARTERS)
    with pytest.raises(IntegrityError, match="branch_one_headquarters"), transaction.atomic():
        branches.save(second)
    loose = Branch(code="X", name="孤", kind=BranchKind.BRANCH)
    with pytest.raises(IntegrityError, match="has_no_parent"), transaction.atomic():
        branches.save(loose)


def test_names_sort_by_pinyin(cast: Cast) -> None:
    assert sort_key("重庆") == "chong qing"
    assert [branch.name for branch in Branch.objects.filter(kind="branch")] == [
        "兰州分公司", "苏州分公司", "无锡分公司",
    ]  # fmt: skip
    assert len(sort_key("字" * 500)) <= 200


def test_people_are_hired_with_a_password_they_can_use(cast: Cast) -> None:
    assert cast.li.check_password(PASSWORD)
    assert (cast.li.is_staff, cast.li.is_superuser) == (False, False)
    assert (cast.root.is_staff, cast.root.is_superuser) == (True, True)
    silent = people.hire("zz", name="周", role=Role.QUALITY, branch=cast.east, password=None)
    assert not silent.has_usable_password()
    assert (str(silent), silent.sort_key) == ("周", "zhou")


@pytest.mark.parametrize("username", ["li", "LI", "Li"])
def test_a_username_is_taken_in_any_case(cast: Cast, username: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        people.hire(username, name="李", role=Role.FRONTLINE, branch=cast.wuxi, password=None)


LIMITS = [
    ("li", "200"), ("wang", "1000"), ("xu", "1000"), ("chen", "0"), ("lin", "20000"),
    ("gao", None), ("root", "0"),
]  # fmt: skip


@pytest.mark.parametrize(("who", "limit"), LIMITS)
def test_each_role_has_its_limit(cast: Cast, who: str, limit: str | None) -> None:
    person = getattr(cast, who)
    assert limit_of(person) == (None if limit is None else Decimal(limit))
    at = Decimal(limit or 9_999_999)
    assert covers(person, at)
    assert role_covers(person.role, at)
    assert covers(person, at + Decimal("0.01")) == (limit is None)


def test_a_limit_is_one_a_role_and_never_negative(cast: Cast) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        AuthorityLimit.objects.create(role=Role.FRONTLINE, amount=1)
    with pytest.raises(IntegrityError, match="not_negative"), transaction.atomic():
        AuthorityLimit.objects.create(role=Role.QUALITY, amount=-1)
    AuthorityLimit.objects.filter(role=Role.FRONTLINE).update(amount=300)
    assert limit_of(cast.li) == 300


REACH = [
    ("li", Scope.BRANCH, {"WUX"}),
    ("zhao", Scope.BRANCH, {"LZ"}),
    ("wang", Scope.SUBTREE, {"WUX"}),
    ("xu", Scope.SUBTREE, {"EAST", "WUX", "SUZ"}),
    ("chen", Scope.EVERYTHING, {"HQ", "EAST", "NW", "WUX", "SUZ", "LZ"}),
    ("lin", Scope.EVERYTHING, {"HQ", "EAST", "NW", "WUX", "SUZ", "LZ"}),
    ("gao", Scope.EVERYTHING, {"HQ", "EAST", "NW", "WUX", "SUZ", "LZ"}),
    ("root", Scope.NOTHING, set()),
]


@pytest.mark.parametrize(("who", "scope", "codes"), REACH)
def test_each_person_reaches_their_part_of_the_firm(
    cast: Cast, who: str, scope: Scope, codes: set[str]
) -> None:
    person = getattr(cast, who)
    assert scope_of(person) == scope
    assert {branch.code for branch in branches_in_scope(person)} == codes
    person.is_active = False
    assert scope_of(person) == Scope.NOTHING
    assert not branches_in_scope(person).exists()


def test_front_line_at_headquarters_reaches_headquarters_only(cast: Cast) -> None:
    desk = people.hire(
        "hot", name="热线", role=Role.FRONTLINE, branch=cast.headquarters, password=None
    )
    assert set(branches_in_scope(desk)) == {cast.headquarters}


#: (role, branch, who has left, who answers for it)
POSTS = [
    (Role.FRONTLINE, "wuxi", set(), {"li"}),
    (Role.FRONTLINE, "suzhou", set(), {"xu"}),
    (Role.SUPERVISOR, "wuxi", set(), {"wang"}),
    (Role.SUPERVISOR, "suzhou", set(), {"xu"}),
    (Role.SUPERVISOR, "northwest", set(), {"chen"}),
    (Role.SUPERVISOR, "wuxi", {"wang"}, {"xu"}),
    (Role.SUPERVISOR, "lanzhou", {"ma"}, {"chen"}),
    (Role.QUALITY, "lanzhou", set(), {"chen"}),
    (Role.QUALITY, "lanzhou", {"chen"}, {"lin"}),
    (Role.DIRECTOR, "wuxi", {"lin"}, {"gao"}),
    (Role.GENERAL_MANAGER, "wuxi", {"gao"}, {"lin"}),
    (Role.ADMINISTRATOR, "wuxi", {"root"}, {"gao"}),
]


@pytest.mark.parametrize(("role", "branch", "gone", "holders"), POSTS)
def test_a_post_is_held_in_the_branch_or_by_the_nearest_above(
    cast: Cast, role: Role, branch: str, gone: set[str], holders: set[str]
) -> None:
    Person.objects.filter(username__in=gone).update(is_active=False)
    found = Roster().holders(role, getattr(cast, branch).pk)
    assert set(Person.objects.filter(pk__in=found).values_list("username", flat=True)) == holders


def test_whoever_holds_several_posts_is_named_once_in_their_order(cast: Cast) -> None:
    Person.objects.filter(username="chen").update(is_active=False)
    roster = Roster()
    found = roster.holders_of_any([Role.DIRECTOR, Role.QUALITY, Role.SUPERVISOR], cast.wuxi.pk)
    assert found == [cast.lin.pk, cast.wang.pk]


def test_a_roster_is_two_queries_whatever_is_asked(
    cast: Cast, django_assert_num_queries: object
) -> None:
    asked = [role for role in Role if role not in (Role.FRONTLINE, Role.ADMINISTRATOR)]
    with django_assert_num_queries(2):  # type: ignore[operator]
        roster = Roster()
        for branch in (cast.wuxi, cast.suzhou, cast.lanzhou):
            for role in asked:
                roster.holders(role, branch.pk)
    with django_assert_num_queries(1):  # type: ignore[operator]
        for branch in (cast.wuxi, cast.suzhou):
            roster.holders(Role.FRONTLINE, branch.pk)
