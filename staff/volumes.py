"""How much business each branch did in a month: entered, corrected, never forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from common import text
from common.errors import NotAllowed, RuleBroken
from staff.models import BusinessVolume, Person, Role

#: Who keeps the volumes; the administrator enters no figure.
KEEPERS = (Role.QUALITY, Role.DIRECTOR, Role.GENERAL_MANAGER)
#: Who may look at them.
READERS = (Role.SUPERVISOR, *KEEPERS)
#: More pieces in a month than any firm has.
MOST = 10**10


@dataclass(frozen=True)
class Entry:
    """`pieces` (单) that a branch handled in the month that begins on `month`."""

    branch_id: int
    month: date
    pieces: int


@transaction.atomic
def record(entries: Sequence[Entry], *, source: str, by: Person, at: datetime) -> int:
    """Keep these figures; those that differ from what stood supersede it. How many were written.
    Raises RuleBroken `source.blank`, `pieces.range`, `month.future`, `text.*`; NotAllowed."""
    if by.role not in KEEPERS or not by.is_active:
        raise NotAllowed("not_allowed", _("只有品质管理员及以上可以录入业务量。"))
    source = text.clean(source, limit=200, field="source")
    if text.is_blank(source):
        raise RuleBroken("source.blank", _("请写明数据来源。"), field="source")
    for entry in entries:
        check(entry, at)
    stood = standing(sorted({entry.month for entry in entries}), lock=True)
    new = [each for each in entries if _pieces(stood, each) != each.pieces]
    old = [stood[each.branch_id, each.month].pk for each in new if _key(each) in stood]
    BusinessVolume.objects.filter(pk__in=old).update(superseded_at=at)
    BusinessVolume.objects.bulk_create(
        BusinessVolume(
            branch_id=each.branch_id,
            month=each.month,
            pieces=each.pieces,
            source=source,
            by=by,
            at=at,
        )
        for each in new
    )
    return len(new)


def check(entry: Entry, at: datetime) -> None:
    """Raises RuleBroken `pieces.range`, `month.future`."""
    if not 0 <= entry.pieces <= MOST:
        raise RuleBroken("pieces.range", _("业务量须在 0 到 100 亿单之间。"), field="pieces")
    if entry.month > at.date():
        raise RuleBroken("month.future", _("这个月还没有到。"), field="month")


def standing(
    months: Sequence[date], *, lock: bool = False
) -> dict[tuple[int, date], BusinessVolume]:
    """What holds for these months, by branch and month."""
    found = BusinessVolume.objects.filter(month__in=months, superseded_at=None).order_by("pk")
    if lock:
        found = found.select_for_update(of=("self",))
    return {(each.branch_id, each.month): each for each in found}


def _key(entry: Entry) -> tuple[int, date]:
    return (entry.branch_id, entry.month)


def _pieces(stood: dict[tuple[int, date], BusinessVolume], entry: Entry) -> int | None:
    found = stood.get(_key(entry))
    return found.pieces if found else None
