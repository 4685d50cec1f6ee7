"""The invented firm as it stands in the database: with its history, ready to change."""

from __future__ import annotations

import pytest
from django.db import connection

from recovery.demo.load import load_firm
from staff.models import Branch, BranchSpan, Person, Post


@pytest.mark.django_db
def test_the_demos_branches_and_people_have_their_history() -> None:
    load_firm()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert BranchSpan.objects.filter(since=None, until=None).count() == Branch.objects.count() == 19
    held = Post.objects.filter(is_current=True, since=None).values_list("person", flat=True)
    assert sorted(held) == sorted(Person.objects.values_list("pk", flat=True))
