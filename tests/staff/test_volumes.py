"""Business volumes: entered, corrected, nothing forgotten."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from common.errors import NotAllowed, RuleBroken
from staff import volumes
from staff.models import Branch, BusinessVolume, Person
from staff.volumes import Entry
from tests.conftest import MONDAY, Cast

OCTOBER = date(2026, 10, 1)
DAY = timedelta(days=1)


def record(
    cast: Cast, *entries: tuple[Branch, int], days: int = 0, by: Person | None = None
) -> int:
    told = [Entry(branch.pk, OCTOBER, pieces) for branch, pieces in entries]
    return volumes.record(told, source="运营月报", by=by or cast.chen, at=MONDAY + days * DAY)


def test_a_correction_supersedes_and_the_same_again_changes_nothing(cast: Cast) -> None:
    assert record(cast, (cast.wuxi, 9600), (cast.suzhou, 0)) == 2
    assert record(cast, (cast.wuxi, 9600), (cast.suzhou, 8000), days=1) == 1
    assert record(cast, (cast.wuxi, 9600), (cast.suzhou, 8000), days=2) == 0
    rows = BusinessVolume.objects.filter(branch=cast.suzhou).order_by("pk")
    assert [(row.pieces, row.superseded_at) for row in rows] == [(0, MONDAY + DAY), (8000, None)]
    stood = volumes.standing([OCTOBER])
    assert {key[0]: row.pieces for key, row in stood.items()} == {
        cast.wuxi.pk: 9600, cast.suzhou.pk: 8000,
    }  # fmt: skip


@pytest.mark.parametrize("who", ["li", "wang", "root"])
def test_volumes_are_kept_by_quality_and_above(cast: Cast, who: str) -> None:
    with pytest.raises(NotAllowed):
        record(cast, (cast.wuxi, 1), by=getattr(cast, who))


@pytest.mark.parametrize(
    ("entry", "source", "code"),
    [
        ((OCTOBER, -1), "月报", "pieces.range"),
        ((OCTOBER, volumes.MOST + 1), "月报", "pieces.range"),
        ((date(2026, 12, 1), 1), "月报", "month.future"),
        ((OCTOBER, 1), " \u200b", "source.blank"),
    ],
)
def test_what_is_no_volume(cast: Cast, entry: tuple[date, int], source: str, code: str) -> None:
    with pytest.raises(RuleBroken) as caught:
        volumes.record([Entry(cast.wuxi.pk, *entry)], source=source, by=cast.chen, at=MONDAY)
    assert caught.value.code == code


def test_the_database_keeps_one_figure_standing_and_the_old_ones_as_they_were(cast: Cast) -> None:
    record(cast, (cast.wuxi, 1))
    row = BusinessVolume.objects.get()
    same = {"branch": cast.wuxi, "source": "x", "by": cast.chen, "at": MONDAY, "pieces": 2}
    with pytest.raises(IntegrityError, match="one_standing"), transaction.atomic():
        BusinessVolume.objects.create(**same, month=OCTOBER)
    with pytest.raises(IntegrityError, match="month_begins"), transaction.atomic():
        BusinessVolume.objects.create(**same, month=OCTOBER + DAY)
    with pytest.raises(IntegrityError, match="corrected by a new row"), transaction.atomic():
        BusinessVolume.objects.filter(pk=row.pk).update(pieces=3)
    with pytest.raises(IntegrityError, match="never deleted"), transaction.atomic():
        row.delete()
