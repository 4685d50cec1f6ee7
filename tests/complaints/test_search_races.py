"""Several who copy words for the search while people go on writing: the newest words stand."""

from __future__ import annotations

import pytest
from django.db import connection, transaction

from complaints import search_copy, searching, statements
from complaints.models import Channel, Complaint, SearchDue, SearchGrams, SearchText
from complaints.statements import Said
from tests.complaints.test_races import at_once, done
from tests.conftest import MONDAY, Register

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("races")]

ROUNDS = 15


def test_no_older_copy_replaces_a_newer_one(
    register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_copy, "BATCH", 2)
    cases = [register(what=f"第{n}台冰箱门凹了") for n in range(4)]

    def write() -> int:
        for n in range(ROUNDS):
            for case in cases:
                said = Said(channel=Channel.MAIL, said=f"第{n}次补充")
                statements.record(case.pk, said, at=MONDAY)
        return 0

    def copy() -> int:
        return sum(search_copy.catch_up() for _ in range(ROUNDS * 4))

    went = at_once([write, copy, copy, copy])
    assert len(done(went)) == 4
    assert sum(done(went)) + search_copy.catch_up() == len(cases) * (ROUNDS + 1)
    assert not SearchDue.objects.exists()
    for case in cases:
        words = SearchText.objects.get(pk=case.pk).words
        assert [f"第{n}次补充" in words for n in range(ROUNDS)] == [True] * ROUNDS
        assert _grams_of(words) == sorted(SearchGrams.objects.get(pk=case.pk).grams)
    newest = searching.newest(Complaint.objects.all(), f"第{ROUNDS - 1}次补充", most=20)
    assert sorted(newest) == [case.pk for case in cases]


def test_whoever_copies_waits_for_no_case_that_somebody_holds(register: Register) -> None:
    held, free = register(), register()
    with transaction.atomic():
        Complaint.objects.select_for_update().get(pk=held.pk)
        assert done(at_once([search_copy.catch_up])) == [1]
    assert [due.case_id for due in SearchDue.objects.all()] == [held.pk]
    assert [text.pk for text in SearchText.objects.all()] == [free.pk]
    assert search_copy.catch_up() == 1


def _grams_of(words: str) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT complaints_grams(%s)", [words])
        return sorted(cursor.fetchone()[0])
