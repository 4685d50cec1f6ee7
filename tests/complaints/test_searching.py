"""The search: by words of any length, in what is copied already and in what is not yet."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common import walls
from complaints import search_copy, searching, statements
from complaints.access import visible_to
from complaints.models import Channel, Complaint, SearchDue, SearchGrams, SearchText
from complaints.statements import Said
from staff.eyes import eyes_of
from staff.models import Person
from tests.conftest import MONDAY, Cast, Register

HOUR = timedelta(hours=1)


def search(words: str, most: int = 20) -> list[int]:
    return searching.newest(Complaint.objects.all(), words, most=most)


def copied() -> None:
    while search_copy.catch_up():
        pass


def left_alone() -> None:
    """Nothing is copied."""


COPY = pytest.mark.parametrize("copy", [copied, left_alone])

SAID = "琴弦断了两根，外包装 ＡＢ-12 破损。\n100% 要求赔偿 C:\\单 50_60"
FOUND = [
    "琴弦", "断了两", "两根，外", "外包装 ab-12 破损", "AB-12", "ａｂ", "100%", "\\单", "50_60",
    "0_6", "YD-0077", "yd-0077", "0077", "退一赔三", "周文", "13900001111", "+86 139 0000 1111",
    "１３９００００１１１１", "司机又骂人", "又骂",
]  # fmt: skip
ONE_CHARACTER = ["琴", "%", "_", "骂"]
NOT_FOUND = [
    "弦琴", "琴断", "断两", "包装破", "%琴", "琴_断", "琴%断", "\\_", "周", "390000111", "1390",
    "破损。100", "骂人司机", "外星人", "YD-00777", "TS2611-0000000-0", "#",
]  # fmt: skip


WAYS = {
    "read through": {},
    "by the index": {"WALKED": 0},
    "met by reading on": {"WALKED": 0, "MANY": 0},
    "by the index after all": {"WALKED": 0, "MANY": 0, "WALKED_FURTHER": 1},
}


@COPY
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_just_what_has_the_words_is_found(
    register: Register,
    monkeypatch: pytest.MonkeyPatch,
    copy: Callable[[], None],
    way: dict[str, int],
) -> None:
    case = register(
        what=SAID, order_no="YD-0077", remedy_sought="退一赔三",
        complainant_name="周文", complainant_phone="139 0000 1111",
    )  # fmt: skip
    other = register()
    statements.record(case.pk, Said(channel=Channel.MAIL, said="司机又骂人了"), at=MONDAY)
    copy()
    for name, value in way.items():
        monkeypatch.setattr(searching, name, value)
    assert [term for term in FOUND if search(term) != [case.pk]] == []
    assert [term for term in NOT_FOUND if search(term)] == []
    assert [term for term in ONE_CHARACTER if search(term) != [case.pk]] == []
    assert search(other.no.lower()) == [other.pk]


def test_who_is_known_by_a_phone_is_looked_up_and_not_looked_for(register: Register) -> None:
    case = register(complainant_phone="139 0000 1111")
    with CaptureQueriesContext(connection) as asked:
        assert search("139 0000 1111") == [case.pk]
    # asked once, for ids; the cases are then looked up by these
    (by_phone,) = [query["sql"] for query in asked if "phone_key" in query["sql"]]
    assert any(f'"id" IN ({case.pk})' in query["sql"] for query in asked)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # one row would be read that way
        cursor.execute("EXPLAIN " + by_phone)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "complaint_by_phone" in plan


def test_a_number_is_found_however_long_it_has_become(register: Register) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT last_value FROM complaints_number")
        (before,) = cursor.fetchone()
        cursor.execute("SELECT setval('complaints_number', 9999999)")
        case = register()
        cursor.execute("SELECT setval('complaints_number', %s)", [before])
    assert case.no == "TS2611-10000000-7"
    assert search(case.no.lower()) == [case.pk]


@COPY
@pytest.mark.parametrize("walked", [searching.WALKED, 0])
def test_the_newest_come_first_and_no_more_than_were_asked_for(
    register: Register, monkeypatch: pytest.MonkeyPatch, copy: Callable[[], None], walked: int
) -> None:
    cases = [register(at=MONDAY - n * HOUR, what="冰箱门凹了") for n in (3, 0, 2, 1)]
    copy()
    register(at=MONDAY - 5 * HOUR, what="冰箱门凹了")  # written last, and not copied
    monkeypatch.setattr(searching, "WALKED", walked)
    expected = [case.pk for case in sorted(cases, key=lambda c: c.received_at, reverse=True)]
    assert search("冰箱门", most=4) == expected
    assert search("冰箱门", most=2) == expected[:2]


@COPY
def test_nobody_finds_what_they_may_not_see(
    cast: Cast, register: Register, copy: Callable[[], None]
) -> None:
    near, far = register(what="冰箱门凹了"), register(by=cast.zhao, what="冰箱门凹了")
    copy()

    def seen(person: Person, found: Callable[[Person], object]) -> set[int]:
        with walls.eyes(eyes_of(person)):
            return set(searching.newest(found(person), "冰箱门", most=9))

    for sight in (visible_to, lambda _person: Complaint.objects.all()):  # the second wall alone
        assert seen(cast.li, sight) == {near.pk}
        assert seen(cast.zhao, sight) == {far.pk}
        assert seen(cast.chen, sight) == {near.pk, far.pk}
        assert seen(cast.root, sight) == set()


def test_words_that_change_are_copied_again(cast: Cast, register: Register) -> None:
    case = register(what="冰箱门凹了")
    copied()
    assert not SearchDue.objects.exists()
    statements.record(case.pk, Said(channel=Channel.MAIL, said="还少一个抽屉"), at=MONDAY)
    assert SearchDue.objects.get().case_id == case.pk
    assert search("抽屉") == [case.pk]
    assert search_copy.catch_up() == 1
    assert search("抽屉") == search("冰箱门") == [case.pk]
    assert "抽屉" in SearchText.objects.get(pk=case.pk).words
    assert SearchGrams.objects.count() == 1


def test_more_than_a_batch_is_copied_in_one_go(
    register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_copy, "BATCH", 2)
    cases = [register(what="冰箱门凹了") for _ in range(5)]
    assert search_copy.catch_up() == 5
    assert set(SearchText.objects.values_list("pk", flat=True)) == {case.pk for case in cases}
    assert search_copy.catch_up() == 0


@pytest.mark.parametrize(
    "text",
    ["", "琴", "琴弦", "\n", "ab\nba", "𠮷野家🎻🎻", "ﷺ", "e\u0301" * 9, "长" * 10_000,
     "yd20261116", "单号yd-2026@1116号", "abc", "abcd", "{abcd}", "12:34:56~", "ａｂｃｄ",
     "é2026é", "a" * 9],
)  # fmt: skip
def test_what_is_looked_for_is_among_what_is_kept(db: None, text: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT folded, complaints_grams(folded) FROM complaints_fold(%s) AS folded", [text]
        )
        folded, kept = cursor.fetchone()
    assert len(kept) == len(set(kept))
    pairs = {line[n : n + 2] for line in folded.split("\n") for n in range(len(line) - 1)}
    assert len({gram for gram in kept if gram > 0}) == len(pairs)
    for line in folded.split("\n"):
        assert set(searching.grams(line)) <= set(kept)
        assert bool(searching.grams(line)) == (len(line) > 1)


def test_the_longest_words_are_copied(register: Register) -> None:
    case = register(what="ﷺ" * 9_999 + "琴", complainant_name="ﷺ" * 60)
    copied()
    assert search("ﷺ琴") == search("ﷺ" * 60) == [case.pk]
