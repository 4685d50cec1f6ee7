"""Whatever stands in a head or a line, it is read at once: outside the child nothing ends it."""

from __future__ import annotations

import random
from dataclasses import replace
from time import process_time

import pytest

from intake.mail import addresses, automatic, quote_marks, words
from intake.mail.arrivals import HEAD, head_of
from intake.mail.mailboxes import Settings
from intake.mail.parsing import parse
from tests.intake.mail.letters import letter

PIECES = (
    ";", "; ", "a", "a=", '="', '"', "\\", " ", "a ", "=?", "=?x?q?a", "=?utf-8?B?", "?=", "@",
    "a@", "<", ">", "(", ")", ",", ":", "*", "a*0=", "a*0*=b;", "\r\n ", "'", ". ", "--", "|",
    "> ", "Re:", "=?a?b?c", "a@b ", "\x80", "自动", "发件人", "：", "a*1", "\t", "=",
)  # fmt: skip
FIELDS = ("Content-Type: multipart/mixed", "From: <a@b", "Subject: Re:", "Message-ID: <", "")


def made(number: int, size: int) -> str:
    """Repeated pieces, one of them at the end."""
    chance = random.Random(number)
    if number < len(PIECES):
        repeated = PIECES[number]
    else:
        repeated = "".join(chance.choices(PIECES, k=chance.randint(1, 4)))
    return (repeated * size)[:size] + chance.choice(PIECES) + "x"


@pytest.mark.parametrize("number", range(60))
def test_a_head_of_repeated_pieces_is_read_at_once(number: int) -> None:
    stretch = made(number, HEAD)
    for field in FIELDS:
        begun = process_time()
        head_of((field + stretch + "\r\n\r\nbody").encode())
        assert process_time() - begun < 0.5, field


@pytest.mark.parametrize("number", range(60))
def test_a_header_value_or_a_line_takes_time_by_its_length(number: int) -> None:
    stretch = made(number, HEAD // 4)
    for read in (words.parameters, words.readable, quote_marks.label, addresses.parsed):
        for begins in ("x;", "<a@b"):
            begun = process_time()
            read(begins + stretch)
            assert process_time() - begun < 0.5, (read, begins)


def test_a_subject_of_white_space_is_looked_at_once() -> None:
    begun = process_time()
    mail = replace(parse(letter()), subject="Re:" + " " * 60_000 + "x")
    assert automatic.why(mail, Settings()) is None
    assert process_time() - begun < 0.5
    mail = replace(mail, subject="Re:" + " " * 60_000 + "自动回复")
    assert automatic.why(mail, Settings())


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("a/b; name=x; b = \"y; z\" ; c='q'", {"name": "x", "b": "y; z", "c": "'q'"}),
        ("a/b;;; name=x;name=y", {"name": "x"}),
        ('a/b; "name=x', {"name": "x"}),
        ('a/b; a="x\\"y"b=z', {"a": 'x"y', "b": "z"}),
        ("a/b; no value; name=x", {"name": "x"}),
    ],
)
def test_parameters_are_read_where_they_begin(value: str, found: dict[str, str]) -> None:
    assert words.parameters(value) == found


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("孙 a . b @ c . d", [("", "孙 a.b@c.d")]),
        ("<a \t. b@c.d>", [("", "a.b@c.d")]),
        ("a@b@c", [("@c", "a@b")]),
    ],
)
def test_addresses_are_read_where_they_begin(value: str, found: list[tuple[str, str]]) -> None:
    assert addresses.parsed(value) == found
