"""What a way in is to the hostile tests, and how it says what became of words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from complaints.models import Complaint
from tests.conftest import Cast, Register
from tests.hostile.words import Outcome, Refused, Stored

PHONE = "13800138000"
#: The same reason by another name: a form asks for what is missing, a talk says what is blank.
_ALIKE = {"required": "what.blank", "said.blank": "what.blank", "blank": "what.blank"}


@dataclass(frozen=True)
class Desk:
    """What a channel needs: the cast, a folder, and a case that is open."""

    cast: Cast
    folder: Path
    register: Register


Send = Callable[[Desk, Sequence[str], str], list[Outcome]]


@dataclass(frozen=True)
class Way:
    """One channel. `carries`: what it can transport at all; `cuts`: what is too long is kept in
    part; `besides`: so many rows it makes of its own for all the words together; `commits`: it
    works by a connection of its own, which sees what is committed alone."""

    send: Send
    carries: Callable[[str], bool] = lambda words: True
    fields: tuple[str, ...] = ("what", "name")
    cuts: bool = False
    besides: int = 0
    commits: bool = False


def refused(code: str) -> Refused:
    """Not taken, for this reason by its usual name."""
    return Refused(_ALIKE.get(code, code))


def stored(case: Complaint, field: str) -> Stored:
    """What the case holds of it."""
    return Stored(case.what if field == "what" else case.complainant_name)


def in_utf_8(words: str) -> bool:
    """Half a surrogate is no letter in UTF-8."""
    return not any("\ud800" <= each <= "\udfff" for each in words)
