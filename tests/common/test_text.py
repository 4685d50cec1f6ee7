"""The door for text: what is refused, what is kept, and that twice is the same as once."""

from __future__ import annotations

import json
import time
import unicodedata

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.errors import RuleBroken
from common.text import _MAY_MARK, MARKS_PER_BASE, clean, is_blank
from tests.shared import DATA

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
NAUGHTY: list[str] = json.loads((DATA / "strings/blns.json").read_text("utf-8"))
#: Characters that meet each other's rules: marks, joiners, emoji, blanks, Hangul, Kannada.
TRICKY = (
    "a é e \u0301\u0316\u0344\u0327\u0345\u093c\u0958\u0cc6\u0cc2\u0cd5\u1100\u1161\u11a8\u2126"
    "\u200b\u200d\u200e\u202e\u2060\ufeff\ufe0f\u00ad\u034f\u2028\u3000\t\n\r"
    "\U0001f468\U0001f469\u2640\U0001f3f4\U000e0067\U000e007f\U0001d15e\U0001d165"
)
texts = st.one_of(
    st.text(max_size=60),
    st.text(st.sampled_from(TRICKY), max_size=60),
    st.lists(st.sampled_from(NAUGHTY), max_size=3).map("".join),
)


def refusal(value: str, *, lines: bool = False, limit: int = 10_000) -> str:
    with pytest.raises(RuleBroken) as caught:
        clean(value, limit=limit, field="what", lines=lines)
    assert caught.value.field == "what"
    assert caught.value.message
    return caught.value.code


def kept(value: str, *, lines: bool) -> str | None:
    try:
        return clean(value, limit=100_000, lines=lines)
    except RuleBroken as refused:
        if refused.code in {"text.nul", "text.surrogate", "text.control"}:
            return None
        raise


@pytest.mark.parametrize("lines", [True, False])
def test_each_naughty_string_is_kept_by_the_rule_or_refused_for_controls(lines: bool) -> None:
    refused = [value for value in NAUGHTY if kept(value, lines=lines) is None]
    for value in NAUGHTY:
        has_control = any(
            (unicodedata.category(c) == "Cc" and c not in "\t\n\r") or c in "\ufffe\uffff"
            for c in value
        )
        assert (value in refused) == has_control, ascii(value)
    assert 3 < len(refused) < 12


@unhurried
@given(texts, st.booleans())
def test_twice_is_the_same_as_once(value: str, lines: bool) -> None:
    once = kept(value, lines=lines)
    if once is not None:
        assert kept(once, lines=lines) == once
        assert unicodedata.is_normalized("NFC", once)
        assert once == once.strip()


@unhurried
@given(texts)
def test_a_name_has_one_line_and_nothing_hidden(value: str) -> None:
    once = kept(value, lines=False)
    if once:
        assert len(once.splitlines()) == 1
        assert not set(once) & set("\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\ufeff")


@unhurried
@given(texts)
def test_nothing_seen_is_lost_from_a_paragraph(value: str) -> None:
    once = kept(value, lines=True)
    if once is not None:
        letters = [c for c in unicodedata.normalize("NFC", value) if c.isalnum()]
        assert [c for c in once if c.isalnum()] == letters


@pytest.mark.django_db
@unhurried
@given(texts)
def test_postgresql_gives_back_what_was_stored(value: str) -> None:
    once = kept(value, lines=True)
    if once is not None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT %s::text, char_length(%s::text)", [once, once])
            assert cursor.fetchone() == (once, len(once))


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("好\x00", "text.nul"),
        ("\x00\x01\ud800", "text.nul"),
        ("好\ud800", "text.surrogate"),
        ("\udfff", "text.surrogate"),
        ("响铃\x07", "text.control"),
        ("\x1b[31m红", "text.control"),
        ("删除\x7f", "text.control"),
        ("下一行\x85", "text.control"),
        ("非字符\ufffe", "text.control"),
    ],
)
@pytest.mark.parametrize("lines", [True, False])
def test_what_cannot_be_stored_is_refused(value: str, code: str, lines: bool) -> None:
    assert refusal(value, lines=lines) == code


def test_paragraphs_keep_lines_and_tabs_names_do_not() -> None:
    value = "  第一行\r\n\t第二行\r第三行 \u3000"
    assert clean(value, limit=100, lines=True) == "第一行\n\t第二行\n第三行"
    assert clean(value, limit=100) == "第一行 第二行 第三行"


@pytest.mark.parametrize(
    "value",
    [
        "",
        "  \u3000\n",
        "\u200b\u200c\u200d\ufeff",
        "\u202e\u2066\u2069",
        "\u3164\u115f",
        "\ufe0f",
        "\u2800",
        "\U000e0041\U000e0042",
    ],
)
def test_what_cannot_be_seen_is_blank(value: str) -> None:
    assert is_blank(value)
    assert is_blank(clean(value, limit=10, lines=True))


@pytest.mark.parametrize(
    "value", ["。", "0", "👍", "❤\ufe0f", "𠮷", "e\u0301", "🏴\U000e0067\U000e007f"]
)
def test_what_can_be_seen_is_not_blank(value: str) -> None:
    assert not is_blank(value)
    assert not is_blank(clean(value, limit=10))


def test_right_to_left_override_is_taken_out_of_names_and_left_in_paragraphs() -> None:
    assert clean("发票\u202efdp.exe", limit=100) == "发票fdp.exe"
    assert clean("发票\u202efdp.exe", limit=100, lines=True) == "发票\u202efdp.exe"


def test_hiding_a_mark_behind_an_invisible_one_still_composes() -> None:
    assert clean("e\u200b\u0301", limit=10) == "é"


@pytest.mark.parametrize(
    "emoji",
    [
        "👨‍👩‍👧‍👦",
        "👩🏽‍🚒",
        "🏳️‍🌈",
        "❤️‍🔥",
        "🙂‍↔️",
        "🐦‍⬛",
        "👁️‍🗨️",
        "🧑‍⚕️",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "1️⃣",
        "🇨🇳",
    ],
)
def test_emoji_stay_whole(emoji: str) -> None:
    assert clean(f"{emoji}李{emoji}", limit=100) == f"{emoji}李{emoji}"
    assert clean(emoji, limit=100, lines=True) == emoji


def test_joiners_and_tags_that_join_nothing_are_taken_out() -> None:
    assert clean("张\u200d三", limit=10) == "张三"
    assert clean("👨\u200d\u200d👩", limit=10) == "👨👩"
    assert clean("👨\u200d", limit=10) == "👨"
    assert clean("张\U000e0041三", limit=10) == "张三"


@pytest.mark.parametrize(
    "name", ["㛃", "𠮷", "𪚥", "𫝀", "𫠠", "𬺰", "\U00030000", "\U00031350", "葛\U000e0100", "䶮"]
)
def test_rare_characters_of_names_are_kept_and_count_as_one(name: str) -> None:
    assert clean(name, limit=len(name)) == name
    assert len(clean(name * 30, limit=60)) == 30 * len(name)


@pytest.mark.parametrize("lines", [True, False])
def test_floods_of_marks_are_cut(lines: bool) -> None:
    flood = "x" + "\u0335\u0321\u0489" * 3000 + "好" + "\u0327" * MARKS_PER_BASE
    cut = clean(flood, limit=100, lines=lines)
    assert len(cut) == 2 + 2 * MARKS_PER_BASE
    assert clean("u\u0308\u0304", limit=10, lines=lines) == "ǖ"
    assert clean("ป้ำ ཧཱུྃ हिन्दी", limit=50, lines=lines) == "ป้ำ ཧཱུྃ हिन्दी"


def test_a_megabyte_of_marks_takes_no_second() -> None:
    flood = "a" + "\u0301\u0316" * 250_000
    started = time.process_time()
    assert len(clean(flood, limit=100)) <= 1 + MARKS_PER_BASE
    assert time.process_time() - started < 1


def test_the_limit_counts_characters_after_cleaning() -> None:
    assert clean(" " + "𠮷" * 100 + "\n", limit=100) == "𠮷" * 100
    assert refusal("𠮷" * 101, limit=100) == "text.too_long"
    assert len(clean("e\u0301" * 100, limit=100)) == 100
    with pytest.raises(RuleBroken, match=r"最多 100 个字，现有 1000000 个字"):
        clean("长" * 1_000_000, limit=100)


@pytest.mark.parametrize(
    "value", ["{{7*7}}", "{% load %}", "<script>alert(1)</script>", "';--", "%s"]
)
def test_code_is_text(value: str) -> None:
    assert clean(value, limit=100) == value


def test_what_is_let_through_unread_has_no_marks() -> None:
    unread = (chr(code) for code in range(0x110000) if not _MAY_MARK.search(chr(code)))
    assert [sign for sign in unread if unicodedata.category(sign)[0] == "M"] == []
