"""The policies of the second wall, as migrations write them.

Each question about the reader stands in a sub-select of its own, which PostgreSQL answers once for
a statement; asked for each row, they cost forty times as much.
"""

from __future__ import annotations


def _setting(name: str) -> str:
    return f"(SELECT current_setting('recovery.{name}', true))"


def _ids(name: str) -> str:
    # the outer cast does nothing but say that this is one array, not rows
    return f"(SELECT NULLIF(current_setting('recovery.{name}', true), '')::bigint[])::bigint[]"


HOUSE = f"{_setting('reach')} = 'house'"
ALL = f"{_setting('reach')} = 'all'"
PERSON = "(SELECT NULLIF(current_setting('recovery.person', true), '')::bigint)"
BRANCHES = _ids("branches")
PEOPLE = _ids("people")
HELD = _ids("held")


def build(table: str, sees: str) -> str:
    """The table shows and takes only rows for which `sees` holds; to its owner too."""
    return f"""
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
CREATE POLICY sight ON {table} USING ({sees});
"""


def tear_down(table: str) -> str:
    """The opposite."""
    return f"""
DROP POLICY sight ON {table};
ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;
ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;
"""


def of_case(table: str, case: str = "complaint_id") -> str:
    """What hangs on a case is seen by whoever sees the case."""
    return (
        f"{HOUSE} OR {table}.{case} = ANY({HELD})"
        f" OR EXISTS (SELECT FROM complaints_complaint AS kase WHERE kase.id = {table}.{case})"
    )


def of(table: str, column: str, other: str) -> str:
    """What hangs on a row of another walled table is seen by whoever sees that row."""
    return f"{HOUSE} OR EXISTS (SELECT FROM {other} AS above WHERE above.id = {table}.{column})"
