"""Mails with something wrong in them: the corpus, broken in ways that a seed decides."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

from tests.shared import DATA

LETTERS = sorted((DATA / "mail_cases" / "eml").glob("*.eml"))
_NASTY = (
    b"\x00", b"\xff\xfe", b"=?utf-7?B?", b"=?gb2312?B?xOO6", b"?=", b"\r", b"\n\n", b"<", b">",
    b'"', b";", b"(", b"--", b"=\n", b"\xc4\xe3", b"\x1b$B", b"; charset=unknown-8bit",
    b"Content-Transfer-Encoding: base64\n", b"Content-Type: multipart/mixed; boundary=\n",
    b"charset*0*=gb2312''%C4%E3", b"<div>" * 300, b"&#xD800;", b"Content-Type: message/rfc822\n",
)  # fmt: skip


def mutants(seed: int, count: int) -> Iterator[bytes]:
    """`count` broken mails, the same for the same seed."""
    chance = Random(seed)
    raws = [path.read_bytes() for path in LETTERS]
    for _ in range(count):
        raw = chance.choice(raws)
        for _ in range(chance.randint(1, 8)):
            raw = chance.choice(_WAYS)(raw, chance, raws)
        yield raw[:200_000]


def _spot(raw: bytes, chance: Random) -> int:
    """Rather in the head, where the meaning is."""
    return chance.randint(0, min(len(raw), chance.choice((200, 2000, len(raw)))))


def _flip(raw: bytes, chance: Random, raws: list[bytes]) -> bytes:
    at = _spot(raw, chance)
    return raw[:at] + bytes([chance.randint(0, 255)]) + raw[at + 1 :]


def _cut(raw: bytes, chance: Random, raws: list[bytes]) -> bytes:
    at = _spot(raw, chance)
    return raw[:at] + raw[at + chance.randint(1, 300) :]


def _end(raw: bytes, chance: Random, raws: list[bytes]) -> bytes:
    return raw[: _spot(raw, chance) + 20]


def _twice(raw: bytes, chance: Random, raws: list[bytes]) -> bytes:
    at, length = _spot(raw, chance), chance.randint(1, 300)
    return raw[: at + length] + raw[at:]


def _insert(raw: bytes, chance: Random, raws: list[bytes]) -> bytes:
    at = _spot(raw, chance)
    return raw[:at] + chance.choice(_NASTY) + raw[at:]


def _splice(raw: bytes, chance: Random, raws: list[bytes]) -> bytes:
    other = chance.choice(raws)
    return raw[: _spot(raw, chance)] + other[_spot(other, chance) :]


def _shuffle(raw: bytes, chance: Random, raws: list[bytes]) -> bytes:
    lines = raw.split(b"\n")
    one, other = chance.randrange(len(lines)), chance.randrange(min(len(lines), 30))
    lines[one], lines[other] = lines[other], lines[one]
    return b"\n".join(lines)


_WAYS: tuple[Callable[[bytes, Random, list[bytes]], bytes], ...] = (
    _flip, _flip, _cut, _end, _twice, _insert, _insert, _splice, _shuffle,
)  # fmt: skip
