"""Triggers in the house's database by which writing is slow, or fails, when the faults say so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from recovery.faults import ask

#: The tables that taking a step writes, and how.
WRITTEN = {
    "complaints_clock": "UPDATE",
    "complaints_escalation": "INSERT",
    "complaints_event": "INSERT",
    "notify_message": "INSERT",
}

# What is set stands in a row, so that setting it needs no lock on a table that others write.
_TRAPS = """
CREATE TABLE faults_traps (slow_table text, seconds double precision, poisoned bigint);
INSERT INTO faults_traps VALUES (NULL, 0, NULL);
CREATE FUNCTION faults_slow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_sleep(seconds) FROM faults_traps WHERE slow_table = TG_TABLE_NAME;
    RETURN NULL;
END $$;
CREATE FUNCTION faults_poison() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM faults_traps WHERE poisoned = NEW.complaint_id) THEN
        RAISE EXCEPTION 'this case can not be written';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER faults_poison BEFORE INSERT ON complaints_event
    FOR EACH ROW EXECUTE FUNCTION faults_poison();
"""
_SLOW = """
CREATE TRIGGER faults_slow BEFORE {deed} ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION faults_slow();
"""
_CAUGHT = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"


def plant() -> None:
    """Put the traps in place, unset."""
    ask.run(_TRAPS)
    for table, deed in WRITTEN.items():
        ask.run(_SLOW.format(table=table, deed=deed))


@contextmanager
def slow(table: str, *, seconds: float) -> Iterator[None]:
    """Inside the block a statement that writes this table stops so long before it does."""
    ask.rows("UPDATE faults_traps SET slow_table = %s, seconds = %s", [table, seconds])
    try:
        yield
    finally:
        ask.run("UPDATE faults_traps SET slow_table = NULL")


def is_caught() -> bool:
    """Whether somebody is held up by a trap now."""
    return int(ask.value(_CAUGHT)) > 0


def poison(case: int | None) -> None:
    """From now on no event of this case can be written; None: every case is well."""
    ask.rows("UPDATE faults_traps SET poisoned = %s", [case])
