"""Keeping the copy of the cases' words that is searched: after the commit, in batches."""

from __future__ import annotations

from django.db import connection, transaction

#: Cases that one transaction copies.
BATCH = 500
#: Batches after which whoever copies looks after other things again.
ROUNDS = 40
#: Whoever copies holds this lock of the database, so that no older copy replaces a newer one.
_LOCK = 0x5EA4C4

# The copy refers to the case; one that somebody holds is left for the next time, since whoever
# waits for it would keep the rest of the batch from everybody else.
_COPY = """
WITH free AS MATERIALIZED (
    SELECT due.id
    FROM complaints_searchdue AS due JOIN complaints_complaint AS kase ON kase.id = due.case_id
    ORDER BY due.id LIMIT %s
    FOR KEY SHARE OF kase SKIP LOCKED
),
due AS (
    DELETE FROM complaints_searchdue WHERE id IN (SELECT id FROM free) RETURNING case_id
),
read AS MATERIALIZED (
    SELECT kase.id, left(complaints_fold(complainant_name), 200) AS name,
           complaints_words(order_no, what, remedy_sought, (
               SELECT string_agg(said, E'\\n' ORDER BY id) FROM complaints_statement AS statement
               WHERE statement.complaint_id = kase.id)) AS words
    FROM complaints_complaint AS kase WHERE kase.id IN (SELECT case_id FROM due)
),
texts AS (
    INSERT INTO complaints_searchtext (complaint_id, name, words)
    SELECT id, name, words FROM read
    ON CONFLICT (complaint_id) DO UPDATE SET name = EXCLUDED.name, words = EXCLUDED.words
),
grams AS (
    INSERT INTO complaints_searchgrams (case_id, grams)
    SELECT id, complaints_grams(words) FROM read
    ON CONFLICT (case_id) DO UPDATE SET grams = EXCLUDED.grams
)
SELECT count(*) FROM due
"""


def catch_up() -> int:
    """Copy what is due, or much of it; the number of changes taken. Any number may run at once:
    one works, the others go on. The caller sees the house."""
    taken = 0
    for _round in range(ROUNDS):
        changes = _copy_batch()
        taken += changes
        if changes < BATCH:
            break
    return taken


@transaction.atomic
def _copy_batch() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute(_COPY, [BATCH])
        return int(cursor.fetchone()[0])
