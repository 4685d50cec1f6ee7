"""The state before a run: kept once, brought back before the next, outside of what is timed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from recovery.bench import sql

WRITTEN = ("complaints_escalation", "complaints_event", "notify_message")

_KEEP = """
DROP TABLE IF EXISTS bench_kept;
CREATE TABLE bench_kept AS
SELECT id, next_at, level, rise_at, failures FROM complaints_clock WHERE next_at <= %(horizon)s
"""
_BRING_BACK = """
UPDATE complaints_clock AS clock
SET next_at = kept.next_at, level = kept.level, rise_at = kept.rise_at, failures = kept.failures
FROM bench_kept AS kept WHERE kept.id = clock.id
    AND (clock.next_at, clock.level) IS DISTINCT FROM (kept.next_at, kept.level)
"""


@dataclass(frozen=True)
class State:
    """How far each table was written; rows after that belong to the run."""

    escalation: int
    event: int
    message: int

    def bring_back(self) -> None:
        """Undo the run and leave no dead rows behind."""
        self.undo()
        for table in ("complaints_clock", *WRITTEN):
            sql.run(f"VACUUM (INDEX_CLEANUP ON) {table}")

    @transaction.atomic
    def undo(self) -> None:
        """The rows of the run are gone, its clocks ring again."""
        sql.run("ALTER TABLE complaints_event DISABLE TRIGGER USER")
        for table, mark in zip(WRITTEN, self._marks, strict=True):
            sql.run(f"DELETE FROM {table} WHERE id > %s", [mark])
        sql.run(_BRING_BACK)
        sql.run("SET CONSTRAINTS ALL IMMEDIATE")
        sql.run("ALTER TABLE complaints_event ENABLE TRIGGER USER")

    @property
    def _marks(self) -> tuple[int, int, int]:
        return self.escalation, self.event, self.message


def keep(horizon: datetime) -> State:
    """The state now, with the clocks that ring by the horizon."""
    sql.run(_KEEP, {"horizon": horizon})
    sql.run("ANALYZE bench_kept")
    return mark()


def mark() -> State:
    """How far the tables are written now."""
    escalation, event, message = (
        sql.value(f"SELECT COALESCE(max(id), 0) FROM {table}") for table in WRITTEN
    )
    return State(escalation, event, message)
