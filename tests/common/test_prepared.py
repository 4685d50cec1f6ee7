"""Statements that a connection prepares once."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common.prepared import PreparedRows
from staff.models import Branch, Person, Role
from tests.conftest import Cast

ONES = PreparedRows(
    lambda name, role: Person.objects.filter(username=name, role=role).select_related("branch"),
    "NAME",
    "ROLE",
)


def test_rows_are_those_of_the_queryset_with_what_hangs_on_them(cast: Cast) -> None:
    (found,) = ONES.get("li", Role.FRONTLINE)
    with CaptureQueriesContext(connection) as asked:
        assert found.branch == cast.wuxi
    assert len(asked) == 0
    plain = Person.objects.get(username="li")
    names = [field.attname for field in Person._meta.concrete_fields]
    assert [getattr(found, name) for name in names] == [getattr(plain, name) for name in names]


def test_blanks_are_filled_in_their_order(cast: Cast) -> None:
    assert ONES.get("li", Role.SUPERVISOR) == []
    assert [one.username for one in ONES.get("wang", cast.wang.role)] == ["wang"]


def test_words_are_values_and_nothing_else(cast: Cast) -> None:
    assert ONES.get("' OR true --", Role.FRONTLINE) == []
    assert ONES.get("%s $1 %%", Role.FRONTLINE) == []


@pytest.mark.parametrize("word", ["\x00", "\ud800"])
def test_what_no_text_can_be_is_refused_before_it_is_sent(cast: Cast, word: str) -> None:
    with pytest.raises(ValueError, match=r"NUL|surrogate"):
        ONES.get(word, Role.FRONTLINE)


def test_a_connection_prepares_it_once_and_a_changed_row_is_seen(cast: Cast) -> None:
    named = PreparedRows(lambda code: Branch.objects.filter(code=code), "CODE")
    with CaptureQueriesContext(connection) as asked:
        assert [one.name for one in named.get("WUX")] == ["无锡分公司"]
        Branch.objects.filter(code="WUX").update(city="无锡")
        assert [one.city for one in named.get("WUX")] == ["无锡"]
    heads = [query["sql"].split()[0] for query in asked]
    assert heads == ["EXECUTE", "UPDATE", "EXECUTE"]  # what prepares is not counted
