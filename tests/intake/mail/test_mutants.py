"""Broken mails: each is read, none takes long, none ends the process that reads it."""

from __future__ import annotations

import os

import pytest

from intake.mail import cage
from tests.intake.mail.mutants import mutants
from tests.intake.mail.test_cage import work_of

#: MUTANTS=20000 for a long night.
COUNT = int(os.environ.get("MUTANTS", "2000"))
PARTS = 4


@pytest.mark.parametrize("part", range(PARTS))
def test_every_broken_mail_is_read_and_none_takes_two_seconds(part: int) -> None:
    reader = cage.Cage()
    slowest = 0.0
    try:
        reader.parse(b"")
        for raw in mutants(seed=part, count=COUNT // PARTS):
            before = work_of(reader)
            reader.parse(raw)  # raises nothing
            slowest = max(slowest, work_of(reader) - before)
    finally:
        reader.close()
    assert slowest < 2
