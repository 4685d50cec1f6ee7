"""Many notes at once become one: a digest for each person and window of time."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection

from common import endings
from notify.post import DIGEST_TEXT

#: So many single rings a person gets in one window; what comes beyond them is one digest.
FEW = 20
WINDOW = timedelta(minutes=10)
#: A digest leaves by outside channels so long after its first note.
GATHERING = timedelta(seconds=60)

_FOLD = """
INSERT INTO notify_message
    (key, recipient_id, text, params, url, urgent, created_at, hold_until, folded)
SELECT 'digest:' || CASE WHEN urgent THEN 'urgent' ELSE 'calm' END || ':' || %(window)s,
       recipient_id, %(text)s, jsonb_build_object('count', notes::text), '/escalations/', urgent,
       %(at)s, %(leaves)s, notes
FROM unnest(%(people)s::bigint[], %(urgent)s::boolean[], %(notes)s::int[])
    AS given (recipient_id, urgent, notes)
ORDER BY recipient_id, urgent
ON CONFLICT (key, recipient_id) DO UPDATE
SET folded = notify_message.folded + EXCLUDED.folded, read_at = NULL,
    params = jsonb_build_object('count', (notify_message.folded + EXCLUDED.folded)::text)
"""


@dataclass(frozen=True)
class Fold:
    """So many notes for one person that are not told one by one."""

    recipient_id: int
    urgent: bool
    notes: int


def window(at: datetime) -> datetime:
    """The start of the window of time that `at` lies in."""
    seconds = int(WINDOW.total_seconds())
    return datetime.fromtimestamp(int(at.timestamp()) // seconds * seconds, UTC)


def fold(folds: Sequence[Fold], *, at: datetime) -> None:
    """Add these notes to their people's digests of the present window, with one statement.
    Writers of the same digest wait for each other until they commit: a request does it at its
    end (`common/endings.py`), everybody else calls it last."""
    endings.last(_write, [(at, each) for each in folds])


def _write(noted: Sequence[tuple[datetime, Fold]]) -> None:
    sums: dict[datetime, Counter[tuple[int, bool]]] = defaultdict(Counter)
    for at, each in noted:
        sums[at][each.recipient_id, each.urgent] += each.notes
    with connection.cursor() as cursor:
        for at, notes in sorted(sums.items()):
            cursor.execute(
                _FOLD,
                {
                    "window": int(window(at).timestamp()),
                    "text": DIGEST_TEXT,
                    "at": at,
                    "leaves": at + GATHERING,
                    "people": [recipient for recipient, _urgent in notes],
                    "urgent": [urgent for _recipient, urgent in notes],
                    "notes": list(notes.values()),
                },
            )
