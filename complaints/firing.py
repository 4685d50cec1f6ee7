"""Taking the due steps of many cases with one statement: escalations, events, messages and when
to look again. All of it in SQL, so that a hundred thousand steps after an outage take seconds.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext_noop

from common import walls
from complaints.ladder import ACKNOWLEDGE_WITHIN, FALLS_AWAY_SQL, MOMENT_SQL
from complaints.models import ClockKind, Complaint, PolicyStep
from complaints.rules import Action
from notify import digest
from notify.post import msgid
from staff.models import Role
from staff.posts import Roster
from staff.presence import Presence

_TEXTS = [
    gettext_noop("%(no)s 的%(clock)s时限将于 %(due)s 到期"),
    gettext_noop("%(no)s 的%(clock)s已超时（一级升级），应于 %(due)s 完成"),
    gettext_noop("%(no)s 的%(clock)s二级升级，应于 %(due)s 完成"),
    gettext_noop("%(no)s 的%(clock)s三级升级，应于 %(due)s 完成"),
]

# Sheets are owed by the branch ruled responsible, once there is one; all else by the owner's.
_BRANCH = f"""
CASE WHEN kind IN ('{ClockKind.SHEET.value}', '{ClockKind.RESUBMISSION.value}')
     THEN COALESCE(kase.responsible_branch_id, kase.owner_branch_id)
     ELSE kase.owner_branch_id END
"""

# Who owes a clock by name; the callback, and the sheet while nobody is ruled to write it, are owed
# by quality's post. Whoever is away is told all the same, and so is whoever acts for them: the
# deputy, else the supervisor's post of the branch.
_DEBTOR = f"""
CASE WHEN kind IN ('{ClockKind.APOLOGY.value}', '{ClockKind.RESULT.value}') THEN owner_id
     WHEN kind <> '{ClockKind.CALLBACK.value}' THEN rectifier_id END
"""

# rungs: every step of every clock to look at; come: those that have come and are not taken yet;
# due: the same with their recipients, and no step is dropped for want of them.
# A clock is looked at again when its next step comes, or when the level told last has waited for
# an acknowledgement long enough. Who gets more than a person reads in one window gets a digest,
# which the caller writes as the last thing before commit, since all sweeps share its rows.
# Planned each time: a plan that a connection keeps may come from when the tables were small.
# OFFSET 0 looks each case up by its key: unanalysed clocks look so few that a merge seems cheap,
# which then reads all cases up to the newest.
_FIRE = f"""
WITH roster AS MATERIALIZED (
    SELECT * FROM json_to_recordset(%(roster)s)
        AS given (roles text, branch_id bigint, without bigint[], people bigint[],
                  with_quality bigint[], post_id bigint)
),
away AS MATERIALIZED (
    SELECT * FROM json_to_recordset(%(away)s) AS given (person_id bigint, deputy_id bigint)
),
rungs AS MATERIALIZED (
    SELECT clock.id AS clock_id, clock.complaint_id, clock.kind, clock.round, clock.due_at,
           clock.level AS told_level, clock.rise_at,
           step.number, step.level, step.roles, step.tells_debtor, comes.at AS moment,
           step.number <> ALL(taken.numbers) AS is_open,
           LEAST(comes.at, CASE WHEN step.level = clock.level + 1 THEN clock.rise_at END) AS rang_at
    FROM complaints_clock AS clock
    CROSS JOIN LATERAL (
        SELECT COALESCE(array_agg(raised.step), '{{}}') FROM complaints_escalation AS raised
        WHERE raised.clock_id = clock.id) AS taken (numbers)
    LEFT JOIN complaints_policystep AS step
        ON step.clock_id = clock.policy_clock_id AND NOT {FALLS_AWAY_SQL}
    LEFT JOIN LATERAL (SELECT {MOMENT_SQL}) AS comes (at) ON step.id IS NOT NULL
    WHERE clock.id = ANY(ARRAY(SELECT unnest(%(clocks)s::bigint[])))
        AND clock.next_at <= %(until)s
),
come AS MATERIALIZED (
    SELECT rungs.*, {_BRANCH} AS branch_id,
           kase.no, kase.owner_id, kase.rectifier_id, kase.subject_ids
    FROM rungs
    CROSS JOIN LATERAL (SELECT * FROM complaints_complaint
                        WHERE id = rungs.complaint_id OFFSET 0) AS kase
    WHERE is_open AND rang_at <= %(until)s
),
due AS MATERIALIZED (
    SELECT come.*,
           CASE WHEN NOT tells_debtor THEN people
                WHEN debtor.id IS NULL THEN with_quality
                WHEN away.person_id IS NULL
                    THEN debtor.id || array_remove(people, debtor.id)
                ELSE array_remove(ARRAY[debtor.id, acting.id], NULL)
                    || array_remove(array_remove(people, debtor.id), acting.id) END AS told
    FROM come
    CROSS JOIN LATERAL (SELECT {_DEBTOR}) AS debtor (id)
    LEFT JOIN roster ON roster.roles = come.roles::text AND roster.branch_id = come.branch_id
        AND roster.without = CASE WHEN come.subject_ids <> '{{}}'
                                       AND come.subject_ids && %(holders)s::bigint[]
                                  THEN come.subject_ids ELSE '{{}}' END
    LEFT JOIN away ON away.person_id = debtor.id
    CROSS JOIN LATERAL (SELECT COALESCE(
        CASE WHEN away.deputy_id <> ALL(come.subject_ids) THEN away.deputy_id END,
        roster.post_id)) AS acting (id)
),
advanced AS (
    SELECT clock_id, next_moment,
           COALESCE(GREATEST(told_level, now_level), 0) AS level,
           CASE WHEN GREATEST(told_level, now_level) >= top THEN NULL
                WHEN now_level > told_level THEN %(rises_at)s
                WHEN rise_at > %(until)s THEN rise_at END AS rise_at
    FROM (SELECT clock_id, told_level, rise_at, max(level) AS top,
                 max(level) FILTER (WHERE rang_at <= %(until)s) AS now_level,
                 min(moment) FILTER (WHERE rang_at > %(until)s) AS next_moment
          FROM rungs GROUP BY clock_id, told_level, rise_at) AS summed
),
moved AS (
    UPDATE complaints_clock AS clock
    SET next_at = LEAST(advanced.next_moment, advanced.rise_at), level = advanced.level,
        rise_at = advanced.rise_at, failures = 0
    FROM advanced WHERE clock.id = advanced.clock_id
),
raised AS (
    INSERT INTO complaints_escalation
        (clock_id, complaint_id, step, level, roles, recipient_ids, rang_at, fired_at)
    SELECT clock_id, complaint_id, number, level, roles, told, rang_at, %(taken_at)s
    FROM due ORDER BY rang_at, clock_id, number
),
written AS (
    INSERT INTO complaints_event (complaint_id, kind, at, data)
    SELECT complaint_id,
           CASE WHEN level > 0 THEN '{Action.ESCALATE.value}' ELSE '{Action.WARN.value}' END,
           %(taken_at)s,
           jsonb_build_object(
               'clock', kind, 'round', round, 'level', level, 'told', told,
               'rang_at', to_char(rang_at AT TIME ZONE 'UTC',
                                  'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'))
    FROM due ORDER BY rang_at, clock_id, number
),
heard AS MATERIALIZED (
    SELECT clock_id, number, level, no, kind, due_at, rang_at, recipient_id
    FROM due CROSS JOIN unnest(told) AS recipient_id
),
crowded AS MATERIALIZED (
    SELECT recipient_id FROM heard GROUP BY recipient_id
    HAVING count(*) + (SELECT COALESCE(sum(GREATEST(folded, 1)), 0) FROM (
        SELECT folded FROM notify_message AS recent
        WHERE recent.recipient_id = heard.recipient_id AND recent.created_at >= %(window)s
            AND (recent.folded > 0 OR recent.key LIKE 'clock:%%')
        LIMIT %(few)s + 1) AS told_already) > %(few)s
),
posted AS (
    INSERT INTO notify_message (key, recipient_id, text, params, url, urgent, created_at)
    SELECT 'clock:' || clock_id || ':' || number, recipient_id, (%(texts)s::text[])[level + 1],
           jsonb_build_object(
               'no', no, 'clock', %(labels)s::jsonb ->> kind,
               'due', to_char(due_at AT TIME ZONE %(zone)s, 'MM-DD HH24:MI')),
           '/complaints/' || no || '/', level > 0, %(taken_at)s
    FROM heard WHERE NOT EXISTS (
        SELECT FROM crowded WHERE crowded.recipient_id = heard.recipient_id)
    ORDER BY rang_at, clock_id, number
    ON CONFLICT DO NOTHING
)
SELECT (SELECT count(*) FROM due),
       (SELECT COALESCE(jsonb_agg(jsonb_build_array(recipient_id, urgent, folded)), '[]')
        FROM (SELECT recipient_id, level > 0 AS urgent, count(*) AS folded
              FROM heard JOIN crowded USING (recipient_id) GROUP BY 1, 2) AS sums)
"""  # noqa: S608  (our own words; values are parameters)

Wanted = Sequence[Sequence[str]]


class Case(NamedTuple):
    """A locked case: the policy it was received under, the branches that may answer for it, and
    the people it is about, who are told nothing."""

    id: int
    policy_id: int
    owner_branch_id: int
    responsible_branch_id: int | None
    subject_ids: Sequence[int]

    @property
    def branches(self) -> set[int]:
        """Those that may answer for it."""
        return {self.owner_branch_id, self.responsible_branch_id or self.owner_branch_id}

    @classmethod
    def of(cls, complaint: Complaint) -> Case:
        """That of a locked row."""
        return cls(*(getattr(complaint, name) for name in cls._fields))


def fire(
    clock_ids: Sequence[int],
    cases: Sequence[Case],
    *,
    until: datetime,
    taken_at: datetime | None = None,
) -> int:
    """Take the steps of these clocks of these cases that have come by `until`, written as of
    `taken_at` (usually `until`), in the caller's transaction, which must hold the locks of the
    cases. The number of steps taken. Recipients are read now, under the lock."""
    if not clock_ids:
        return 0
    at = taken_at or until
    presence, wanted = Presence(at), _wanted(cases)
    roster = Roster(
        away=presence.away,
        roles={role for roles in wanted for role in roles},
        branches={branch for case in cases for branch in case.branches},
    )
    with walls.lifted(), connection.cursor() as cursor:
        cursor.execute(
            _FIRE,
            {
                "clocks": _array(clock_ids),
                "roster": json.dumps(list(_posts(cases, roster, wanted))),
                "holders": _array(roster.everybody),
                "away": json.dumps(_away(presence)),
                "until": until,
                "taken_at": at,
                "rises_at": at + ACKNOWLEDGE_WITHIN,
                "texts": _TEXTS,
                "labels": json.dumps(_labels()),
                "zone": settings.TIME_ZONE,
                "window": digest.window(at),
                "few": digest.FEW,
            },
        )
        taken, crowded = cursor.fetchone()
        digest.fold([digest.Fold(*fold) for fold in json.loads(crowded)], at=at)
    return int(taken)


def _posts(cases: Sequence[Case], roster: Roster, wanted: Wanted) -> Iterator[dict[str, Any]]:
    """Who holds each set of roles for each of the cases' branches; also with quality before them,
    who owe the callback, and the sheet while nobody is ruled to write it; and who acts there for
    somebody away without a deputy. Complaints about people without a post are as all others."""
    asked = {
        (branch, () if roster.everybody.isdisjoint(case.subject_ids) else tuple(case.subject_ids))
        for case in cases
        for branch in case.branches
    }
    for branch, subjects in asked:
        yield from _answers(roster, branch, subjects, wanted)


def _wanted(cases: Sequence[Case]) -> Wanted:
    """Each set of roles that a step of the cases' policies tells."""
    policies = {case.policy_id for case in cases}
    steps = PolicyStep.objects.filter(clock__policy__in=policies).order_by()
    return list(steps.values_list("roles", flat=True).distinct())


def _answers(
    roster: Roster, branch: int, subjects: Sequence[int], wanted: Wanted
) -> Iterator[dict[str, Any]]:
    """A row for each set of roles, as the branch has them for a case about these people."""
    without = frozenset(subjects)
    post = roster.first(Role.SUPERVISOR, branch, without=without)
    quality = roster.holders(Role.QUALITY.value, branch, without=without)
    for roles in wanted:
        people = roster.holders_of_any(roles, branch, without=without)
        yield {
            "roles": _array(roles),
            "branch_id": branch,
            "without": _array(subjects),
            "people": people,
            "with_quality": list(dict.fromkeys([*quality, *people])),
            "post_id": post,
        }


def _away(presence: Presence) -> list[dict[str, int | None]]:
    """Everybody who is away, with who acts for them, if it is a deputy."""
    return [{"person_id": pk, "deputy_id": presence.deputy_of(pk)} for pk in presence.away]


def _labels() -> dict[str, str]:
    return {kind.value: msgid(partial(str, kind.label)) for kind in ClockKind}


def _array(items: Iterable[object]) -> str:
    """The items as PostgreSQL writes an array: one literal is read much sooner than thousands."""
    return "{" + ",".join(map(str, items)) + "}"
