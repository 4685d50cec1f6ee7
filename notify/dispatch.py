"""Hands messages to the ways out of their recipients; sends nothing itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils.timezone import get_default_timezone
from django.utils.translation import gettext_noop

from notify.selectors import available

#: More messages than this for one person at once leave as one.
CROWD = 20
CATCH_UP_TEXT = gettext_noop("您有 %(count)s 条新消息，请到“消息”里查看")

#: Who hears by what: their choice, or mail where they have made none.
_REACH = """
    SELECT person.id AS person_id, outlet.id AS outlet_id,
           preference.quiet_from, preference.quiet_until
    FROM staff_person person
    JOIN notify_outlet outlet ON outlet.id = ANY(%(outlets)s)
    LEFT JOIN notify_preference preference ON preference.person_id = person.id
    WHERE person.is_active
      AND CASE outlet.kind
          WHEN 'mail' THEN person.email <> '' WHEN 'sms' THEN person.phone <> '' ELSE TRUE END
      AND CASE WHEN preference.id IS NULL THEN outlet.kind = 'mail'
          ELSE EXISTS (
              SELECT FROM notify_preference_outlets chosen
              WHERE chosen.preference_id = preference.id AND chosen.outlet_id = outlet.id
          ) END
"""

_WAITS = """
    message.dispatched_at IS NULL
    AND (message.hold_until IS NULL OR message.hold_until <= %(at)s)
"""

# The end of the quiet hours that lie around `at`; `at` itself outside them and for what is urgent.
_LEAVES_AT = """
    CASE WHEN NOT batch.urgent AND CASE
        WHEN quiet_from < quiet_until
        THEN %(clock)s >= quiet_from AND %(clock)s < quiet_until
        ELSE %(clock)s >= quiet_from OR %(clock)s < quiet_until
    END
    THEN (%(day)s + (quiet_until <= %(clock)s)::int + quiet_until) AT TIME ZONE %(zone)s
    ELSE %(at)s END
"""

_DISPATCH = f"""
WITH batch AS MATERIALIZED (
    SELECT message.id, message.recipient_id, message.urgent, message.created_at
    FROM notify_message message
    WHERE {_WAITS}
    ORDER BY message.created_at, message.id
    LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
),
handed AS (
    INSERT INTO notify_delivery (message_id, outlet_id, urgent, created_at, available_at)
    SELECT batch.id, reach.outlet_id, batch.urgent, %(at)s, {_LEAVES_AT}
    FROM batch JOIN ({_REACH}) reach ON reach.person_id = batch.recipient_id
    ORDER BY batch.created_at, batch.id
    ON CONFLICT (message_id, outlet_id) DO NOTHING
)
UPDATE notify_message SET dispatched_at = %(at)s WHERE id IN (SELECT id FROM batch)
"""  # noqa: S608  (our own words; values are parameters)

_FOLD = f"""
WITH crowd AS MATERIALIZED (
    SELECT message.recipient_id, message.urgent
    FROM notify_message message
    WHERE {_WAITS} AND message.folded = 0
      AND message.recipient_id IN (SELECT reach.person_id FROM ({_REACH}) reach)
    GROUP BY message.recipient_id, message.urgent
    HAVING count(*) > %(crowd)s
),
waiting AS MATERIALIZED (
    SELECT message.id, message.recipient_id, message.urgent
    FROM notify_message message
    JOIN crowd USING (recipient_id, urgent)
    WHERE {_WAITS} AND message.folded = 0
    FOR UPDATE OF message SKIP LOCKED
),
together AS (
    INSERT INTO notify_message AS stands
        (key, recipient_id, text, params, url, urgent, folded, created_at, hold_until, read_at)
    SELECT 'catch-up:' || CASE WHEN urgent THEN 'urgent' ELSE 'calm' END || ':' || %(minute)s,
           recipient_id, %(text)s, jsonb_build_object('count', count(*)::text),
           '/messages/?unread=1', urgent, count(*), %(at)s, %(minute_ends)s, %(at)s
    FROM waiting
    GROUP BY recipient_id, urgent
    ORDER BY recipient_id, urgent
    ON CONFLICT (key, recipient_id) DO UPDATE
    SET folded = stands.folded + excluded.folded,
        params = jsonb_build_object('count', (stands.folded + excluded.folded)::text)
    WHERE stands.dispatched_at IS NULL
    RETURNING recipient_id, urgent
)
UPDATE notify_message SET dispatched_at = %(at)s
FROM waiting JOIN together USING (recipient_id, urgent)
WHERE notify_message.id = waiting.id
"""  # noqa: S608  (the same)


def dispatch(*, at: datetime, limit: int) -> int:
    """Make the deliveries of the oldest messages that wait; how many messages were handed on.
    Two dispatchers share the work. Someone whom nothing reaches has the inbox."""
    local = at.astimezone(get_default_timezone())
    return _run(
        _DISPATCH,
        at=at,
        limit=limit,
        outlets=[outlet.pk for outlet in available()],
        day=local.date(),
        clock=local.time(),
        zone=settings.TIME_ZONE,
    )


def fold(*, at: datetime) -> int:
    """Let one message stand, outside, for each crowd of them that waits for one person; it
    leaves when the minute is over, and the inbox keeps them all. How many it stands for."""
    minute = at.astimezone(UTC).replace(second=0, microsecond=0)
    return _run(
        _FOLD,
        at=at,
        crowd=CROWD,
        outlets=[outlet.pk for outlet in available()],
        text=CATCH_UP_TEXT,
        minute=int(minute.timestamp()),
        minute_ends=minute + timedelta(minutes=1),
    )


def _run(statement: str, **values: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)
