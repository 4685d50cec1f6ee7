"""Roles of the database besides the owner of the tables: one for the web, one for jobs.

The owner alone changes tables, policies and triggers. Neither role deletes what hangs on a case,
rewrites the story, or gets around row-level security.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from django.db import connection, transaction
from psycopg2 import sql

from common.walls import walled_tables

WEB, JOB = "recovery_web", "recovery_job"
#: Working papers behind the wall: whoever has written them throws them away.
_PAPERS = {"complaints_draft", "intake_importrow"}
#: Two migrations at once make the roles one after the other.
_LOCK = 4_201_607


@transaction.atomic
def settle(passwords: Mapping[str, str]) -> None:
    """Make the roles named, or give them these passwords, and let them do their work on the
    tables as they are now. Run it again after each migration. Needs the right to make roles."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        cursor.execute("SELECT rolname FROM pg_roles")
        known = {name for (name,) in cursor.fetchall()}
        for role, password in passwords.items():
            verb = "ALTER" if role in known else "CREATE"
            words = sql.SQL(f"{verb} ROLE {{}} LOGIN PASSWORD {{}}")
            cursor.execute(words.format(sql.Identifier(role), sql.Literal(password)))
            for grant in _grants():
                cursor.execute(grant.format(role=sql.Identifier(role)))


def _grants() -> Iterator[sql.SQL]:
    yield sql.SQL("GRANT USAGE ON SCHEMA public TO {role}")
    yield sql.SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}")
    yield sql.SQL("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}")
    yield sql.SQL("REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {role}")
    yield sql.SQL("REVOKE UPDATE ON complaints_event FROM {role}")
    for table in sorted(set(walled_tables()) - _PAPERS):
        yield sql.SQL(f"REVOKE DELETE ON {table} FROM {{role}}")
