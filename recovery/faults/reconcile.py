"""Counting what was lost and what came twice: rows against journal and receipts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from recovery.faults import ask

#: Every step that has come by now and whose clock ran at that moment. A clock that rises is told
#: to level 2 at its start; of an apology's the lower steps then fall away.
_RUNGS = """
    SELECT clock.id AS clock, clock.complaint_id, step.number AS step, rung.at
    FROM complaints_clock clock
    JOIN complaints_policystep step ON step.clock_id = clock.policy_clock_id,
    LATERAL (SELECT CASE WHEN clock.rises AND step.level = 2 THEN clock.started_at
                         ELSE clock.due_at + step.offset_minutes * interval '1 minute' END AS at,
                    clock.rises AND clock.kind = 'apology' AND step.level < 2 AS falls_away
    ) AS rung
    WHERE rung.at <= %(until)s AND NOT rung.falls_away
      AND rung.at < coalesce(clock.met_at, clock.voided_at, 'infinity')
"""
_MISSED = f"""
    SELECT count(*) FROM ({_RUNGS}) AS rung
    WHERE NOT EXISTS (SELECT FROM complaints_escalation
                      WHERE clock_id = rung.clock AND step = rung.step)
      AND NOT rung.complaint_id = ANY(%(but)s)
"""
_STEPS_TWICE = """
    SELECT (SELECT coalesce(sum(n - 1), 0) FROM (SELECT count(*) AS n FROM complaints_escalation
            GROUP BY clock_id, step) AS steps)
         + (SELECT coalesce(sum(n - 1), 0) FROM (SELECT count(*) AS n FROM complaints_escalation
            WHERE level > 0 GROUP BY clock_id, level) AS levels)
"""
#: What was told of a step and to whom, less what has a message of its own.
_UNTOLD = """
    WITH owed AS (
        SELECT recipient, count(*) AS steps
        FROM complaints_escalation esc, unnest(esc.recipient_ids) AS recipient
        WHERE NOT EXISTS (SELECT FROM notify_message
                          WHERE key = 'clock:' || esc.clock_id || ':' || esc.step
                            AND recipient_id = recipient)
        GROUP BY recipient
    ), folded AS (
        SELECT recipient_id, sum(folded) AS steps FROM notify_message
        WHERE key LIKE 'digest:%%' GROUP BY recipient_id
    )
    SELECT coalesce(sum(abs(coalesce(owed.steps, 0) - coalesce(folded.steps, 0))), 0)
    FROM owed FULL JOIN folded ON folded.recipient_id = owed.recipient
"""
_MESSAGES_TWICE = """
    SELECT coalesce(sum(n - 1), 0) FROM (
        SELECT count(*) AS n FROM notify_message GROUP BY key, recipient_id) AS messages
"""
_CASES_TWICE = """
    SELECT coalesce(sum(n - 1), 0) FROM (
        SELECT count(*) AS n FROM complaints_complaint WHERE order_no LIKE 'clerk%%'
        GROUP BY order_no) AS cases
"""
_CASES = "SELECT order_no, no FROM complaints_complaint WHERE order_no LIKE 'clerk%%'"
#: A step is an escalation, an event and messages, or nothing of it.
_TORN = """
    SELECT coalesce(sum(abs(coalesce(steps.n, 0) - coalesce(told.n, 0))), 0)
    FROM (SELECT complaint_id, count(*) AS n FROM complaints_escalation GROUP BY 1) AS steps
    FULL JOIN (SELECT complaint_id, count(*) AS n FROM complaints_event
               WHERE kind IN ('warn', 'escalate') GROUP BY 1) AS told USING (complaint_id)
"""
_SENT = """
    SELECT CASE outlet.kind WHEN 'mail' THEN 'mail' ELSE 'webhook' END, 'message-' || message_id
    FROM notify_delivery delivery JOIN notify_outlet outlet ON outlet.id = delivery.outlet_id
    WHERE delivery.state = 'sent'
"""
#: What was to leave since a moment, by which way, and from when on it might.
_TO_LEAVE = """
    SELECT CASE outlet.kind WHEN 'mail' THEN 'mail' ELSE 'webhook' END, 'message-' || message.id,
           extract(epoch FROM coalesce(message.hold_until, message.created_at))
    FROM notify_delivery delivery JOIN notify_outlet outlet ON outlet.id = delivery.outlet_id
    JOIN notify_message message ON message.id = delivery.message_id
    WHERE message.created_at >= %s
"""
_GIVEN_UP = "SELECT count(*) FROM notify_delivery WHERE state = 'given_up'"
_WAITING = """
    SELECT (SELECT count(*) FROM notify_message
            WHERE dispatched_at IS NULL AND coalesce(hold_until, created_at) <= %(until)s)
         + (SELECT count(*) FROM notify_delivery delivery
            JOIN notify_message message ON message.id = delivery.message_id
            WHERE delivery.state = 'pending'
              AND coalesce(message.hold_until, message.created_at) <= %(until)s)
"""


@dataclass(frozen=True)
class Counts:
    """Nothing but zeros, save `repeats`: those are allowed, one for a killed deliverer."""

    lost_cases: int = 0
    missed_steps: int = 0
    untold: int = 0
    unsent: int = 0
    torn_steps: int = 0
    double_cases: int = 0
    double_steps: int = 0
    double_messages: int = 0
    repeats: int = 0

    @property
    def clean(self) -> bool:
        """Whether nothing is lost and nothing is double."""
        return not any(number for name, number in asdict(self).items() if name != "repeats")

    def since(self, before: Counts) -> Counts:
        """What has come about after `before` was counted."""
        earlier = asdict(before)
        return Counts(**{name: n - earlier[name] for name, n in asdict(self).items()})


Receipts = Callable[[], Mapping[tuple[str, str], int]]


def count(
    acknowledged: Mapping[str, set[str]],
    receipts: Receipts,
    *,
    until: datetime,
    but: Sequence[int] = (),
) -> Counts:
    """All losses and doubles there are; of steps those that have come by `until`, of all cases
    `but` these."""
    unsent, repeats = _outside(receipts)
    return Counts(
        lost_cases=lost_cases(acknowledged),
        missed_steps=missed_steps(until=until, but=but),
        untold=_number(_UNTOLD),
        unsent=unsent + _number(_GIVEN_UP),
        torn_steps=_number(_TORN),
        double_cases=_number(_CASES_TWICE) + sum(len(told) - 1 for told in acknowledged.values()),
        double_steps=_number(_STEPS_TWICE),
        double_messages=_number(_MESSAGES_TWICE),
        repeats=repeats,
    )


def lost_cases(acknowledged: Mapping[str, set[str]]) -> int:
    """Numbers that a client was told and that no case has, under the client's key."""
    there = set(ask.rows(_CASES))
    return sum((key, no) not in there for key, told in acknowledged.items() for no in told)


def missed_steps(*, until: datetime, but: Sequence[int] = ()) -> int:
    """Steps that had come by then and were not taken."""
    return _number(_MISSED, {"until": until, "but": list(but)})


def waiting(*, until: datetime) -> int:
    """Messages that could have gone out by then and have not gone yet."""
    return _number(_WAITING, {"until": until})


def delivery_times(since: datetime, first: Mapping[tuple[str, str], float]) -> list[float]:
    """Seconds that each message since then took until it was outside, by each way."""
    return [
        first[channel, id] - float(might)
        for channel, id, might in ask.rows(_TO_LEAVE, [since])
        if (channel, id) in first
    ]


def _outside(receipts: Receipts) -> tuple[int, int]:
    """Deliveries that count as sent and never arrived; arrivals beyond the first of an id."""
    sent = set(ask.rows(_SENT))
    arrived = receipts()  # asked last: what counts as sent has arrived before
    return len(sent - set(arrived)), sum(n - 1 for n in arrived.values())


def _number(query: str, values: Any = ()) -> int:
    return int(ask.value(query, values))
