"""Big tables are filled bare; what makes them quick and safe comes back in one go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from recovery.bench import sql

CASES = ("complaints_complaint", "complaints_clock", "complaints_event")
_PROMISES = """
SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname),
       format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', conrelid::regclass, conname,
              pg_get_constraintdef(oid))
FROM pg_constraint WHERE contype = 'f' AND conrelid = ANY(%s::regclass[])
"""
# unique ones stay: rows come in their order
_INDEXES = """
SELECT format('DROP INDEX %%s', indexrelid::regclass), pg_get_indexdef(indexrelid)
FROM pg_index WHERE NOT indisunique AND indrelid = ANY(%s::regclass[])
"""


@contextmanager
def bare(tables: Sequence[str] = CASES) -> Iterator[None]:
    """Within, the tables have neither foreign keys nor indexes but the unique ones; afterwards
    all of them again, with statistics."""
    taken = [*sql.rows(_PROMISES, [[*tables]]), *sql.rows(_INDEXES, [[*tables]])]
    for drop, _make in taken:
        sql.run(drop)
    yield
    for _drop, make in reversed(taken):
        sql.run(make)
    for table in tables:
        sql.run(f"VACUUM (ANALYZE) {table}")
